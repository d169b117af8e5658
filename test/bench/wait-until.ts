import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is neither null nor false; the deadline of the benchmark ends it too. */
export async function waitUntil<T>(
	ask: () => T | Promise<T>,
	everyMs: number,
	signal: AbortSignal,
): Promise<Exclude<T, null | false>> {
	for (;;) {
		const answer = await ask();
		if (answer !== null && answer !== false) return answer as Exclude<T, null | false>;
		await sleep(everyMs, undefined, { signal });
	}
}
