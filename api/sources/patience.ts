import { isDocDropError } from '../errors.ts';
import type { Clock } from '../../nodes/watch/clock.ts';

/**
 * How a followed folder meets a limit of documents: it waits for the time that it was told, and asks again for what
 * was not taken. No file is at fault, so nothing of it is told to the watch engine, whose retries count. The signal
 * is aborted when the folder closes; what waits then is told again at the next start.
 */
export interface Patience {
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

const isLimited = (result: unknown) => isDocDropError(result) && result.code === 'rate_limited';
const waitOf = (result: unknown) => (isDocDropError(result) ? (result.retryAfterMs ?? 1_000) : 0);

/** One result a document, in order, and none of them `rate_limited`. */
export async function acceptInTime<D, R>(
	documents: readonly D[],
	accept: (documents: readonly D[]) => Promise<readonly R[]>,
	{ clock, signal }: Patience,
): Promise<R[]> {
	const results = [...(await accept(documents))];
	for (;;) {
		const places = results.flatMap((result, place) => (isLimited(result) ? [place] : []));
		if (places.length === 0) return results;
		await clock.sleep(Math.max(...places.map((place) => waitOf(results[place]))), signal);
		const again = await accept(places.map((place) => documents[place] as D));
		for (const [nth, place] of places.entries()) results[place] = again[nth] as R;
	}
}

/** Runs `send` until it is not refused by a limit. */
export async function sendInTime<T>(send: () => Promise<T>, { clock, signal }: Patience): Promise<T> {
	for (;;) {
		try {
			return await send();
		} catch (error) {
			if (!isLimited(error)) throw error;
			await clock.sleep(waitOf(error), signal);
		}
	}
}
