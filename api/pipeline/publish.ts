import type { Commit, DocStore } from '../ports/doc-store.ts';
import type { DocWrite, VectorStore } from '../ports/vector-store.ts';
import type { Breaker } from './breaker.ts';
import type { Pass } from './crash-points.ts';
import type { Prepared } from './prepare.ts';

/**
 * One bulk write of one lane: the protocol that makes a crash at any step harmless.
 *
 *  1. Intent: every planned point id is durably in its document's mayExist set before the first request.
 *  2. New points in. The old ones still answer: a reader never finds the document missing.
 *  3. Everything that may be there and shall not, out.
 *  4. Manifest and receipts, in one transaction.
 *
 * A crash after any step is finished by doing all of them again for the document's newest generation: steps
 * 2 and 3 are idempotent, and step 1 has remembered what an abandoned attempt may have written.
 * Rejects with the error of the step that failed; documents whose lease was lost are dropped silently, their
 * new holder does the work.
 */
export interface PublishDeps {
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly breaker: Breaker;
	readonly pass: Pass;
	/** Store time, ms. */
	readonly now: () => number;
	readonly signal: AbortSignal;
}

export interface PublishedBatch {
	readonly published: readonly Prepared[];
	/** Lost their lease on the way. */
	readonly lost: readonly Prepared[];
}

export async function publish(
	batch: readonly Prepared[],
	detail: (prepared: Prepared) => Commit['detail'],
	deps: PublishDeps,
): Promise<PublishedBatch> {
	const { docStore, vectorStore, breaker, pass, now, signal } = deps;
	const tenant = batch[0]?.claimed.tenant;
	if (tenant === undefined) return { published: [], lost: [] };

	const held = await docStore.intend(
		batch.map(({ claimed, plan }) => ({ lease: claimed.lease, added: plan.added })),
	);
	const mine = batch.filter((_, index) => held[index] === true);
	pass('after-intent');

	const publishedAt = new Date(now()).toISOString();
	const writes = mine.flatMap(({ claimed, plan, points, fields, droppedExtra }): DocWrite[] =>
		fields === null || plan.manifest.length === 0
			? []
			: [
					{
						tenant,
						docId: claimed.docId,
						fields: { ...fields, publishedAt },
						points,
						kept: plan.kept,
						reordered: plan.reordered,
						droppedExtra,
					},
				],
	);
	if (writes.length > 0) await breaker.run((inner) => vectorStore.put(writes, inner), signal);
	pass('between-points');

	const gone = mine.flatMap(({ plan }) => plan.gone);
	if (gone.length > 0) await breaker.run((inner) => vectorStore.remove(tenant, gone, inner), signal);
	pass('before-manifest');

	const done = await docStore.commit(
		mine.map((prepared) => ({
			lease: prepared.claimed.lease,
			manifest: prepared.plan.manifest,
			detail: detail(prepared),
		})),
		now(),
	);
	const published = mine.filter((_, index) => done[index] === true);
	return { published, lost: batch.filter((prepared) => !published.includes(prepared)) };
}
