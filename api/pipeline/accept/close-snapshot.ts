/**
 * The end of a source's first round in a new epoch: whatever it wanted published in an earlier epoch and has not
 * told of in this one is gone. Called by the folder source, for the sources of other processes by
 * POST /v1/ingest/batch, and for lists, which have rounds in one epoch, by sync-list.ts.
 *
 * It has a mass-delete guard of its own, because the source has lost the state from which it would know that too much
 * went at once. A pause is only an answer: nothing is remembered, and the source asks again, confirmed.
 */
import { isDocDropError } from '../../errors.ts';
import type { DocStore } from '../../ports/index.ts';
import type { Ingress } from './ingress.ts';

export interface SourceSnapshot {
	/** The only tenant whose documents may go; null: whichever the source has documents of. */
	readonly onlyTenant: string | null;
	readonly sourceId: string;
	readonly epoch: string;
	/** Of the source, above all that it has sent in this epoch. */
	readonly seq: number;
	/** Documents that are there although nothing of them was accepted in this epoch. */
	readonly present: readonly { readonly tenant: string; readonly docId: string }[];
	/** A person has agreed to what was paused. */
	readonly confirmed: boolean;
	/** All rounds share the epoch, and `seq` is this one's: what was told below it was not told in this round. */
	readonly isRound?: boolean;
}

export interface SnapshotResult {
	readonly deleted: number;
	/** Deletions that wait for a confirmation; then none was made. */
	readonly held: number;
}

const pageSize = 500;
const guardFrom = 20;

export async function closeSnapshot(
	snapshot: SourceSnapshot,
	deps: Pick<Ingress, 'accept' | 'normalise'> & {
		readonly docStore: DocStore;
		/** Share of the source's documents that may go without a person's word. */
		readonly brakeShare: number;
	},
): Promise<SnapshotResult> {
	const { onlyTenant, sourceId, epoch, seq, isRound = false } = snapshot;
	const asked = { sourceId, epoch, ...(isRound && { belowSeq: seq }) };
	// No tenant's name holds a space.
	const nameOf = (one: { readonly tenant: string; readonly docId: string }) => `${one.tenant} ${one.docId}`;
	const present = new Set(snapshot.present.map(nameOf));
	const gone: { readonly tenant: string; readonly docId: string }[] = [];
	let total = 0;
	for (let after = 0; ;) {
		const page = await deps.docStore.sourceDocuments({ ...asked, after, limit: pageSize });
		for (const one of page) {
			if (onlyTenant !== null && one.tenant !== onlyTenant) continue;
			total += 1;
			if (one.isEarlier && !present.has(nameOf(one))) gone.push({ tenant: one.tenant, docId: one.docId });
		}
		const last = page.at(-1);
		if (last === undefined || page.length < pageSize) break;
		after = last.doc;
	}
	const isTooMuch = gone.length === total || (total >= guardFrom && gone.length > total * deps.brakeShare);
	if (gone.length > 0 && isTooMuch && deps.brakeShare < 1 && !snapshot.confirmed)
		return { deleted: 0, held: gone.length };
	for (let at = 0; at < gone.length; at += pageSize) {
		const deletions = gone
			.slice(at, at + pageSize)
			.map((one) => deps.normalise({ op: 'delete', ...one, source: { sourceId, epoch, seq } }));
		const results = await deps.accept(deletions, { skipWindow: true, priority: 'low' });
		const failed = results.find(isDocDropError);
		// All of it is asked again: what was taken already is no document of the source any more.
		if (failed !== undefined) throw failed;
	}
	return { deleted: gone.length, held: 0 };
}
