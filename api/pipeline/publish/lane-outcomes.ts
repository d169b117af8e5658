import type { Claimed } from '../../ports/index.ts';
import type { Failure } from '../../domain/index.ts';
import type { LaneDeps } from './lane-deps.ts';

/**
 * How a document leaves its lane. A lane's work answers with one of these for every document that it took, and
 * `leftOver` says of which it did not.
 *  - published: committed; a deletion, that it is gone.
 *  - lost: its lease was lost on the way, its new holder does the work.
 *  - failed: a dead letter.
 *  - returned: its lease was given back, it is claimed again.
 *  - left: the process stops, the next one begins anew.
 */
export interface Ended {
	readonly claimed: Claimed;
	readonly outcome: 'published' | 'lost' | 'failed' | 'returned' | 'left';
}

export const endedAs = (outcome: Ended['outcome'], documents: readonly Claimed[]): Ended[] =>
	documents.map((claimed) => ({ claimed, outcome }));

/** Documents that were taken and have no outcome. Throws where one has two, or was never taken: a defect of the lane. */
export function leftOver(taken: readonly Claimed[], ended: readonly Ended[]): Claimed[] {
	const open = new Set(taken);
	for (const { claimed, outcome } of ended)
		if (!open.delete(claimed)) throw new Error(`a document left its lane a second time, as ${outcome}`);
	return [...open];
}

/**
 * What follows when a document is published or a dead letter, whatever its size: it is counted, and what a large version
 * of it has left on disk goes. For the lane's own modules.
 */
export interface Chunks {
	readonly added: number;
	readonly kept: number;
	readonly removed: number;
}

export interface Outcomes {
	/** A bulk write, or a large document, that began at `startedAt` (monotonic ms) is through; so many lost their lease. */
	written(startedAt: number, lost: number): void;
	/**
	 * `processingMs`: its preparation and the bulk write that carried it; null for a large document, whose time is
	 * mostly other documents' turns and would say nothing of theirs.
	 */
	published(claimed: Claimed, chunks: Chunks, processingMs: number | null): void;
	deadLettered(claimed: Claimed, failure: Failure): void;
}

export function createOutcomes(tenant: string, deps: LaneDeps): Outcomes {
	const { clock, now, log, telemetry, contention, spools } = deps;

	function dropSpool({ docId }: Claimed): void {
		spools
			.remove(tenant, docId)
			.catch((error: unknown) =>
				log.warn({ tenant, docId, error }, 'a checkpoint could not be removed; the next sweep tries again'),
			);
	}

	return {
		written(startedAt, lost) {
			telemetry.observe('docdrop_publish_seconds', {}, (clock.monotonic() - startedAt) / 1000);
			if (lost > 0) telemetry.count('docdrop_lost_leases_total', {}, lost);
		},
		published(claimed, { added, kept, removed }, processingMs) {
			dropSpool(claimed);
			telemetry.count('docdrop_receipts_total', { state: claimed.op === 'delete' ? 'deleted' : 'published' });
			if (processingMs !== null) contention.done(tenant, processingMs);
			telemetry.count('docdrop_chunks_total', { action: 'added' }, added);
			telemetry.count('docdrop_chunks_total', { action: 'kept' }, kept);
			telemetry.count('docdrop_chunks_total', { action: 'removed' }, removed);
			telemetry.observe('docdrop_lag_seconds', {}, Math.max(0, now() - claimed.acceptedAt) / 1000);
		},
		deadLettered(claimed, { code }) {
			dropSpool(claimed);
			telemetry.count('docdrop_receipts_total', { state: 'failed' });
			log.warn({ tenant, docId: claimed.docId, jobId: claimed.jobId, code }, 'a document failed');
		},
	};
}
