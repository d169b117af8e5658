/**
 * Turns of the event loop. Long work on the main thread is cut into slices of a few milliseconds, and each slice asks for a
 * turn first. One slice runs between two looks at the sockets, whoever's it is, so that a small request waits for one
 * slice and not for all that others have begun. There is one event loop a thread, and so one row of who waits for it.
 */
const waiting: (() => void)[] = [];

/** Resolves when the caller may run one slice, in order of asking. */
export function loopTurn(): Promise<void> {
	return new Promise((resolve) => {
		if (waiting.push(resolve) === 1) setImmediate(next);
	});
}

/** Which of the items pass a test that takes long, so many a turn. */
export async function filterInTurns<T>(
	items: readonly T[],
	test: (item: T) => boolean,
	aTurn: number,
): Promise<T[]> {
	const passed: T[] = [];
	for (const [at, item] of items.entries()) {
		if (at % aTurn === 0) await loopTurn();
		if (test(item)) passed.push(item);
	}
	return passed;
}

function next(): void {
	waiting.shift()?.();
	// An immediate that is set in an immediate runs after the next look at the sockets.
	if (waiting.length > 0) setImmediate(next);
}
