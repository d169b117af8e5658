import { DocDropError } from '../../errors.ts';
import { isUnanswered, trips } from './retry.ts';

/**
 * Whose fault it is that a call got no answer: the peer is asked something harmless, and where it answers that, the
 * failure is the call's own. For breaker.ts.
 */
export interface ControlQuestion {
	/** Null: it is answered, or there is none. Asked once for all who want to know at the same time. */
	ask(): Promise<unknown>;
	/** The error as it is to be told: `isOwn` where the question is answered. */
	judged(error: DocDropError, tookMs: number): Promise<DocDropError>;
	/** Whether the same call may get an answer at once: not where it failed by itself and took long. */
	isWorthATry(error: unknown): boolean;
}

/** What failed by itself and took longer would take as long again. */
const quickMs = 1_000;

export function createControlQuestion(put: (() => Promise<unknown>) | undefined): ControlQuestion {
	const slow = new WeakSet<DocDropError>();
	let asking: Promise<unknown> | null = null;
	const ask = (): Promise<unknown> => {
		if (put === undefined) return Promise.resolve(null);
		return (asking ??= put()
			.then(
				() => null,
				(error: unknown) => error,
			)
			.finally(() => (asking = null)));
	};
	return {
		ask,
		async judged(error, tookMs) {
			if (put === undefined || trips(await ask())) return error;
			const own = new DocDropError(error.code, error.message, { isOwn: true, cause: error });
			if (tookMs > quickMs) slow.add(own);
			return own;
		},
		isWorthATry: (error) => isUnanswered(error) && !slow.has(error),
	};
}
