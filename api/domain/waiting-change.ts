import { type DocState, waitingJob, type Wanted } from './doc-state.ts';

/** What a caller may do to a change that nobody works on, see doc-state.ts. */

/** Withdraws the waiting change, or null where it cannot be: it is worked on, partly in the index, or done. */
export function cancelWaiting(state: DocState, jobId: string): DocState | null {
	if (waitingJob(state) !== jobId || state.mayHaveOrphans || state.lease !== null) return null;
	const { published } = state;
	// What an attempt that was given up left on its points is there until a change rewrites all of their fields.
	if (published?.fingerprint === '') return null;
	const wanted: Wanted =
		published === null
			? { ...state.wanted, op: 'delete', sha256: '', meta: '', fingerprint: '', size: 0 }
			: { ...state.wanted, ...published, jobId: published.jobId };
	return { ...state, finished: state.generation, wanted, attempts: 0, movedTo: null };
}

/** Makes a failed change wait again, or null where it is not failed. */
export function retryFailed(state: DocState, jobId: string, now: number): DocState | null {
	if (!state.failed || state.wanted.jobId !== jobId) return null;
	return {
		...state,
		failed: false,
		finished: state.generation - 1,
		attempts: 0,
		firstAt: now,
		readyAt: now,
		movedTo: null,
	};
}
