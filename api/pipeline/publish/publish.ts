import type { Commit, DocWrite } from '../../ports/index.ts';
import type { LaneTurn } from './lane-lock.ts';
import type { Blame } from '../faults/index.ts';
import type { Prepared, StepDeps } from '../prepare/index.ts';

/**
 * One bulk write of one lane: the protocol that makes a crash at any step harmless.
 *
 *  intent  every planned point id is durably in its document's mayExist set before the first request, and
 *          every manifest entry that will be rewritten or removed is uncertain
 *  put     new points in; the old ones still answer, so a reader never finds the document missing
 *  remove  everything that may be there and shall not, out
 *  commit  manifest and receipts, in one transaction
 *
 * A crash after any step is finished by doing all of them again for the document's newest generation: put
 * and remove are idempotent, and the intent has remembered what an abandoned attempt may have written. That
 * this order and no other holds is what test/pipeline/protocol.test.ts shows, exhaustively.
 */
export const protocol = ['intent', 'put', 'remove', 'commit'] as const;
export type ProtocolStep = (typeof protocol)[number];

/** A bulk write that waited longer for its turn is encoded again, with the time at which it is made. */
const staleAfterMs = 1_000;

export interface PublishDeps extends Pick<
	StepDeps,
	'docStore' | 'vectorStore' | 'breaker' | 'crashPoint' | 'now' | 'signal'
> {
	/** Of writes. */
	readonly blame: Blame;
	/** The lane's lock, held from put to remove: intent and commit of other batches go on beside it. */
	readonly turn: LaneTurn;
}

export interface PublishedBatch {
	readonly published: readonly Prepared[];
	/** Lost their lease on the way: their new holder does the work. */
	readonly lost: readonly Prepared[];
}

/** Writes a batch of one tenant. Rejects with the error of the step that failed; the same call again completes it. */
export async function publish(
	batch: readonly Prepared[],
	detail: (prepared: Prepared) => Commit['detail'],
	deps: PublishDeps,
): Promise<PublishedBatch> {
	const { docStore, vectorStore, breaker, blame, crashPoint, now, signal, turn } = deps;
	const tenant = batch[0]?.claimed.tenant ?? '';
	let leased = batch;
	const keep = (answers: readonly boolean[]) =>
		(leased = leased.filter((_, index) => answers[index] === true));

	const steps: Record<ProtocolStep, () => Promise<void>> = {
		async intent() {
			keep(
				await docStore.recordIntent(
					leased.map(({ claimed, plan }) => ({
						lease: claimed.lease,
						added: plan.added,
						uncertain: plan.uncertain,
					})),
				),
			);
			crashPoint('after-intent');
		},
		async put() {
			const at = now();
			const writesAt = (time: number) =>
				leased.flatMap((prepared) => toWrite(prepared, new Date(time).toISOString()));
			let writes = writesAt(at);
			if (writes.length > 0) vectorStore.pack?.(writes);
			await turn.enter();
			// An outage may have passed meanwhile.
			if (now() - at > staleAfterMs) writes = writesAt(now());
			if (writes.length > 0) {
				await breaker.run((inner) => vectorStore.put(writes, inner), signal);
				blame.served();
			}
			crashPoint('between-points');
		},
		async remove() {
			const gone = leased.flatMap(({ plan }) => plan.gone);
			if (gone.length > 0) await breaker.run((inner) => vectorStore.remove(tenant, gone, inner), signal);
			if (gone.length > 0) blame.served();
			turn.leave();
			crashPoint('before-manifest');
		},
		async commit() {
			const commits = leased.map((one) => ({
				lease: one.claimed.lease,
				manifest: one.plan.manifest,
				title: one.fields?.title ?? null,
				detail: detail(one),
			}));
			keep(await docStore.commit(commits, now()));
		},
	};
	for (const step of protocol) await steps[step]();
	return { published: leased, lost: batch.filter((prepared) => !leased.includes(prepared)) };
}

/** A deletion and an empty document write nothing. */
function toWrite({ claimed, plan, points, fields, droppedExtra }: Prepared, publishedAt: string): DocWrite[] {
	if (fields === null || plan.manifest.length === 0) return [];
	const { tenant, docId } = claimed;
	const { reordered } = plan;
	// Of a change of metadata, points that stay may be written whole; their fields come with them.
	const whole = new Set(plan.added.length < points.length ? points.map(({ id }) => id) : []);
	const kept = whole.size === 0 ? plan.kept : plan.kept.filter((id) => !whole.has(id));
	return [{ tenant, docId, fields: { ...fields, publishedAt }, points, kept, reordered, droppedExtra }];
}
