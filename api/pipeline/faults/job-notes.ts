import { type Failure, failureOf } from '../../domain/index.ts';

/**
 * What is known of jobs in work beyond their lease: why one waits for a peer, and that a newer change of its document
 * has come. In memory, like the leases.
 */
export interface JobNotes {
	waits(jobId: string, error: unknown): void;
	goesOn(jobId: string): void;
	/** Null: it does not wait. */
	reason(jobId: string): Failure | null;
	/** A newer change has come. */
	replaced(jobId: string): void;
	isReplaced(jobId: string): boolean;
	/** It is not in work any more. */
	forget(jobId: string): void;
}

export function createJobNotes(): JobNotes {
	const reasons = new Map<string, Failure>();
	const replaced = new Set<string>();
	return {
		waits: (jobId, error) => void reasons.set(jobId, failureOf(error)),
		goesOn: (jobId) => void reasons.delete(jobId),
		reason: (jobId) => reasons.get(jobId) ?? null,
		replaced: (jobId) => void replaced.add(jobId),
		isReplaced: (jobId) => replaced.has(jobId),
		forget(jobId) {
			reasons.delete(jobId);
			replaced.delete(jobId);
		},
	};
}
