import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import type { AcceptResult } from '../../api/domain/accept-result.ts';
import type { Change } from '../../api/domain/change.ts';
import { parseFilter } from '../../api/domain/document-filter.ts';
import { readMeta, writeMeta } from '../../api/domain/meta.ts';
import { writePatch } from '../../api/domain/patch.ts';
import { del, put, type DocStoreMaker } from './doc-store.ts';

/** Promises 17 and 18 of api/ports/doc-store.ts: patches and changes by filter, against one adapter. */
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
const metaOf = (metadata: object) =>
	writeMeta({ mimeType: 'text/plain', path: null, title: null, metadata: { ...metadata } });
const patch = (docId: string, metadata: Record<string, unknown>, more: Partial<Change> = {}): Change => ({
	...del(docId, more),
	op: 'patch',
	meta: writePatch(metadata),
	fingerprint: 'f2',
	...more,
});

export function testPatches(name: string, make: DocStoreMaker, { isDurable }: { isDurable: boolean }): void {
	describe(`patches: ${name}`, () => {
		let made: Awaited<ReturnType<DocStoreMaker>>;
		let store: DocStore;
		let now = 0;
		beforeEach(async () => {
			made = await make();
			store = made.store;
			now = 1_767_225_600_000;
		});
		afterEach(() => made.dispose());

		const accept = (...changes: Change[]) => store.accept(changes, now, noLimits);
		const kinds = (results: readonly AcceptResult[]) => results.map(({ kind }) => kind);
		const claim = async (): Promise<Claimed> => {
			const [claimed] = await store.claim({ now, limit: 1, maxBytes: Infinity, leaseMs: 60_000 });
			assert.ok(claimed);
			return claimed;
		};
		const commit = ({ lease }: Claimed) => store.commit([{ lease, manifest: [], detail: {} }], now);
		const wanted = async (docId: string) => {
			const { meta = '', state } = (await store.document('acme', docId)) ?? {};
			return [state, readMeta(meta).metadata];
		};
		const bytesOf = ({ content }: Claimed) =>
			content === null ? null : 'byteLength' in content.body ? Buffer.from(content.body).toString() : 'file';

		it('of what waits keeps its body and its pipeline, and takes the place of its job', async () => {
			const first = put('a', 'text', { meta: metaOf({ a: 1, b: 1 }) });
			await accept(first);
			const [result] = await accept(patch('a', { b: null, c: 3 }));
			assert.ok(result?.kind === 'accepted' && result.superseded === first.jobId);
			assert.deepEqual(await wanted('a'), ['accepted', { a: 1, c: 3 }]);
			const claimed = await claim();
			assert.deepEqual([claimed.op, bytesOf(claimed), claimed.fingerprint], ['put', 'text', 'f1']);
			assert.equal((await store.job(result.jobId))?.op, 'patch');
		});

		it('of what is published needs no body, and takes no room', async () => {
			await accept(put('a', 'text', { meta: metaOf({ a: 1 }) }));
			await commit(await claim());
			await accept(patch('a', { a: 2 }));
			assert.deepEqual([(await store.stats()).pending, await store.pendingBytes()], [1, 0]);
			const claimed = await claim();
			assert.deepEqual([claimed.op, claimed.content, claimed.fingerprint], ['put', null, 'f1']);
			await commit(claimed);
			const { published } = (await store.document('acme', 'a')) ?? {};
			assert.deepEqual([published?.size, readMeta(published?.meta ?? '').metadata], [4, { a: 2 }]);
			assert.deepEqual(kinds(await accept(put('a', 'text', { meta: metaOf({ a: 2 }) }))), ['unchanged']);
		});

		it('takes its place in the order of its source', async () => {
			const source = { sourceId: 'folder', epoch: 'e1' };
			await accept(put('a', 'text', { ...source, seq: 5, meta: metaOf({}) }));
			const by = (seq: number, n: number) => patch('a', { n }, { ...source, seq });
			assert.deepEqual(kinds(await accept(by(4, 1), by(6, 2), by(6, 2), by(6, 3), patch('a', { n: 4 }))), [
				'stale',
				'accepted',
				'unchanged',
				'stale',
				'owned',
			]);
		});

		it('refuses what is not there and what cannot take it, with a receipt that moves nothing', async () => {
			await accept(put('gone', 'text', { meta: metaOf({}) }), del('gone'));
			await accept(put('full', 'text', { meta: metaOf({ a: 'x'.repeat(10_000) }) }));
			const before = await store.document('acme', 'full');
			const results = await accept(
				patch('never', { a: 1 }),
				patch('gone', { a: 1 }),
				patch('full', { b: 'x'.repeat(10_000) }),
			);
			assert.deepEqual(
				results.map((one) => one.kind === 'unfit' && one.unfit.reason),
				['absent', 'absent', 'too_large'],
			);
			for (const one of results) {
				const job = one.kind === 'unfit' ? await store.job(one.jobId) : null;
				assert.deepEqual([job?.state, job?.op, job?.refused], ['failed', 'patch', true]);
			}
			assert.equal(await store.document('acme', 'never'), null);
			assert.deepEqual(await store.document('acme', 'full'), before);
		});

		it('costs what a put costs, which is given back where it replaces one', async () => {
			await store.grantCredits({ tenant: 'acme', granted: 2 });
			await accept(put('a', 'text', { meta: metaOf({}) }));
			await accept(patch('a', { a: 1 }));
			const { spent, refunded, left } = await store.credits('acme');
			assert.deepEqual([spent, refunded, left], [2, 1, 1]);
			assert.deepEqual(kinds(await accept(patch('a', { a: 2 }), patch('a', { a: 3 }))), ['unpaid', 'unpaid']);
		});

		it('by filter: only what is like it when its turn comes', async () => {
			const where = parseFilter({ team: 'red' }) ?? undefined;
			assert.ok(where);
			const red = { meta: metaOf({ team: 'red' }) };
			await accept(
				put('a', 'text', red),
				put('b', 'text', { meta: metaOf({}) }),
				put('c', 'text', red),
				del('c'),
			);
			const by = { where };
			const asked = [del('a', by), del('b', by), del('c', by), del('never', by), patch('b', { x: 1 }, by)];
			// What only waited is withdrawn.
			assert.deepEqual(kinds(await accept(...asked)), ['unchanged', ...Array<string>(4).fill('unmatched')]);
			const jobs = await store.jobs({ limit: 50 });
			assert.equal(jobs.length, 5, 'what did not match leaves no receipt');
		});

		it('a body that a patch shares with a lease stays until the lease ends', async () => {
			const { blob, ...written } = await store.writeBlob(new Blob(['x'.repeat(70_000)]).stream());
			await accept(put('a', '', { content: { ...written, body: { blob } }, meta: metaOf({}) }));
			const claimed = await claim();
			const { body } = claimed.content ?? {};
			if (body === undefined || !('file' in body)) return assert.ok(!isDurable, 'a blob is a file');
			await accept(patch('a', { a: 1 }));
			await accept(put('a', 'other', { meta: metaOf({}) }));
			assert.equal((await readFile(body.file)).length, 70_000, 'the worker reads it still');
			await commit(claimed);
			await assert.rejects(stat(body.file), 'and then it goes');
			assert.equal(bytesOf(await claim()), 'other');
		});

		it('what waits survives a crash, with and without a body', async function () {
			const { reopen } = made;
			// An adapter in memory ends with its process.
			if (reopen === undefined) return this.skip();
			await accept(put('in', 'text', { meta: metaOf({ a: 1 }) }));
			await commit(await claim());
			await accept(put('waits', 'other', { meta: metaOf({ a: 1 }) }));
			await accept(patch('in', { a: 2 }), patch('waits', { a: 3 }));
			const bytes = await store.pendingBytes();
			await claim();
			store = await reopen();
			assert.deepEqual([(await store.stats()).pending, await store.pendingBytes()], [2, bytes]);
			const found = [await claim(), await claim()].map((one) => [
				one.docId,
				bytesOf(one),
				readMeta(one.meta).metadata,
			]);
			assert.deepEqual(found.sort(), [
				['in', null, { a: 2 }],
				['waits', 'other', { a: 3 }],
			]);
		});
	});
}
