import type { Clock } from '../ports/index.ts';

/**
 * A state as server-sent events: each time that it has changed, all of it. Whoever reads slowly is told fewer states and
 * never a queue of them: the next look is only taken when the event before has left.
 */
export const lookEveryMs = 1_000;
/** So that whoever is between sees that the connection lives. */
const heartbeatMs = 15_000;
/** A key that was taken away sees nothing after it: the next stream asks for the key again. */
export const longestMs = 600_000;

interface Watching {
	readonly look: () => Promise<object>;
	readonly clock: Clock;
	/** Aborted when the viewer hangs up, and when the process ends. */
	readonly gone: AbortSignal;
}

/** Ends when nobody listens any more, after its longest time, and where a look fails: the viewer then asks, and is told why. */
export async function* tellStates({ look, clock, gone }: Watching): AsyncGenerator<string> {
	const end = clock.monotonic() + longestMs;
	let told = '';
	let toldAt = clock.monotonic();
	while (!gone.aborted && clock.monotonic() < end) {
		const state = await look().then(JSON.stringify, () => null);
		if (state === null) return;
		if (state !== told) {
			told = state;
			toldAt = clock.monotonic();
			yield `data: ${state}\n\n`;
		} else if (clock.monotonic() - toldAt >= heartbeatMs) {
			toldAt = clock.monotonic();
			yield ':\n\n';
		}
		await clock.sleep(lookEveryMs, gone).catch(() => {});
	}
}
