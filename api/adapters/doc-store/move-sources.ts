import { type DocState, type Failure, giveUp, go, successorOf, wait, withdraw } from '../../domain/index.ts';
import type { DocKey, MovedManifest } from '../../ports/work-claims.ts';
import type { DocRow, JobRow, Tables } from './tables.ts';

/**
 * Documents that were moved away and wait for their successor: moves their rows with domain/move-wait.ts, and their
 * receipts with them. Called by doc-engine.ts only, in the transaction of whatever happens to the successor.
 */
export interface MoveSourcesDeps {
	readonly tables: Tables;
	/** The row's state with its lease. */
	readonly full: (row: DocRow) => DocState;
	readonly save: (row: DocRow, next: DocState, more: Partial<Omit<DocRow, 'key' | 'state'>>) => DocRow;
	readonly settleJob: (
		jobId: string | null,
		now: number,
		patch: Partial<JobRow> & Pick<JobRow, 'state'>,
	) => void;
	/** Ends the receipt of a lease of a life before, as nobody will claim the document to do it. */
	readonly endLost: (row: DocRow, by: string, now: number) => { readonly flightJob?: null };
}

const successorFailed: Failure = {
	code: 'successor_failed',
	message:
		'the document that this one was moved to failed; what was published under this name stays until it is in',
};

export function createMoveSources({ tables, full, save, settleJob, endLost }: MoveSourcesDeps) {
	/** The wait of one document is over; what was given up is taken up again. */
	function letOneGo(row: DocRow, now: number): void {
		const { failed, wanted } = row.state;
		save(row, go(full(row), now), failed ? { error: null } : {});
		if (failed) settleJob(wanted.jobId, now, { state: 'accepted', error: null });
	}

	function giveOneUp(row: DocRow, now: number): void {
		const before = full(row);
		const next = giveUp(before);
		if (next === before) return;
		const { jobId } = before.wanted;
		save(row, next, { error: successorFailed, ...endLost(row, jobId, now) });
		settleJob(jobId, now, { state: 'failed', error: successorFailed });
	}

	return {
		/**
		 * The old name was left for `to`, both changed already. Whoever waited for the old name waits for the new one
		 * now; `hasSettled`: nothing is left to be done under the old one.
		 */
		leave(old: DocRow, to: DocRow, now: number, hasSettled: boolean): void {
			const successor = successorOf(old.key, { key: to.key, state: full(to) });
			const { failed } = tables.docByKey(successor?.doc ?? to.key)?.state ?? to.state;
			const saved = save(old, wait(full(old), successor, now), {});
			if (successor !== null && failed) giveOneUp(saved, now);
			if (successor === null) {
				if (hasSettled) this.letGo(old.key, old.state.generation, now);
				return;
			}
			for (const row of tables.moveSourcesOf(old.key)) {
				const further = save(row, wait(full(row), successor, now), {});
				if (failed) giveOneUp(further, now);
			}
		},

		/** A generation of the successor is settled: whoever waited for it, or for an earlier one, may go. */
		letGo(successor: DocKey, generation: number, now: number): void {
			for (const row of tables.moveSourcesOf(successor)) {
				if ((row.state.movedTo?.generation ?? 0) <= generation) letOneGo(row, now);
			}
		},

		/** The successor was given up. */
		giveUp(successor: DocKey, now: number): void {
			for (const row of tables.moveSourcesOf(successor)) giveOneUp(row, now);
		},

		/** The successor's change is about to be canceled; false where that cannot be, and nothing was changed. */
		withdraw(successor: DocKey, now: number): boolean {
			const rows = tables.moveSourcesOf(successor).map((row) => ({ row, next: withdraw(full(row)) }));
			if (rows.some(({ next }) => next === null)) return false;
			for (const { row, next } of rows) {
				if (next === null) continue;
				const isCanceled = !row.state.failed && row.state.generation > row.state.settled;
				save(row, next, isCanceled ? { error: null } : {});
				if (isCanceled) settleJob(row.state.wanted.jobId, now, { state: 'canceled' });
			}
			return true;
		},

		/** What the documents that wait have in the index. */
		of: (successor: DocKey): MovedManifest[] =>
			tables.moveSourcesOf(successor).flatMap(({ key, tenant, state }) =>
				state.published === null
					? []
					: {
							doc: key,
							tenant,
							fingerprint: state.published.fingerprint,
							manifest: tables.entries(key).manifest,
						},
			),
	};
}
