import assert from 'node:assert/strict';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { lexicalVector } from './lexical-vector.ts';
import { createJobIds } from '../../api/pipeline/accept/job-id.ts';
import type { LaneItem } from '../../api/pipeline/prepare/lane-handover.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createGate } from '../../api/pipeline/prepare/fair-queue.ts';
import { prepare } from '../../api/pipeline/prepare/prepare.ts';
import { canonicalJson } from '../../api/domain/meta.ts';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import type { Change } from '../../api/domain/change.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { noBreaker } from './no-breaker.ts';

/** Documents on their way through a store, without door, worker or embedder. */
const extractor = createInProcessExtractor({ chunking: { maxChars: 200, overlapChars: 0 } });
const nextJob = createJobIds(() => 1_767_225_600_000);
const hexOf = (text: string) => Buffer.from(text).toString('hex').slice(-64).padStart(64, '0');

export function changeOf(docId: string, text: string | null, more: Partial<Change> = {}): Change {
	return {
		jobId: nextJob(),
		tenant: 't',
		docId,
		op: text === null ? 'delete' : 'put',
		sourceId: 'api',
		epoch: 'api',
		sourceName: null,
		seq: null,
		takeOver: false,
		priority: 'normal',
		windowMs: 0,
		maxWaitMs: 0,
		content: text === null ? null : { sha256: hexOf(text), size: Buffer.byteLength(text), body: text },
		meta:
			text === null
				? ''
				: canonicalJson({ mimeType: 'text/markdown', path: null, title: null, metadata: {} }),
		fingerprint: text === null ? '' : 'f',
		...more,
	};
}

/** Accepts the changes, leases their documents and prepares them for a lane. */
export async function leased(
	docStore: DocStore,
	now: number,
	...changes: readonly Change[]
): Promise<LaneItem[]> {
	await docStore.accept(changes, now, { maxPending: Infinity, maxPendingBytes: Infinity });
	const items = await claimItems(docStore, now);
	assert.equal(items.length, changes.length);
	const order = new Map(changes.map(({ docId }, index) => [docId, index]));
	const place = ({ prepared }: LaneItem) => order.get(prepared.claimed.docId) ?? 0;
	return items.toSorted((a, b) => place(a) - place(b));
}

/** Leases and prepares whatever is due. */
export async function claimItems(
	docStore: DocStore,
	now: number,
	vectorStore: Pick<VectorStore, 'vectors'> = { vectors: async () => new Map() },
): Promise<LaneItem[]> {
	const claimed = await docStore.claim({ now, limit: 100, maxBytes: Infinity, leaseMs: 60_000 });
	return Promise.all(claimed.map((one) => itemOf(one, docStore, vectorStore)));
}

async function itemOf(
	claimed: Claimed,
	docStore: DocStore,
	vectorStore: Pick<VectorStore, 'vectors'>,
): Promise<LaneItem> {
	const embed = { embed: async (texts: readonly string[]) => texts.map(lexicalVector) };
	const { signal } = new AbortController();
	const prepared = await prepare(claimed, {
		docStore,
		vectorStore,
		breaker: noBreaker,
		extractor,
		reading: createGate(1),
		clock: systemClock,
		stallMs: 60_000,
		embed,
		signal,
	});
	const points = prepared.plan.added.length + prepared.plan.gone.length;
	return { prepared, points, bytes: points * 100, readyAt: 0, prepareMs: 1, waitMs: 1 };
}
