import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { DocumentState, Job } from '../../api/ports/doc-views.ts';
import type { Claimed, Commit } from '../../api/ports/work-claims.ts';
import type { Change, Refusal } from '../../api/domain/change.ts';
import type { ManifestChunk } from '../../api/domain/manifest.ts';
import { v7 as uuidv7 } from 'uuid';
import { parseFilter } from '../../api/domain/document-filter.ts';
import { writeMeta } from '../../api/domain/meta.ts';
import { patience } from '../../api/domain/fair-share.ts';
import { createJobIds } from '../../api/pipeline/accept/job-id.ts';
import { sampleEpoch } from '../../api/contract/sample-epoch.ts';

/** Holds the numbered promises of api/ports/doc-store.ts against one adapter. */
export interface DocStoreMaker {
	(): Promise<{
		store: DocStore;
		/** Ends what holds the store without a word, as a crash would, and opens it again. Only of durable adapters. */
		reopen?: () => Promise<DocStore>;
		dispose: () => Promise<void>;
	}>;
}

const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
const nextJob = createJobIds(() => 1_767_225_600_000);
const hex = (n: number) => n.toString(16).padStart(64, '0');
const pointOf = (n: number) => `00000000-0000-5000-8000-${n.toString(16).padStart(12, '0')}`;

export function put(docId: string, text: string, more: Partial<Change> = {}): Change {
	const sha256 = hex(Array.from(text).reduce((sum, c) => sum * 31 + (c.codePointAt(0) ?? 0), 7) % 2 ** 40);
	return {
		jobId: nextJob(),
		tenant: 'acme',
		docId,
		op: 'put',
		sourceId: 'api',
		epoch: 'api',
		sourceName: null,
		seq: null,
		takeOver: false,
		priority: 'normal',
		windowMs: 0,
		maxWaitMs: 5_000,
		content: { sha256, size: Buffer.byteLength(text), body: text },
		meta: '{}',
		fingerprint: 'f1',
		...more,
	};
}

export function del(docId: string, more: Partial<Change> = {}): Change {
	return { ...put(docId, '', more), op: 'delete', content: null, meta: '', ...more };
}

export const refusal = (docId: string, message = 'no such type', more: Partial<Refusal> = {}): Refusal => ({
	...{ jobId: nextJob(), tenant: 'acme', docId, op: 'put' },
	refused: { code: 'unsupported_type', message },
	...more,
});

const chunk = (n: number, order = `a${n}`): ManifestChunk => ({
	pointId: pointOf(n),
	hash: hex(n),
	order,
	heading: n % 2 === 0 ? null : `Heading ${n}`,
	page: null,
	text: `text ${n} – ünïcode`,
});

export function testDocStore(name: string, make: DocStoreMaker, { isDurable }: { isDurable: boolean }): void {
	describe(`doc store: ${name}`, () => {
		let made: Awaited<ReturnType<DocStoreMaker>>;
		let store: DocStore;
		let now = 0;

		beforeEach(async () => {
			made = await make();
			store = made.store;
			now = 1_767_225_600_000;
		});
		afterEach(() => made.dispose());

		const accept = async (...changes: (Change | Refusal)[]) => store.accept(changes, now, noLimits);
		const acceptOne = async (change: Change | Refusal) => {
			const [result] = await accept(change);
			assert.ok(result);
			return result;
		};
		const claim = async (limit = 100) => store.claim({ now, limit, maxBytes: Infinity, leaseMs: 60_000 });
		const claimOne = async (): Promise<Claimed> => {
			const claimed = await claim();
			assert.equal(claimed.length, 1, 'exactly one document is claimable');
			return claimed[0] as Claimed;
		};
		const committing = ({ lease }: Claimed, ...chunks: ManifestChunk[]): Commit => ({
			lease,
			manifest: chunks,
			detail: { added: chunks.length },
		});
		const publish = async (claimed: Claimed, ...chunks: ManifestChunk[]) => {
			assert.deepEqual(await store.recordIntent([{ lease: claimed.lease, added: chunks, uncertain: [] }]), [
				true,
			]);
			assert.deepEqual(await store.commit([committing(claimed, ...chunks)], now), [true]);
		};
		const stateOf = async (jobId: string) => (await store.job(jobId))?.state;

		it('carries a change from accept to its manifest and receipt (2, 6)', async () => {
			const change = put('a.txt', 'hello', { meta: '{"title":"A"}', priority: 'high' });
			const result = await acceptOne(change);
			assert.equal(result.kind, 'accepted');
			assert.equal(await stateOf(change.jobId), 'accepted');
			const claimed = await claimOne();
			assert.equal(await stateOf(change.jobId), 'processing');
			assert.equal(claimed.tenant, 'acme');
			assert.equal(claimed.docId, 'a.txt');
			assert.equal(claimed.meta, '{"title":"A"}');
			assert.equal(claimed.priority, 'high');
			assert.equal(claimed.published, null);
			assert.deepEqual(claimed.manifest, []);
			assert.ok(claimed.content !== null && 'byteLength' in claimed.content.body);
			assert.equal(Buffer.from(claimed.content.body).toString(), 'hello');
			await publish(claimed, chunk(1), chunk(2));
			assert.equal(await stateOf(change.jobId), 'published');
			const document = await store.document('acme', 'a.txt');
			assert.equal(document?.state, 'published');
			assert.equal(document?.published?.chunks, 2);
			assert.equal(document?.orphans, 0);
			assert.deepEqual(await store.chunks('acme', 'a.txt'), [chunk(1), chunk(2)]);
			assert.deepEqual(await claim(), []);
		});

		it('keeps a change in its window, at most for the longest wait, and supersedes within it (2)', async () => {
			const jobs: string[] = [];
			const start = now;
			for (let save = 0; save < 30; save += 1) {
				const change = put('a', `v${save}`, { windowMs: 500, maxWaitMs: 5_000 });
				jobs.push(change.jobId);
				await accept(change);
				if (now - start >= 5_000) break;
				assert.deepEqual(await claim(), [], 'the window is open');
				now += 300;
			}
			assert.ok(now - start <= 5_300, 'the longest wait ends the window');
			const claimed = await claimOne();
			assert.equal(claimed.jobId, jobs.at(-1));
			for (const [index, job] of jobs.slice(0, -1).entries()) {
				const receipt = await store.job(job);
				assert.equal(receipt?.state, 'superseded');
				assert.equal(receipt?.supersededBy, jobs[index + 1]);
			}
		});

		it('answers a repetition with unchanged, waiting, in flight or published (2)', async () => {
			const first = put('a', 'same');
			await accept(first);
			const waiting = await acceptOne(put('a', 'same'));
			assert.deepEqual(
				[waiting.kind, waiting.kind === 'unchanged' && waiting.follows],
				['unchanged', first.jobId],
			);
			const claimed = await claimOne();
			assert.equal((await acceptOne(put('a', 'same'))).kind, 'unchanged');
			await publish(claimed, chunk(1));
			const after = await acceptOne(put('a', 'same'));
			assert.deepEqual([after.kind, after.kind === 'unchanged' && after.follows], ['unchanged', null]);
			assert.equal((await acceptOne(put('a', 'same', { meta: '{"title":"new"}' }))).kind, 'accepted');
		});

		it('makes a change during processing the next generation, and never loses the last write (G2)', async () => {
			const a = put('a', 'A');
			await accept(a);
			const first = await claimOne();
			const b = put('a', 'B');
			const again = put('a', 'A');
			await accept(b);
			assert.deepEqual(await claim(), [], 'one lease a document');
			assert.equal((await acceptOne(again)).kind, 'accepted', 'A is in flight, but B is newer');
			assert.equal(await stateOf(b.jobId), 'superseded');
			await publish(first, chunk(1));
			assert.equal(await stateOf(a.jobId), 'published');
			const second = await claimOne();
			assert.equal(second.jobId, again.jobId);
			assert.deepEqual(second.manifest, [{ pointId: pointOf(1), hash: hex(1), order: 'a1' }]);
			await publish(second, chunk(1));
			assert.deepEqual(await claim(), []);
		});

		it('going back to the published content supersedes what waits, without work', async () => {
			await accept(put('a', 'A'));
			await publish(await claimOne(), chunk(1));
			const b = put('a', 'B', { windowMs: 500 });
			await accept(b);
			const back = await acceptOne(put('a', 'A'));
			assert.equal(back.kind, 'unchanged');
			assert.equal(await stateOf(b.jobId), 'superseded');
			now += 10_000;
			assert.deepEqual(await claim(), []);
			assert.equal((await store.document('acme', 'a'))?.state, 'published');
		});

		it('going back is work when the index may hold more than the manifest', async () => {
			await accept(put('a', 'A'));
			await publish(await claimOne(), chunk(1));
			await accept(put('a', 'B'));
			const b = await claimOne();
			await store.recordIntent([{ lease: b.lease, added: [chunk(2)], uncertain: [] }]);
			await store.release([{ lease: b.lease, retryAt: now + 1_000, counted: true, error: null }], now);
			assert.equal((await acceptOne(put('a', 'A'))).kind, 'accepted');
			const back = await claimOne();
			assert.deepEqual(back.orphans, [pointOf(2)]);
		});

		it('orders by source, epoch and seq; late and doubled changes are stale or unchanged (G2)', async () => {
			const at = (seq: number, text: string, epoch = 'e1') => put('a', text, { sourceId: 's', epoch, seq });
			assert.equal((await acceptOne(at(5, 'five'))).kind, 'accepted');
			const late = at(4, 'four');
			assert.equal((await acceptOne(late)).kind, 'stale');
			assert.equal(await stateOf(late.jobId), 'stale');
			assert.equal((await acceptOne(at(5, 'five'))).kind, 'unchanged');
			const other = at(5, 'another five');
			assert.equal((await acceptOne(other)).kind, 'stale', 'a number names one content');
			assert.equal(await stateOf(other.jobId), 'stale');
			const next = await acceptOne(at(1, 'new epoch', 'e2'));
			assert.equal(next.kind, 'accepted');
			assert.equal((await acceptOne(at(9, 'old epoch', 'e1'))).kind, 'stale');
			const claimed = await claimOne();
			assert.equal(Buffer.from(claimed.content?.body as Uint8Array).toString(), 'new epoch');
		});

		it('ranks count within a document: no number of epochs moves another document’s versions', async () => {
			const from = (sourceId: string, epoch: string, seq = 1) => ({ sourceId, epoch, seq });
			for (let n = 0; n < 50; n += 1) await accept(del('busy', from('s', `e${n}`)));
			const first = await acceptOne(put('quiet', 'A', from('s', 'e49', 7)));
			assert.deepEqual(first, { ...first, kind: 'accepted', version: 2 ** 32 + 7 });
			const taken = await acceptOne(put('quiet', 'B', { ...from('o', 'x'), takeOver: true }));
			assert.deepEqual(taken, { ...taken, kind: 'accepted', version: 2 * 2 ** 32 + 1 });
			const late = await acceptOne(put('quiet', 'C', { ...from('s', 'e49', 6), takeOver: true }));
			assert.deepEqual(late, { ...late, kind: 'stale', by: null });
		});

		it('knows an epoch only from a change that was taken, and not from a question or a refusal', async () => {
			const from = (epoch: string) => ({ sourceId: 's', epoch, seq: 1 });
			await accept(put('of another', 'X'));
			await store.sourceDocuments({ sourceId: 's', epoch: 'e2', after: 0, limit: 10 });
			assert.equal((await acceptOne(put('of another', 'Y', from('e2')))).kind, 'owned');
			assert.equal((await acceptOne(put('a', 'A', from('e1')))).kind, 'accepted');
			assert.equal((await acceptOne(put('a', 'B', from('e2')))).kind, 'accepted', 'e2 came second');
			assert.equal((await acceptOne(put('a', 'C', from('e1')))).kind, 'stale');
		});

		it('forgets epochs that no document is of, and still knows what comes late', async () => {
			const epochs = Array.from({ length: 60 }, (_, n) => uuidv7({ msecs: now - 1e9 + n * 1_000 }));
			const [first = '', last = ''] = [epochs[0], epochs.at(-1)];
			const from = (epoch: string) => ({ sourceId: 's', epoch, seq: 1 });
			for (const epoch of epochs) await accept(del('busy', from(epoch)));
			await accept(put('a', 'A', from(last)));
			assert.equal((await acceptOne(put('a', 'B', from(first)))).kind, 'stale');
			assert.equal((await acceptOne(put('new', 'B', from(first)))).kind, 'accepted', 'nobody told of it');
			assert.equal((await acceptOne(put('new', 'C', from(last)))).kind, 'accepted');
			const foreign = Array.from({ length: 20 }, (_, n) => `text ${n}`);
			for (const epoch of foreign) await accept(del('other', { sourceId: 'o', epoch, seq: 1 }));
			const late = put('other', 'L', { sourceId: 'o', epoch: 'text 10', seq: 2 });
			assert.equal((await acceptOne(late)).kind, 'stale', 'a few are kept of any source');
		});

		it('says who publishes a document where another sender may not: by its name, else by its ID', async () => {
			const by = (sourceId: string, epoch: string, sourceName: string | null) =>
				acceptOne(put('a', `${sourceId} ${epoch}`, { sourceId, epoch, sourceName, seq: 1 }));
			const other = { sourceId: 's2', epoch: 'f1', sourceName: 'Other', seq: 1 };
			const owner = async () => {
				const result = await acceptOne(put('a', 'theirs', other));
				return result.kind === 'owned' ? result.owner : result.kind;
			};
			await by('s1', 'e1', null);
			assert.equal(await owner(), 's1');
			await by('s1', 'e1', 'Invoices');
			assert.equal(await owner(), 'Invoices', 'as soon as it has one');
			await by('s1', 'e2', 'Invoices (copy)');
			assert.equal(await owner(), 'Invoices (copy)');
			const superseded = await by('s1', 'e1', 'Invoices');
			assert.deepEqual(superseded, { ...superseded, kind: 'stale', by: 'Invoices (copy)' });
			const late = await acceptOne(put('a', 'late', { sourceId: 's1', epoch: 'e2', seq: 0 }));
			assert.deepEqual(late, { ...late, kind: 'stale', by: null }, 'a late change of the same sender');
			const sample = put('a', 'tried out', { sourceId: 's1', epoch: sampleEpoch, seq: 1 });
			const tried = await acceptOne(sample);
			assert.deepEqual(tried, { ...tried, kind: 'stale', by: null }, 'a sample has lost nothing to anybody');
		});

		it('a tombstone outlives late writes, and versions keep growing over deletion and re-creation (G2)', async () => {
			const from = (seq: number) => ({ sourceId: 's', epoch: 'e1', seq });
			await accept(put('a', 'A', from(1)));
			await publish(await claimOne(), chunk(1));
			await accept(del('a', from(3)));
			const deletion = await claimOne();
			assert.equal(deletion.op, 'delete');
			assert.equal(deletion.content, null);
			assert.equal(deletion.manifest.length, 1);
			await publish(deletion);
			assert.equal((await store.document('acme', 'a'))?.state, 'deleted');
			assert.deepEqual(await store.chunks('acme', 'a'), []);
			assert.equal((await acceptOne(put('a', 'late', from(2)))).kind, 'stale');
			const again = await acceptOne(put('a', 'again', from(4)));
			assert.ok(again.kind === 'accepted' && again.version > deletion.version);
		});

		it('a deletion of what never was is unchanged, and still rejects what came before it', async () => {
			const gone = del('a', { sourceId: 's', epoch: 'e', seq: 7 });
			assert.equal((await acceptOne(gone)).kind, 'unchanged');
			assert.equal((await acceptOne(put('a', 'x', { sourceId: 's', epoch: 'e', seq: 6 }))).kind, 'stale');
			assert.deepEqual(await claim(), []);
		});

		it('a document has one owner; another source is refused unless it takes over', async () => {
			await accept(put('a', 'A', { sourceId: 's1', epoch: 'e', seq: 100 }));
			const theirs = put('a', 'B', { sourceId: 's2', epoch: 'e', seq: 1 });
			assert.deepEqual(await acceptOne(theirs), { kind: 'owned', jobId: theirs.jobId, owner: 's1' });
			const taken = await acceptOne(put('a', 'B', { sourceId: 's2', epoch: 'e', seq: 1, takeOver: true }));
			assert.equal(taken.kind, 'accepted');
			const former = put('a', 'C', { sourceId: 's1', epoch: 'e', seq: 101 });
			assert.deepEqual(await acceptOne(former), { kind: 'owned', jobId: former.jobId, owner: 's2' });
			assert.equal((await acceptOne(put('a', 'D', { sourceId: 's2', epoch: 'e', seq: 2 }))).kind, 'accepted');
		});

		it('a deleted document belongs to nobody', async () => {
			await accept(put('a', 'A', { sourceId: 's1', epoch: 'e', seq: 100 }));
			await publish(await claimOne(), chunk(1));
			await accept(del('a', { sourceId: 's1', epoch: 'e', seq: 101 }));
			await publish(await claimOne());
			assert.equal((await acceptOne(put('a', 'B', { sourceId: 's2', epoch: 'e', seq: 1 }))).kind, 'accepted');
		});

		it('fences every call of a lost lease (3, 4)', async () => {
			await accept(put('a', 'A'));
			const slow = await claimOne();
			now += 59_000;
			assert.deepEqual(await store.renew([slow.lease], now + 60_000), [true]);
			now += 59_000;
			assert.deepEqual(await claim(), [], 'a renewed lease holds');
			now += 2_000;
			const taker = await claimOne();
			assert.deepEqual(await store.renew([slow.lease], now + 60_000), [false]);
			assert.deepEqual(await store.recordIntent([{ lease: slow.lease, added: [chunk(9)], uncertain: [] }]), [
				false,
			]);
			assert.deepEqual(await store.commit([committing(slow)], now), [false]);
			assert.deepEqual(
				await store.release([{ lease: slow.lease, retryAt: now, counted: true, error: null }], now),
				[false],
			);
			assert.deepEqual(
				await store.deadLetter([{ lease: slow.lease, error: { code: 'x', message: 'x' }, present: [] }], now),
				[false],
			);
			await publish(taker, chunk(1));
		});

		it('retries after a pause, counts, and shows why (2, 8)', async () => {
			const change = put('a', 'A');
			await accept(change);
			const claimed = await claimOne();
			const error = { code: 'index_unavailable', message: 'no answer' };
			await store.release([{ lease: claimed.lease, retryAt: now + 2_000, counted: true, error }], now);
			const receipt = await store.job(change.jobId);
			assert.equal(receipt?.state, 'retrying');
			assert.deepEqual(receipt?.error, error);
			assert.deepEqual(await claim(), []);
			assert.equal(await store.nextDueAt(), now + 2_000);
			now += 2_000;
			const second = await claimOne();
			assert.equal(second.attempts, 1);
			await publish(second, chunk(1));
			assert.equal(await stateOf(change.jobId), 'published');
			assert.equal((await store.document('acme', 'a'))?.error, null);
		});

		it('keeps a dead letter with its body until it is retried or replaced (7)', async () => {
			const change = put('a', 'poison');
			await accept(change);
			const claimed = await claimOne();
			await store.recordIntent([{ lease: claimed.lease, added: [chunk(1)], uncertain: [] }]);
			const error = { code: 'unreadable', message: 'not text' };
			await store.deadLetter([{ lease: claimed.lease, error, present: [] }], now);
			assert.equal(await stateOf(change.jobId), 'failed');
			const document = await store.document('acme', 'a');
			assert.deepEqual([document?.state, document?.error, document?.orphans], ['failed', error, 0]);
			assert.deepEqual(await claim(), []);
			assert.deepEqual((await store.jobs({ state: 'failed', limit: 10 })).length, 1);
			assert.equal(await store.retry(change.jobId, now), 'waiting');
			assert.equal(await store.retry(change.jobId, now), 'not_failed');
			const again = await claimOne();
			assert.equal(Buffer.from(again.content?.body as Uint8Array).toString(), 'poison');
			await store.deadLetter([{ lease: again.lease, error, present: [] }], now);
			assert.equal(
				(await acceptOne(put('a', 'poison'))).kind,
				'accepted',
				'the same bytes again are a new try',
			);
		});

		it('cancels only what waits', async () => {
			await accept(put('a', 'A'));
			await publish(await claimOne(), chunk(1));
			const b = put('a', 'B', { windowMs: 500 });
			await accept(b);
			assert.equal(await store.cancel(b.jobId, now), true);
			assert.equal(await stateOf(b.jobId), 'canceled');
			now += 1_000;
			assert.deepEqual(await claim(), []);
			assert.equal(
				(await acceptOne(put('a', 'A'))).kind,
				'unchanged',
				'the published content is what is wanted again',
			);
			assert.equal((await acceptOne(put('a', 'B'))).kind, 'accepted');
			const claimed = await claimOne();
			assert.equal(await store.cancel(claimed.jobId, now), false);
		});

		it('claims high before normal before low, and starves nobody', async () => {
			await accept(put('low', 'x', { priority: 'low' }));
			now += 1;
			await accept(put('normal', 'x'), put('high', 'x', { priority: 'high' }));
			assert.deepEqual(
				(await claim()).map((one) => one.docId),
				['high', 'normal', 'low'],
			);
			await accept(put('old', 'x', { priority: 'low' }));
			let turns = 0;
			for (let docId = ''; docId !== 'old'; turns += 1) {
				await accept(put(`new ${turns}`, 'x', { priority: 'high' }));
				docId = (await claim(1))[0]?.docId ?? '';
			}
			assert.ok(turns <= patience + 1, `after ${turns} turns`);
		});

		it('claims high before normal ones that are as old, but not before those that wait for longer', async () => {
			await accept(put('old', 'x'));
			now += 300;
			await accept(put('normal', 'x'));
			await accept(put('high', 'x', { priority: 'high' }));
			assert.deepEqual(
				(await claim()).map((one) => one.docId),
				['old', 'high', 'normal'],
			);
		});

		it('claims in turn for each tenant, whoever came first (4)', async () => {
			await accept(...Array.from({ length: 50 }, (_, n) => put(`b${n}`, 'x', { tenant: 'bulk' })));
			await accept(put('edit', 'x', { tenant: 'live' }), put('edit 2', 'x', { tenant: 'live' }));
			const order = (await claim(6)).map((one) => one.docId);
			assert.deepEqual(order, ['b0', 'edit', 'b1', 'edit 2', 'b2', 'b3']);
			assert.equal((await claim()).length, 46);
			assert.deepEqual(await claim(), []);
		});

		it('leaves room for others where it is told what is in work (4)', async () => {
			const inWork = [{ tenant: 'bulk', class: 2 as const, documents: 5, bytes: 0 }];
			const request = { now, limit: 3, maxBytes: 1_000, leaseMs: 60_000, inWork, mayExceed: false };
			await accept(
				...Array.from({ length: 9 }, (_, n) => put(`b${n}`, 'x', { tenant: 'bulk', priority: 'low' })),
			);
			const first = await store.claim(request);
			assert.deepEqual(
				first.map((one) => [one.docId, one.class]),
				[['b0', 2]],
				'three times what is left free, and no more',
			);
			assert.ok(((await store.nextDueAt()) ?? Infinity) <= now, 'more is waiting');
			await accept(
				put('edit', 'x', { tenant: 'bulk' }),
				put('large', 'y'.repeat(2_000), { tenant: 'other' }),
				put('behind', 'x', { tenant: 'other' }),
			);
			assert.deepEqual(
				(await store.claim({ ...request, limit: 2, inWork: [{ ...inWork[0]!, documents: 6 }] })).map(
					(one) => one.docId,
				),
				['edit'],
			);
			assert.deepEqual(
				(await store.claim({ ...request, mayExceed: true, inWork: [] })).map((one) => one.docId),
				['large'],
			);
		});

		it('counts how far the documents of a tenant are, as they move', async () => {
			const of = async (tenant: string | null) => {
				const { documents, pending, failed, doneLately, failedLately } = await store.progress(tenant, now);
				return [documents, pending, failed, doneLately, failedLately];
			};
			assert.deepEqual(await of('acme'), [0, 0, 0, 0, 0]);
			await accept(put('a', 'x'), put('b', 'x'), put('c', 'x'), put('d', 'x', { tenant: 'other' }));
			assert.deepEqual(
				[await of('acme'), await of(null)],
				[
					[3, 3, 0, 0, 0],
					[4, 4, 0, 0, 0],
				],
			);
			const [a, d, b] = await claim();
			assert.ok(a && b && d?.tenant === 'other');
			await publish(a, chunk(1));
			await store.deadLetter(
				[{ lease: b.lease, error: { code: 'unreadable', message: 'no' }, present: [] }],
				now,
			);
			assert.deepEqual(await of('acme'), [3, 1, 1, 1, 1]);
			await accept(del('a'));
			assert.deepEqual(await of('acme'), [3, 2, 1, 1, 1]);
			const [gone] = await claim();
			assert.ok(gone);
			await publish(gone);
			assert.deepEqual(await of('acme'), [2, 1, 1, 2, 1]);
			now += 70_000;
			assert.deepEqual(await of('acme'), [2, 1, 1, 0, 0]);
			if (made.reopen !== undefined) {
				store = await made.reopen();
				assert.deepEqual(
					[await of('acme'), await of('other')],
					[
						[2, 1, 1, 0, 0],
						[1, 1, 0, 0, 0],
					],
				);
			}
		});

		it('takes a lease that ran out for what it is, in a queue that had nothing left (4)', async () => {
			await accept(
				put('a', 'x', { priority: 'low' }),
				put('later', 'x', { priority: 'low', windowMs: 90_000, maxWaitMs: 90_000 }),
			);
			const [first] = await claim();
			assert.deepEqual(await claim(), []);
			assert.equal(await store.nextDueAt(), now + 60_000);
			assert.ok(first);
			now += 50_000;
			assert.deepEqual(await store.renew([first.lease], now + 60_000), [true]);
			now += 20_000;
			assert.deepEqual(await claim(), [], 'renewed');
			now += 25_000;
			assert.deepEqual(
				(await claim()).map((one) => one.docId),
				['later'],
			);
			now += 20_000;
			assert.deepEqual(
				(await claim()).map((one) => one.docId),
				['a'],
			);
			assert.deepEqual(await store.renew([first.lease], now + 60_000), [false]);
		});

		it('claims by count and by bytes, the first document whatever its size', async () => {
			await accept(...Array.from({ length: 10 }, (_, n) => put(`d${n}`, 'x'.repeat(100))));
			const sizes = [];
			for (const maxBytes of [1, 250]) {
				sizes.push((await store.claim({ now, limit: 100, maxBytes, leaseMs: 60_000 })).length);
			}
			assert.deepEqual(sizes, [1, 3]);
			assert.equal((await claim(4)).length, 4);
			assert.equal((await claim()).length, 2);
		});

		it('claims no more large documents than it is asked for, and others past them', async () => {
			const large = (docId: string) =>
				put(docId, docId, { content: { sha256: hex(1), size: 5_000_000, body: docId } });
			await accept(large('l1'), large('l2'), put('small', 'S'), large('l3'));
			const names = async (mostLarge?: number) => {
				const bounds = { now, limit: 9, maxBytes: 1e9, leaseMs: 60_000 };
				const claimed = await store.claim({ ...bounds, ...(mostLarge !== undefined && { mostLarge }) });
				return claimed.map(({ docId }) => docId).toSorted();
			};
			assert.deepEqual(await names(1), ['l1', 'small']);
			await accept(put('another', 'A'));
			assert.deepEqual(await names(0), ['another']);
			assert.ok(((await store.nextDueAt()) ?? Infinity) <= now, 'what waits for room is ready');
			assert.deepEqual(await names(), ['l2', 'l3']);
		});

		it('refuses what would exceed the bounds, but always takes a change to what already waits', async () => {
			const limits = { maxPending: 2, maxPendingBytes: 1_000 };
			const kinds = async (...changes: Change[]) =>
				(await store.accept(changes, now, limits)).map((result) => result.kind);
			assert.deepEqual(await kinds(put('a', 'x'), put('b', 'x'), put('c', 'x')), [
				'accepted',
				'accepted',
				'full',
			]);
			assert.deepEqual(await kinds(put('a', 'y')), ['accepted']);
			await publish((await claim(1))[0] as Claimed);
			assert.deepEqual(await kinds(put('d', 'x'.repeat(1_001))), ['full']);
			assert.deepEqual(await kinds(put('d', 'x'.repeat(900))), ['accepted']);
		});

		it('takes no more of a tenant than the allowance, in order, and lets nothing overtake what it left (12)', async () => {
			const same = put('same', 'one');
			await accept(same);
			const tenants = new Map([
				['acme', 2],
				['zero', 0],
			]);
			const sent = [
				put('same', 'one'),
				put('a', 'one'),
				put('x', 'one', { tenant: 'zero' }),
				del('never'),
				put('b', 'one'),
				put('c', 'one'),
				put('same', 'one'),
				del('a'),
				put('y', 'one', { tenant: 'unnamed' }),
			];
			const results = await store.accept(sent, now, { ...noLimits, allowance: { tenants } });
			assert.deepEqual(
				results.map(({ kind }) => kind),
				[
					'unchanged',
					'accepted',
					'limited',
					'unchanged',
					'accepted',
					'limited',
					'limited',
					'limited',
					'limited',
				],
			);
			assert.equal(await store.document('acme', 'c'), null, 'what was left has left nothing');
			assert.equal((await store.jobs({ limit: 100 })).length, 5);
			const again = await store.accept(sent.slice(5), now, noLimits);
			assert.deepEqual(
				again.map(({ kind }) => kind),
				['accepted', 'unchanged', 'unchanged', 'accepted'],
			);
		});

		it('keeps no more contents than it may, however they come to be larger', async () => {
			const limits = { maxPending: 100, maxPendingBytes: 100 };
			const kind = async (change: Change) => (await store.accept([change], now, limits))[0]?.kind;
			assert.equal(await kind(put('a', 'x')), 'accepted');
			assert.equal(await kind(put('b', 'x')), 'accepted');
			assert.equal(await kind(put('a', 'x'.repeat(70))), 'accepted', 'there is room for it');
			assert.equal(
				await kind(put('b', 'x'.repeat(40))),
				'full',
				'what waits may be replaced, but not grow so far',
			);
			assert.equal((await store.stats()).pendingBytes, 71);
			const small = await claim();
			assert.equal(small.length, 2);
			assert.equal((await store.stats()).pendingBytes, 71, 'what is worked on is kept as well');
			assert.equal(await kind(put('a', 'y')), 'accepted', 'something smaller is always taken');
			assert.equal(await kind(del('b')), 'accepted');
			assert.equal(await store.pendingBytes(), 1);
		});

		it('leaves room for others where one tenant fills it', async () => {
			const limits = { maxPending: 8, maxPendingBytes: 1_000 };
			const kinds = async (tenant: string) =>
				(
					await store.accept(
						Array.from({ length: 8 }, (_, n) => put(`${n}`, 'x', { tenant })),
						now,
						limits,
					)
				).filter(({ kind }) => kind === 'accepted').length;
			assert.equal(await kinds('greedy'), 6);
			assert.equal(await kinds('other'), 2);
			const large = put('large', 'x'.repeat(900), { tenant: 'third' });
			const [first] = await store.accept([large], now, { ...limits, maxPending: 100 });
			const more = put('more', 'x', { tenant: 'third' });
			const [second] = await store.accept([more], now, { ...limits, maxPending: 100 });
			assert.deepEqual([first?.kind, second?.kind], ['accepted', 'full']);
		});

		it('counts what it holds', async () => {
			await accept(put('a', 'xx'), put('b', 'yyy'), del('never'));
			await publish((await claim(1))[0] as Claimed, chunk(1), chunk(2));
			const stats = await store.stats();
			assert.equal(stats.documents, 1);
			assert.equal(stats.chunks, 2);
			assert.equal(stats.pending, 1);
			assert.equal(stats.pendingBytes, 3);
			assert.equal(stats.oldestPendingAt, now);
			assert.deepEqual(Object.fromEntries(Object.entries(stats.jobs).filter(([, count]) => count > 0)), {
				accepted: 1,
				published: 1,
				unchanged: 1,
			});
		});

		it('lists documents and receipts by page and filter', async () => {
			const meta = (author: string) =>
				writeMeta({ mimeType: 'text/plain', path: null, title: null, metadata: { author } });
			await accept(
				...['b', 'a', 'c/1', 'c/2'].map((docId) => put(docId, docId, { meta: meta(`by ${docId[0]}`) })),
			);
			await accept(put('a', 'other', { tenant: 'umbrella', meta: meta('by c') }));
			const ids = async (more: object) =>
				(await store.documents({ tenant: 'acme', limit: 10, ...more })).map((one) => one.docId);
			assert.deepEqual(await ids({}), ['a', 'b', 'c/1', 'c/2']);
			assert.deepEqual(await ids({ prefix: 'c/' }), ['c/1', 'c/2']);
			assert.deepEqual(await ids({ after: 'b', limit: 1 }), ['c/1']);
			assert.deepEqual(await ids({ state: 'published' }), []);
			const like = (given: object) => ids({ filter: parseFilter(given) });
			assert.deepEqual(await like({ docId: { prefix: 'c/' }, not: { docId: 'c/1' } }), ['c/2']);
			assert.deepEqual(await like({ author: 'by c', mimeType: 'text/plain' }), ['c/1', 'c/2']);
			assert.deepEqual(await like({ publishedAt: { exists: true } }), []);
			assert.deepEqual(await ids({ filter: parseFilter({ docId: ['a', 'c/2'] }), after: 'a' }), ['c/2']);
			const all = await store.jobs({ tenant: 'acme', limit: 10 });
			assert.deepEqual(
				all.map((job) => job.docId),
				['c/2', 'c/1', 'a', 'b'],
			);
			const page = await store.jobs({ tenant: 'acme', limit: 10, after: all[1]?.jobId ?? '' });
			assert.deepEqual(
				page.map((job) => job.docId),
				['a', 'b'],
			);
			await accept(put('a', 'again'));
			assert.deepEqual(
				(await store.jobs({ tenant: 'acme', docId: 'a', limit: 10 })).map((job) => job.state),
				['accepted', 'superseded'],
			);
			assert.deepEqual(await store.jobs({ state: 'failed', limit: 10 }), []);
		});

		it('lists documents and receipts by each state, in pages of any size, with what a lease makes of them', async () => {
			const names = Array.from({ length: 12 }, (_, n) => `d${String(n).padStart(2, '0')}`);
			await accept(...names.map((docId) => put(docId, docId)), put('d00', 'x', { tenant: 'umbrella' }));
			const wanted = new Map<string, string>();
			for (const claimed of await claim()) {
				if (claimed.tenant !== 'acme') continue;
				const n = Number(claimed.docId.slice(1));
				const { lease } = claimed;
				const error = { code: 'x', message: 'x' };
				const state = (['published', 'processing', 'retrying', 'failed', 'accepted', 'deleted'] as const)[
					n % 6
				];
				assert.ok(state);
				wanted.set(claimed.docId, state);
				if (state === 'published' || state === 'deleted') await publish(claimed, chunk(n));
				if (state === 'retrying') await store.release([{ lease, retryAt: now, counted: true, error }], now);
				if (state === 'failed') await store.deadLetter([{ lease, error, present: [] }], now);
				if (state === 'accepted')
					await store.release([{ lease, retryAt: now, counted: false, error: null }], now);
			}
			await accept(del('d05'), del('d11'));
			for (const claimed of await claim()) {
				if (claimed.op === 'delete') await publish(claimed);
				else await store.release([{ lease: claimed.lease, retryAt: now, counted: false, error: null }], now);
			}
			for (const state of new Set(wanted.values()) as Set<DocumentState['state']>) {
				const expected = names.filter((docId) => wanted.get(docId) === state);
				for (const limit of [1, 2, 50]) {
					const found: string[] = [];
					for (let after = ''; ; after = found.at(-1) ?? '') {
						const page = await store.documents({ tenant: 'acme', state, limit, after });
						assert.ok(page.every((one) => one.state === state));
						found.push(...page.map(({ docId }) => docId));
						if (page.length < limit) break;
					}
					assert.deepEqual(found, expected, `documents, ${state}, pages of ${limit}`);
					for (const tenant of ['acme', undefined]) {
						const jobs: Job[] = [];
						for (let after: string | undefined; ; after = jobs.at(-1)?.jobId) {
							const filter = { state, limit, ...(tenant !== undefined && { tenant }) };
							const page = await store.jobs({ ...filter, ...(after !== undefined && { after }) });
							jobs.push(...page);
							if (page.length < limit) break;
						}
						const others = state === 'published' ? ['d05', 'd11'] : [];
						const own = jobs.filter((job) => job.tenant === 'acme').map(({ docId }) => docId);
						assert.deepEqual(own.toSorted(), [...expected, ...others].toSorted(), `receipts, ${state}`);
						assert.ok(
							jobs.every((job, at) => job.state === state && job.jobId > (jobs[at + 1]?.jobId ?? '')),
						);
					}
				}
			}
			const all = await store.jobs({ tenant: 'acme', limit: 50 });
			assert.equal(all.length, 14);
			assert.deepEqual(
				(await store.documents({ tenant: 'acme', state: 'processing', prefix: 'd07', limit: 9 })).map(
					({ docId }) => docId,
				),
				['d07'],
			);
		});

		const move = (from: string, to: string, text: string, more: Partial<Change> = {}): Change =>
			put(to, text, { previous: { jobId: nextJob(), tenant: 'acme', docId: from }, ...more });
		const publishedAs = async (docId: string, ...chunks: ManifestChunk[]) => {
			await accept(put(docId, docId));
			await publish(await claimOne(), ...chunks);
		};
		const statesOf = async (...docIds: string[]) =>
			Promise.all(docIds.map(async (docId) => (await store.document('acme', docId))?.state));

		it('a move is a put and a deletion that waits for it, each with a receipt (13)', async () => {
			await publishedAs('old', chunk(1), chunk(2));
			const change = move('old', 'new', 'old');
			const result = await acceptOne(change);
			assert.equal(result.kind, 'accepted');
			assert.ok('previous' in result && result.previous?.kind === 'accepted');
			assert.equal(result.previous.jobId, change.previous?.jobId);
			now += 60_000;
			const claimed = await claimOne();
			assert.equal(claimed.docId, 'new', 'the deletion waits');
			const [leaving, ...more] = claimed.moveSources;
			assert.deepEqual(more, []);
			assert.deepEqual([leaving?.tenant, leaving?.docId, leaving?.fingerprint], ['acme', 'old', 'f1']);
			assert.deepEqual(
				(await store.entriesOf(leaving?.doc ?? 0, null, 9)).map(({ pointId }) => pointId),
				[1, 2].map(pointOf),
			);
			const only = {
				now,
				limit: 1,
				maxBytes: Infinity,
				leaseMs: 60_000,
				onlyDeletionsOf: [leaving?.doc ?? 0],
			};
			assert.deepEqual(await store.claim(only), [], 'asked for, it waits all the same');
			await publish(claimed, chunk(3), chunk(4));
			await accept(put('other', 'x', { priority: 'high' }));
			const [deletion] = await store.claim(only);
			assert.deepEqual(
				[deletion?.docId, deletion?.op],
				['old', 'delete'],
				'before anything else that is due',
			);
			await publish(deletion as Claimed);
			assert.equal(await stateOf(change.previous?.jobId ?? ''), 'deleted');
			assert.deepEqual(await statesOf('old', 'new'), ['deleted', 'published']);
		});

		it('a move is taken as a whole or not at all (13)', async () => {
			await accept(put('theirs', 'x', { sourceId: 's1', epoch: 'e', seq: 1 }));
			const refused = await acceptOne(move('theirs', 'new', 'x'));
			assert.ok(refused.kind === 'owned');
			assert.deepEqual([refused.owner, refused.of], ['s1', 'previous']);
			assert.equal(await stateOf(refused.jobId), 'failed');
			const limits = { maxPending: 2, maxPendingBytes: 1_000 };
			await publish(await claimOne(), chunk(1));
			const full = { ...move('theirs', 'new', 'x', { sourceId: 's1', epoch: 'e', seq: 2 }) };
			await accept(put('waits', 'x'));
			assert.deepEqual(await store.accept([full], now, limits), [{ kind: 'full' }]);
			assert.deepEqual(await statesOf('theirs', 'new'), ['published', undefined]);
			const [taken] = await store.accept([full], now, { ...limits, maxPending: 3 });
			assert.equal(taken?.kind, 'accepted');
		});

		it('what left before its successor was in goes on waiting where that goes (13)', async () => {
			await publishedAs('a', chunk(1));
			await accept(move('a', 'b', 'a'));
			await accept(move('b', 'c', 'a'));
			assert.deepEqual(await statesOf('a', 'b', 'c'), ['accepted', 'deleted', 'accepted']);
			const c = await claimOne();
			assert.deepEqual([c.docId, c.moveSources.length], ['c', 1]);
			await publish(c, chunk(2));
			const a = await claimOne();
			assert.equal(a.docId, 'a');
			await publish(a);
			assert.deepEqual(await statesOf('a', 'b', 'c'), ['deleted', 'deleted', 'published']);
		});

		it('there and back is no work and no loss (13)', async () => {
			await publishedAs('a', chunk(1));
			const there = move('a', 'b', 'a');
			await accept(there);
			const back = await acceptOne(move('b', 'a', 'a'));
			assert.equal(back.kind, 'unchanged');
			assert.deepEqual(await claim(), []);
			assert.deepEqual(await statesOf('a', 'b'), ['published', 'deleted']);
			assert.deepEqual(
				[await stateOf(there.jobId), await stateOf(there.previous?.jobId ?? '')],
				['superseded', 'superseded'],
			);
		});

		it('a deletion is given up with its successor, and goes when that is in at last (8, 13)', async () => {
			await publishedAs('old', chunk(1));
			const change = move('old', 'new', 'poison');
			const deletion = change.previous?.jobId ?? '';
			await accept(change);
			const error = { code: 'unreadable', message: 'not text' };
			const bury = async () =>
				store.deadLetter([{ lease: (await claimOne()).lease, error, present: [] }], now);
			await bury();
			assert.deepEqual(await statesOf('old', 'new'), ['failed', 'failed']);
			const receipt = await store.job(deletion);
			assert.deepEqual([receipt?.state, receipt?.error?.code], ['failed', 'successor_failed']);
			assert.equal((await store.chunks('acme', 'old')).length, 1, 'what is published stays');
			assert.deepEqual(await claim(), []);
			assert.equal((await store.stats()).failed, 2);
			assert.equal(await store.retry(change.jobId, now), 'waiting');
			await bury();
			assert.deepEqual(await claim(), []);
			await accept(put('new', 'good at last'));
			await publish(await claimOne(), chunk(2));
			assert.equal(await stateOf(deletion), 'accepted');
			await publish(await claimOne());
			assert.equal(await stateOf(deletion), 'deleted');
			assert.deepEqual(await statesOf('old', 'new'), ['deleted', 'published']);
			assert.equal((await store.stats()).failed, 0);
		});

		it('a deletion that was given up with its successor can be asked for by itself (13)', async () => {
			await publishedAs('old', chunk(1));
			const change = move('old', 'new', 'poison');
			await accept(change);
			const error = { code: 'unreadable', message: 'not text' };
			await store.deadLetter([{ lease: (await claimOne()).lease, error, present: [] }], now);
			assert.equal(await store.retry(change.previous?.jobId ?? '', now), 'waiting');
			const deletion = await claimOne();
			assert.equal(deletion.docId, 'old');
			await publish(deletion);
			assert.deepEqual(await statesOf('old', 'new'), ['deleted', 'failed']);
		});

		it('a deletion is canceled with its successor, and goes with one that is deleted (13)', async () => {
			await publishedAs('a', chunk(1));
			const canceled = move('a', 'b', 'a');
			await accept(canceled);
			assert.equal(await store.cancel(canceled.jobId, now), true);
			assert.equal(await stateOf(canceled.previous?.jobId ?? ''), 'canceled');
			assert.deepEqual(await statesOf('a', 'b'), ['published', 'deleted']);
			assert.deepEqual(await claim(), []);
			await accept(move('a', 'b', 'a'));
			await accept(del('b'));
			const claimed = await claimOne();
			assert.equal(claimed.docId, 'a');
			await publish(claimed);
			assert.deepEqual(await statesOf('a', 'b'), ['deleted', 'deleted']);
		});

		it('a name that is used again is not deleted (13)', async () => {
			await publishedAs('a', chunk(1));
			const change = move('a', 'b', 'a');
			await accept(change);
			await accept(put('a', 'another'));
			assert.equal(await stateOf(change.previous?.jobId ?? ''), 'superseded');
			const claimed = await claim();
			assert.deepEqual(claimed.map((one) => `${one.op} ${one.docId}`).toSorted(), ['put a', 'put b']);
			for (const [n, one] of claimed.entries()) await publish(one, chunk(n + 5));
			assert.deepEqual(await statesOf('a', 'b'), ['published', 'published']);
		});

		it('a move that comes late leads to where the content has gone since (G3, 13)', async () => {
			const at = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });
			await accept(put('a', 'a', at(1)));
			await publish(await claimOne(), chunk(1));
			await accept(move('b', 'c', 'a', at(3)));
			const late = await acceptOne(move('a', 'b', 'a', at(2)));
			assert.equal(late.kind, 'stale');
			assert.ok('previous' in late && late.previous?.kind === 'accepted');
			const c = await claimOne();
			assert.deepEqual([c.docId, c.moveSources.length], ['c', 1], 'a waits for c');
			await publish(c, chunk(2));
			await publish(await claimOne());
			assert.deepEqual(await statesOf('a', 'b', 'c'), ['deleted', 'deleted', 'published']);
		});

		it('two names that were left for each other, told late, are both gone (13)', async () => {
			const at = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });
			await accept(put('b', 'x', at(1)));
			await publish(await claimOne(), chunk(1));
			await accept(move('b', 'a', 'x', at(5)));
			await accept(del('b', at(7)));
			await accept(move('a', 'b', 'x', at(6)));
			for (let round = 0; round < 5; round += 1) for (const one of await claim()) await publish(one);
			assert.deepEqual(await statesOf('a', 'b'), ['deleted', 'deleted']);
			assert.equal((await store.stats()).pending, 0);
		});

		it('replaces the manifest: kept, added, removed, reordered (6)', async () => {
			await accept(put('a', 'A'));
			await publish(await claimOne(), chunk(1), chunk(2), chunk(3));
			await accept(put('a', 'B'));
			const claimed = await claimOne();
			assert.deepEqual(
				claimed.manifest.map((line) => line.pointId),
				[1, 2, 3].map(pointOf),
			);
			await store.recordIntent([{ lease: claimed.lease, added: [chunk(4, 'a0')], uncertain: [] }]);
			assert.equal((await store.document('acme', 'a'))?.orphans, 1);
			await store.commit([committing(claimed, chunk(4, 'a0'), chunk(3), chunk(1, 'a9'))], now);
			assert.deepEqual(await store.chunks('acme', 'a'), [chunk(4, 'a0'), chunk(3), chunk(1, 'a9')]);
		});

		it('keeps a large body as a file until its generation is settled (7)', async () => {
			const bytes = Buffer.alloc(300_000, 'large ');
			const written = await store.writeBlob(
				(async function* () {
					yield bytes.subarray(0, 100_000);
					yield bytes.subarray(100_000);
				})(),
			);
			assert.equal(written.size, bytes.length);
			const change = put('a', '', {
				content: { sha256: written.sha256, size: written.size, body: { blob: written.blob } },
			});
			await accept(change);
			const claimed = await claimOne();
			const body = claimed.content?.body;
			assert.ok(body !== undefined && 'file' in body);
			await accept(put('a', 'newer'));
			assert.deepEqual(
				await readFile(body.file),
				bytes,
				'a newer change does not take the body from under the worker',
			);
			await publish(claimed, chunk(1));
			await assert.rejects(readFile(body.file), 'settled: the bytes are gone');
		});

		it('drops a blob only where no change names it, and no worker reads it', async () => {
			const write = async () => {
				const bytes = Buffer.alloc(100_000, 'large ');
				return store.writeBlob(
					(async function* () {
						yield bytes;
					})(),
				);
			};
			const [kept, unused] = [await write(), await write()];
			const { blob, sha256, size } = kept;
			await accept(put('a', '', { content: { sha256, size, body: { blob } } }));
			await store.dropBlob(blob);
			await store.dropBlob(unused.blob);
			const claimed = await claimOne();
			const body = claimed.content?.body;
			assert.ok(body !== undefined && 'file' in body);
			assert.equal((await readFile(body.file)).length, size);
			await assert.rejects(readFile(join(dirname(body.file), unused.blob)), { code: 'ENOENT' });
			await accept(put('a', 'newer'));
			await store.dropBlob(blob);
			assert.equal((await readFile(body.file)).length, size, 'read under the lease');
		});

		it('keeps the bodies of many changes at once until each is settled or superseded (7)', async () => {
			const textOf = (n: number) => `${n} naïve 索引 `.repeat(500 + n);
			const sha256 = (content: string | Uint8Array) => hash('sha256', content, 'hex');
			const docId = (n: number) => `d${String(n).padStart(2, '0')}`;
			const batch = (from: number, count: number) =>
				Array.from({ length: count }, (_, n) => {
					const body = textOf(from + n);
					return put(docId(n), '', {
						content: { sha256: sha256(body), size: Buffer.byteLength(body), body },
					});
				});
			const read = (claimed: readonly Claimed[]) =>
				claimed.map(({ docId: id, content }) => [id, sha256(content?.body as Uint8Array)]);
			const expected = (from: number, first: number, last: number) =>
				Array.from({ length: last - first }, (_, n) => [docId(first + n), sha256(textOf(from + first + n))]);
			await accept(...batch(0, 40));
			const old = await claim(10);
			assert.deepEqual(read(old), expected(0, 0, 10));
			await accept(...batch(100, 20));
			if (made.reopen === undefined) for (const one of old) await publish(one);
			else store = await made.reopen();
			const claimed = (await claim()).toSorted((a, b) => (a.docId < b.docId ? -1 : 1));
			assert.deepEqual(read(claimed), [...expected(100, 0, 20), ...expected(0, 20, 40)]);
			for (const one of claimed) await publish(one);
			assert.deepEqual(await claim(), []);
		});

		it('sweeps old receipts and tombstones, and nothing else', async () => {
			const ofSource = (text: string, seq: number) => put('d', text, { sourceId: 's', epoch: 'e', seq });
			await accept(put('a', 'A'), put('b', 'B'), put('failed', 'F'), ofSource('D', 5));
			await accept(ofSource('it ends before the one that it comes after', 4));
			now += 1_000;
			for (const claimed of await claim()) {
				if (claimed.docId === 'failed')
					await store.deadLetter(
						[{ lease: claimed.lease, error: { code: 'x', message: 'x' }, present: [] }],
						now,
					);
				else await publish(claimed, chunk(claimed.lease.doc));
			}
			await accept(put('a', 'A2'), del('b'));
			for (const claimed of await claim()) await publish(claimed);
			now += 8 * 86_400_000;
			await accept(put('c', 'C'));
			const week = { now, tombstoneMs: 30 * 86_400_000, jobMs: 7 * 86_400_000, limit: 1_000 };
			assert.deepEqual(await store.sweep(week), { jobs: 3, tombstones: 0, isMore: false });
			assert.equal((await store.stats()).jobs['published'], 1);
			now += 30 * 86_400_000;
			assert.deepEqual(await store.sweep({ ...week, now }), { jobs: 1, tombstones: 1, isMore: false });
			assert.equal(await store.document('acme', 'b'), null);
			assert.equal((await store.document('acme', 'a'))?.state, 'published');
			assert.equal((await store.document('acme', 'failed'))?.state, 'failed');
			assert.equal((await claimOne()).docId, 'c');
		});

		it('leaves a future that a wrong clock wrote: nothing waits for it, and nothing is older for it', async () => {
			const present = now;
			await accept(del('deleted'));
			now = Date.UTC(2099, 0, 1);
			await accept(put('waits', 'W', { windowMs: 5_000 }), put('old', 'O'));
			const [first] = await claim();
			assert.ok(first);
			await publish(first);
			await accept(put('new', 'N', { previous: { jobId: nextJob(), tenant: 'acme', docId: 'old' } }));
			now = present + 60_000;
			await store.leaveFuture(now);
			assert.equal(await store.highestTime(), now);
			assert.deepEqual((await claim()).map(({ docId }) => docId).toSorted(), ['new', 'waits']);
			assert.ok(((await store.document('acme', 'old'))?.published?.at ?? Infinity) <= now);
			const month = { now, tombstoneMs: 30 * 86_400_000, jobMs: 7 * 86_400_000, limit: 100 };
			assert.deepEqual(await store.sweep(month), { jobs: 0, tombstones: 0, isMore: false });
			assert.deepEqual(await store.sweep({ ...month, now: now + 8 * 86_400_000, tombstoneMs: Infinity }), {
				jobs: 1,
				tombstones: 0,
				isMore: false,
			});
		});

		it('a receipt stays its document’s: no key is used again after a sweep or a restart', async () => {
			const sweep = async () => {
				now += 31 * 86_400_000;
				const month = { now, tombstoneMs: 30 * 86_400_000, jobMs: 7 * 86_400_000, limit: 1_000 };
				assert.equal((await store.sweep(month)).tombstones, 1);
			};
			const receipts: string[] = [];
			const keys = new Set<number>();
			for (const docId of ['first', 'second', 'third']) {
				await accept(put(docId, docId));
				const published = await claimOne();
				keys.add(published.lease.doc);
				await publish(published);
				const deletion = del(docId);
				receipts.push(deletion.jobId);
				await accept(deletion);
				await publish(await claimOne());
				await sweep();
				if (docId === 'first' && made.reopen !== undefined) store = await made.reopen();
			}
			assert.equal(keys.size, 3);
			await accept(put('another tenant’s', 'X', { tenant: 'other' }));
			for (const jobId of receipts) assert.equal(await store.job(jobId), null);
			assert.equal((await store.jobs({ tenant: 'other', limit: 10 })).length, 1);
		});

		it('sweeps in steps until nothing is left, whatever ended first, and counts what is left', async () => {
			const day = 86_400_000;
			const request = () => ({ now, tombstoneMs: 30 * day, jobMs: 7 * day, limit: 3 });
			const sweepAll = async () => {
				const sum = { jobs: 0, tombstones: 0, steps: 0 };
				for (let isMore = true; isMore; sum.steps += 1) {
					const swept = await store.sweep(request());
					assert.ok(swept.jobs <= 6 && swept.tombstones <= 3, 'a step is small');
					sum.jobs += swept.jobs;
					sum.tombstones += swept.tombstones;
					isMore = swept.isMore;
				}
				return sum;
			};
			// Of one document a receipt for each save; of others one each, which stays as long as they do.
			for (let save = 0; save < 20; save += 1) await accept(put('saved again', `v${save}`));
			await accept(...Array.from({ length: 10 }, (_, n) => put(`d${n}`, 'x')));
			const late = put('late', 'x', { sourceId: 's', epoch: 'e', seq: 5 });
			await accept(late, put('late', 'earlier', { sourceId: 's', epoch: 'e', seq: 4 }));
			now += 1_000;
			for (const claimed of await claim()) await publish(claimed, chunk(claimed.lease.doc));
			now += 8 * day;
			const first = await sweepAll();
			assert.deepEqual([first.jobs, first.tombstones], [20, 0]);
			assert.ok(first.steps > 5);
			assert.equal(await store.job(late.jobId), null, 'it ended after the one that came late');
			assert.equal((await store.jobs({ limit: 100 })).length, 12);
			assert.deepEqual(
				await sweepAll(),
				{ jobs: 0, tombstones: 0, steps: 1 },
				'what stays is not looked at again',
			);
			if (made.reopen !== undefined) {
				store = await made.reopen();
				assert.deepEqual(await sweepAll(), { jobs: 0, tombstones: 0, steps: 1 }, 'nor after a start');
			}
			// A receipt that stayed as the newest goes when the one after it is old.
			await accept(put('d1', 'y'), put('saved again', 'w'));
			for (const claimed of await claim()) await publish(claimed, chunk(claimed.lease.doc));
			await accept(...Array.from({ length: 10 }, (_, n) => del(`d${n}`)));
			for (const claimed of await claim()) await publish(claimed);
			now += 8 * day;
			assert.deepEqual(await sweepAll().then(({ jobs }) => jobs), 12);
			now += 30 * day;
			const { jobs, tombstones } = await sweepAll();
			assert.deepEqual([jobs, tombstones], [10, 10], 'the newest receipt of a deletion goes with it');
			const left = (await store.jobs({ limit: 100 })).map(({ docId }) => docId);
			assert.deepEqual(left, ['saved again', 'late']);
			const counted = Object.entries((await store.stats()).jobs).filter(([, count]) => count > 0);
			assert.deepEqual(counted.toSorted(), [['published', 1], ['stale', 1]]); // prettier-ignore
		});

		it('lists what a source wants published, by key, and what an earlier epoch told last', async () => {
			const of = (epoch: string, change: Change): Change => ({ ...change, sourceId: 's', epoch });
			await accept(of('one', put('a', 'A')), of('one', put('b', 'B')), of('one', put('gone', 'G')));
			await accept(put('of another', 'X'), of('two', put('a', 'A')), of('two', del('gone')));
			const page = (after: number, limit = 10) =>
				store.sourceDocuments({ sourceId: 's', epoch: 'two', after, limit });
			const [a, b, ...more] = await page(0);
			assert.deepEqual(more, []);
			assert.deepEqual(
				[a, b].map((one) => [one?.tenant, one?.docId, one?.isEarlier]),
				[
					['acme', 'a', false],
					['acme', 'b', true],
				],
			);
			assert.deepEqual(await page(0, 1), [a]);
			assert.deepEqual(await page(a?.doc ?? 0), [b]);
			const round = { sourceId: 's', epoch: 'one', after: 0, limit: 10 };
			const below = async (belowSeq: number) =>
				(await store.sourceDocuments({ ...round, belowSeq })).map(({ isEarlier }) => isEarlier);
			await accept({ ...of('one', put('b', 'B2')), seq: 7 });
			assert.deepEqual(
				[await below(7), await below(8)],
				[
					[false, false],
					[false, true],
				],
			);
		});

		it('lists tenants in order, each once, in pages', async () => {
			const of = (tenant: string, docId: string): Change => ({ ...put(docId, docId), tenant });
			await accept(of('b', '1'), of('a', '1'), of('b', '2'), of('B', '1'), of('a.b', '1'));
			assert.deepEqual(await store.tenants({ after: '', limit: 10 }), ['B', 'a', 'a.b', 'b']);
			assert.deepEqual(await store.tenants({ after: '', limit: 2 }), ['B', 'a']);
			assert.deepEqual(await store.tenants({ after: 'a', limit: 2 }), ['a.b', 'b']);
			assert.deepEqual(await store.tenants({ after: 'b', limit: 2 }), []);
		});

		it('a refusal is a failed receipt beside its document, which it does not move (11)', async () => {
			const from = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });
			await accept(put('a', 'A', from(1)));
			await publish(await claimOne(), chunk(1));
			const waiting = put('a', 'A2', from(2));
			await accept(waiting);
			const before = await store.document('acme', 'a');
			const stats = await store.stats();
			const refused = refusal('a');
			const owned = put('b', 'mine');
			await accept(put('b', 'B', from(1)));
			assert.deepEqual(await accept(refused, owned), [
				{ kind: 'refused', jobId: refused.jobId },
				{ kind: 'owned', jobId: owned.jobId, owner: 's' },
			]);
			assert.deepEqual(await store.document('acme', 'a'), before);
			assert.deepEqual(await store.job(refused.jobId), {
				...{ jobId: refused.jobId, tenant: 'acme', docId: 'a', op: 'put', state: 'failed', version: 0 },
				...{ acceptedAt: now, updatedAt: now, attempts: 1, supersededBy: null, detail: null },
				error: refused.refused,
				charged: 0,
				refused: true,
			});
			assert.equal((await store.job(owned.jobId))?.error?.code, 'owned');
			assert.equal((await store.job(owned.jobId))?.refused, true);
			assert.equal((await store.job(waiting.jobId))?.refused, false);
			const history = await store.jobs({ tenant: 'acme', docId: 'a', limit: 10 });
			assert.deepEqual(
				history.map(({ jobId }) => jobId),
				[refused.jobId, waiting.jobId, before?.published?.jobId],
			);
			assert.equal((await store.stats()).failed, stats.failed, 'no document has failed');
			assert.equal((await store.stats()).jobs.failed, 2);
			for (const jobId of [refused.jobId, owned.jobId]) {
				assert.equal(await store.retry(jobId, now), 'not_failed');
				assert.equal(await store.cancel(jobId, now), false);
			}
			const claimed = await claim();
			assert.deepEqual(
				claimed.map((one) => [one.docId, one.version]),
				[
					['a', before?.version],
					['b', claimed[1]?.version],
				],
			);
		});

		it('a refusal needs no document, and stands in every list in its place (11)', async () => {
			const first = refusal('never.xyz');
			const between = put('a', 'A');
			const other = refusal('never.xyz', 'no such type', { tenant: 'other' });
			await accept(first, between, other);
			assert.equal(await store.document('acme', 'never.xyz'), null);
			const ids = async (filter: Parameters<DocStore['jobs']>[0]) =>
				(await store.jobs(filter)).map(({ jobId }) => jobId);
			assert.deepEqual(await ids({ limit: 10 }), [other.jobId, between.jobId, first.jobId]);
			assert.deepEqual(await ids({ tenant: 'acme', limit: 10 }), [between.jobId, first.jobId]);
			assert.deepEqual(await ids({ state: 'failed', limit: 1 }), [other.jobId]);
			assert.deepEqual(await ids({ state: 'failed', after: other.jobId, limit: 9 }), [first.jobId]);
			assert.deepEqual(await ids({ tenant: 'acme', docId: 'never.xyz', limit: 9 }), [first.jobId]);
			assert.deepEqual(await ids({ tenant: 'acme', docId: 'never.xyz', state: 'stale', limit: 9 }), []);
			assert.deepEqual(await ids({ tenant: 'acme', docId: 'never.xyz', after: first.jobId, limit: 9 }), []);
			assert.deepEqual(await store.tenants({ after: '', limit: 9 }), ['acme'], 'it makes no tenant');
		});

		it('a refusal stands until something else of its document is taken (11)', async () => {
			const standing = async (tenant: string | null) => {
				const { count, newest } = await store.refusals(tenant);
				return [count, newest?.jobId ?? null, newest?.error?.message ?? null];
			};
			assert.deepEqual(await standing(null), [0, null, null]);
			await accept(put('a', 'A'));
			const first = refusal('a');
			const second = refusal('never.xyz', 'too large');
			const other = refusal('a', 'no such type', { tenant: 'other' });
			await accept(first, second, other);
			assert.deepEqual(await standing(null), [3, other.jobId, 'no such type']);
			assert.deepEqual(await standing('acme'), [2, second.jobId, 'too large']);
			await accept(put('never.xyz', 'now it is text'));
			assert.deepEqual(await standing('acme'), [1, first.jobId, 'no such type']);
			assert.deepEqual(await standing('nobody'), [0, null, null]);
		});

		it('of a document the newest refusal stays; the same one again keeps its receipt (11)', async () => {
			const [one, same, another, gone] = [
				refusal('a'),
				refusal('a'),
				refusal('a', 'too large'),
				refusal('a', 'too large', { op: 'delete' }),
			];
			await accept(one);
			now += 1_000;
			assert.deepEqual(await accept(same), [{ kind: 'refused', jobId: one.jobId }]);
			const kept = await store.job(one.jobId);
			assert.deepEqual([kept?.attempts, kept?.updatedAt, kept?.acceptedAt], [2, now, now - 1_000]);
			assert.equal(await store.job(same.jobId), null);
			await accept(another);
			assert.deepEqual([await store.job(one.jobId), await stateOf(another.jobId)], [null, 'failed']);
			await accept(gone);
			assert.deepEqual([await store.job(another.jobId), await stateOf(gone.jobId)], [null, 'failed']);
			assert.equal((await store.stats()).jobs.failed, 1);
			// What was mended and broke again is news.
			await accept(put('a', 'mended'));
			const again = refusal('a', 'too large', { op: 'delete' });
			assert.deepEqual(await accept(again), [{ kind: 'refused', jobId: again.jobId }]);
			assert.equal(await store.job(gone.jobId), null);
		});

		it('keeps the newest refusals, however many come (11)', async () => {
			const many = (tenant: string, count: number) =>
				Array.from({ length: count }, (_, n) => refusal(`${n}.xyz`, 'no such type', { tenant }));
			const [first, second, ...rest] = many('loud', 1_002);
			assert.ok(first && second);
			const quiet = refusal('quiet.xyz', 'no such type', { tenant: 'quiet' });
			await accept(quiet, first, second, ...rest);
			const kept = async () => (await store.stats()).jobs.failed;
			assert.equal(await kept(), 1_001);
			assert.deepEqual([await store.job(first.jobId), await store.job(second.jobId)], [null, null]);
			assert.equal(await stateOf(quiet.jobId), 'failed', 'one tenant pushes out its own');
			for (let n = 0; n < 10; n += 1) await accept(...many(`t${n}`, 1_000));
			assert.equal(await kept(), 10_000);
			assert.equal(await store.job(quiet.jobId), null, 'the oldest of all is gone');
			if (made.reopen === undefined) return;
			store = await made.reopen();
			await accept(refusal('one more'));
			assert.equal(await kept(), 10_000, 'counted anew after a start');
		});

		it('sweeps old refusals, and counts what is left (11)', async () => {
			const old = refusal('a');
			await accept(old);
			now += 8 * 86_400_000;
			const young = refusal('b');
			await accept(young);
			const week = { now, tombstoneMs: 30 * 86_400_000, jobMs: 7 * 86_400_000, limit: 1_000 };
			assert.deepEqual(await store.sweep(week), { jobs: 1, tombstones: 0, isMore: false });
			assert.deepEqual([await store.job(old.jobId), await stateOf(young.jobId)], [null, 'failed']);
			assert.deepEqual(await accept(refusal('a', 'again')).then(([it]) => it?.kind), 'refused');
			assert.equal((await store.stats()).jobs.failed, 2);
		});

		it('takes hundreds of changes at the same time', async () => {
			const results = await Promise.all(
				Array.from({ length: 300 }, (_, n) => store.accept([put(`d${n % 50}`, `v${n}`)], now, noLimits)),
			);
			assert.equal(results.flat().filter((result) => result.kind === 'accepted').length, 300);
			assert.equal((await claim()).length, 50);
		});

		if (!isDurable) return;

		describe('mending', () => {
			const published = async (docId: string, ...chunks: readonly ManifestChunk[]) => {
				await accept(put(docId, `text of ${docId}`));
				const [claimed] = await claim();
				assert.ok(claimed);
				await publish(claimed, ...chunks);
				return claimed;
			};

			/** All are certain. */
			const entriesOf = async (doc: number) =>
				(await store.entriesOf(doc, null, 100)).map(({ pointId, isCertain }) => {
					assert.ok(isCertain);
					return pointId;
				});

			it('holds a document against claims until it is let go of (M1)', async () => {
				const { version } = await published('a', chunk(1), chunk(2));
				const held = await store.hold('acme', 'a');
				assert.ok(held);
				assert.deepEqual(
					[held.version, held.published?.version, held.isInterrupted],
					[version, version, false],
				);
				assert.ok(held.doc !== null);
				assert.deepEqual(await entriesOf(held.doc), [pointOf(1), pointOf(2)]);
				assert.deepEqual(
					(await store.entriesOf(held.doc, pointOf(1), 9)).map(({ pointId }) => pointId),
					[pointOf(2)],
				);
				assert.deepEqual(await store.texts(held.doc, [pointOf(2), pointOf(3)]), [chunk(2)]);
				await accept(put('a', 'newer'), put('b', 'other'));
				const [other, ...more] = await claim();
				assert.deepEqual([other?.docId, more.length], ['b', 0]);
				await store.endHold('acme', 'a');
				assert.deepEqual(
					(await claim()).map(({ docId }) => docId),
					['a'],
				);
			});

			it('waits for the lease that is on a document, and lets no other begin (M1)', async () => {
				await published('a', chunk(1));
				await accept(put('a', 'second'));
				const [leased] = await claim();
				assert.ok(leased);
				assert.equal(await store.hold('acme', 'a'), null);
				await accept(put('a', 'third'));
				await store.recordIntent([{ lease: leased.lease, added: [chunk(2)], uncertain: [pointOf(1)] }]);
				await store.commit([committing(leased, chunk(2))], now);
				assert.deepEqual(await claim(), []);
				const held = await store.hold('acme', 'a');
				assert.deepEqual(await entriesOf(held?.doc ?? 0), [pointOf(2)]);
				await store.endHold('acme', 'a');
				assert.equal((await claim()).length, 1);
			});

			it('holds what it does not know, too', async () => {
				const held = await store.hold('acme', 'never');
				assert.deepEqual([held?.doc, held?.version, held?.published], [null, 0, null]);
				await accept(put('never', 'now it is'));
				assert.deepEqual(await claim(), []);
				await store.endHold('acme', 'never');
				assert.equal((await claim()).length, 1);
			});

			it('tallies what the index must hold, with what is under way (M4)', async () => {
				const tally = async () => {
					const [own] = await store.tally(['acme']);
					assert.ok(own !== undefined);
					return own;
				};
				await published('a', chunk(1), chunk(2));
				now += 1;
				const { version } = await published('b', chunk(3));
				const before = await tally();
				const latest = { docId: 'b', version, chunks: 1, at: now };
				assert.deepEqual(before, { tenant: 'acme', least: 3, most: 3, moved: before.moved, latest });
				assert.deepEqual(
					(await store.tally(['nobody', 'acme'])).map(({ tenant, most }) => [tenant, most]),
					[['nobody', 0], ['acme', 3]], // prettier-ignore
				);
				await accept(put('b', 'second'));
				const [leased] = await claim();
				assert.ok(leased);
				await store.recordIntent([{ lease: leased.lease, added: [chunk(4), chunk(5)], uncertain: [] }]);
				const during = await tally();
				assert.deepEqual([during.least, during.most, during.latest], [2, 5, null]);
				await store.commit([committing(leased, chunk(4))], now);
				const after = await tally();
				assert.deepEqual([after.least, after.most, after.latest?.chunks], [3, 3, 1]);
				assert.ok(before.moved < during.moved && during.moved < after.moved);
				assert.ok(during.most - before.most <= during.moved - before.moved);
			});

			it('goes on with its tally after a restart, in order or not', async () => {
				if (made.reopen === undefined) return;
				await published('a', chunk(1), chunk(2));
				await accept(put('b', 'half'));
				const [leased] = await claim();
				assert.ok(leased);
				await store.recordIntent([{ lease: leased.lease, added: [chunk(4)], uncertain: [] }]);
				const [before] = await store.tally(['acme']);
				assert.deepEqual([before?.least, before?.most, before?.latest?.docId], [2, 3, 'a']);
				store = await made.reopen();
				assert.deepEqual(await store.tally(['acme']), [{ ...before, moved: 0 }]);
			});

			it('remembers notes, until they are forgotten (M3)', async () => {
				assert.equal(await store.marker('x'), null);
				await store.setMarker('x', 'one');
				await store.setMarker('x', 'two');
				assert.equal(await store.marker('x'), 'two');
				await store.setMarker('x', null);
				assert.equal(await store.marker('x'), null);
			});
		});

		it('ends the receipt of a lost lease also where nothing is left to be claimed', async () => {
			assert.ok(made.reopen);
			const lost = [put('back', 'A'), put('canceled', 'A')];
			await accept(...lost);
			assert.equal((await claim()).length, 2);
			const behind = [del('back'), del('canceled')];
			await accept(...behind);
			store = await made.reopen();
			const [, canceled] = behind;
			assert.equal(await store.cancel(canceled?.jobId ?? '', now), true);
			await accept(put('back', 'B'));
			const last = del('back');
			assert.equal((await acceptOne(last)).kind, 'unchanged');
			assert.deepEqual(await claim(), []);
			assert.deepEqual(
				await Promise.all(lost.map(async ({ jobId }) => (await store.job(jobId))?.supersededBy)),
				[last.jobId, canceled?.jobId],
			);
			assert.deepEqual((await store.stats()).jobs['accepted'] ?? 0, 0);
		});

		it('keeps everything over a crash but the leases (1, 4, 5, 8)', async () => {
			assert.ok(made.reopen);
			const a = put('a', 'A');
			const b = put('b', 'B');
			await accept(a, b);
			const [first, second] = await claim();
			assert.ok(first && second);
			await store.recordIntent([{ lease: first.lease, added: [chunk(1)], uncertain: [] }]);
			const newer = put('b', 'B2');
			const refused = refusal('a');
			await accept(newer, refused);
			store = await made.reopen();
			assert.equal((await store.job(refused.jobId))?.error?.code, 'unsupported_type');
			assert.equal(await store.highestTime(), now);
			assert.deepEqual(await store.commit([committing(first, chunk(1))], now), [false], 'leases are void');
			const again = await claim();
			assert.deepEqual(
				again.map((one) => [one.docId, one.jobId, one.orphans]),
				[
					['a', a.jobId, [pointOf(1)]],
					['b', newer.jobId, []],
				],
			);
			assert.equal(await stateOf(b.jobId), 'superseded', 'no receipt is left behind');
			for (const claimed of again) await publish(claimed, chunk(2));
			assert.equal((await acceptOne(put('a', 'A'))).kind, 'unchanged');
		});

		it('keeps a move over a crash: the deletion waits for its successor still (13)', async () => {
			assert.ok(made.reopen);
			await publishedAs('old', chunk(1));
			const change = move('old', 'new', 'old');
			await accept(change);
			const first = await claimOne();
			await store.recordIntent([{ lease: first.lease, added: [chunk(2)], uncertain: [] }]);
			store = await made.reopen();
			now += 60_000;
			const again = await claimOne();
			assert.deepEqual([again.docId, again.moveSources.length], ['new', 1]);
			await publish(again, chunk(2));
			store = await made.reopen();
			const deletion = await claimOne();
			assert.equal(deletion.docId, 'old');
			await publish(deletion);
			assert.equal(await stateOf(change.previous?.jobId ?? ''), 'deleted');
		});
	});
}
