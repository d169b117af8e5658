import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';

/**
 * A bound for work that is another's promise to end (the extractor's own limits are far below it). A worker
 * renews its leases for as long as a document is in work, so work that never ends would keep a document, and
 * its place, for ever: after `ms` it is given up and left alone, whether it listens to its signal or not.
 */
export async function within<T>(
	ms: number,
	what: string,
	work: (signal: AbortSignal) => Promise<T>,
	{ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
	const over = new AbortController();
	const late = Promise.withResolvers<never>();
	const cancel = clock.after(ms, () => {
		// A defect as far as anybody knows: counted, tried again, and a dead letter in the end.
		const error = new DocDropError('internal', `${what} gave no answer within ${ms} ms`);
		over.abort(error);
		late.reject(error);
	});
	try {
		return await Promise.race([work(AbortSignal.any([signal, over.signal])), late.promise]);
	} finally {
		cancel();
	}
}
