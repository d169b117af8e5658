import assert from 'node:assert/strict';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed, Lease } from '../../api/ports/work-claims.ts';
import type { ManifestChunk, StoredEntry } from '../../api/domain/manifest.ts';
import { del, put, type DocStoreMaker } from './doc-store.ts';

/** What the document store does for documents that are planned and committed in pieces, against one adapter. */
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
const leaseMs = 60_000;
const pointOf = (n: number) => `00000000-0000-5000-8000-${n.toString(16).padStart(12, '0')}`;
const hashOf = (n: number) => n.toString(16).padStart(64, '0');
const orderOf = (n: number) => `a${String(n).padStart(6, '0')}`;
const chunk = (n: number, order = orderOf(n)): ManifestChunk => ({
	pointId: pointOf(n),
	hash: hashOf(n),
	order,
	heading: null,
	page: n,
	text: `text ${n}`,
});
const chunks = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => chunk(from + at));
/** As `lines` has them: by point id. */
const stored = (n: number, isCertain: boolean, order = orderOf(n)): StoredEntry => ({
	pointId: pointOf(n),
	hash: hashOf(n),
	order,
	isCertain,
});

export function testLargeDocuments(
	name: string,
	make: DocStoreMaker,
	{ isDurable }: { readonly isDurable: boolean },
): void {
	describe(`large documents: ${name}`, () => {
		let made: Awaited<ReturnType<DocStoreMaker>>;
		let store: DocStore;
		let now = 0;
		beforeEach(async () => {
			made = await make();
			store = made.store;
			now = 1_767_225_600_000;
		});
		afterEach(() => made.dispose());

		async function claim(): Promise<Claimed> {
			const [claimed] = await store.claim({ now, limit: 10, maxBytes: Infinity, leaseMs });
			assert.ok(claimed !== undefined);
			return claimed;
		}
		async function begin(text: string | null): Promise<Claimed> {
			await store.accept([text === null ? del('a') : put('a', text)], now, noLimits);
			return claim();
		}
		const intend = async (lease: Lease, added: readonly ManifestChunk[], unsettled: readonly number[] = []) =>
			assert.deepEqual(await store.recordIntent([{ lease, added, uncertain: unsettled.map(pointOf) }]), [
				true,
			]);
		const commit = async (lease: Lease) =>
			(await store.commit([{ lease, manifest: 'intended', title: 'T', detail: {} }], now))[0];
		const publish = async (text: string, list: readonly ManifestChunk[]) => {
			const { lease } = await begin(text);
			await intend(lease, list);
			assert.equal(await commit(lease), true);
			return lease;
		};
		const ids = (list: readonly { readonly pointId: string }[]) => list.map(({ pointId }) => pointId);
		async function allLines(lease: Lease, limit: number): Promise<StoredEntry[]> {
			const found: StoredEntry[] = [];
			for (let after: string | null = null; ;) {
				const page = await store.entries(lease, after, limit);
				assert.ok(page.length <= limit);
				found.push(...page);
				if (page.length < limit) return found;
				after = page.at(-1)?.pointId ?? null;
			}
		}

		it('commits what was intended and not forgotten, with its texts, in the order of the keys', async () => {
			const { lease } = await begin('one');
			await intend(lease, [chunk(3), chunk(1)]);
			await intend(lease, [chunk(2, 'b'), chunk(4), chunk(1)]);
			assert.equal(await store.forget(lease, [pointOf(4), pointOf(9)]), true);
			assert.equal(await commit(lease), true);
			assert.deepEqual(await store.chunks('acme', 'a'), [chunk(1), chunk(3), chunk(2, 'b')]);
			const document = await store.document('acme', 'a');
			assert.deepEqual(
				[document?.state, document?.published?.chunks, document?.published?.title, document?.orphans],
				['published', 3, 'T', 0],
			);
			assert.equal((await store.stats()).chunks, 3);
			assert.equal(await commit(lease), false, 'once');
		});

		it('shows the chunks of a document page by page, in the order of the keys', async () => {
			const { lease } = await begin('one');
			// Two with one key, as an attempt leaves them: neither is passed over.
			await intend(lease, [...chunks(0, 7), chunk(8, chunk(3).order)]);
			await commit(lease);
			const whole = await store.chunks('acme', 'a');
			assert.deepEqual(
				(await store.manifest('acme', 'a')).map(({ order }) => order),
				whole.map(({ order }) => order),
			);
			for (const limit of [1, 3, 8]) {
				const found: typeof whole = [];
				for (;;) {
					const last = found.at(-1) ?? null;
					const page = await store.chunks('acme', 'a', { after: last, limit });
					assert.ok(page.length <= limit);
					found.push(...page);
					if (page.length < limit) break;
				}
				assert.deepEqual(found, whole);
			}
			for (const [at, after] of whole.entries()) {
				const before = await store.chunks('acme', 'a', { after, limit: 3, isBackwards: true });
				assert.deepEqual(before, whole.slice(Math.max(0, at - 3), at).reverse());
			}
		});

		it('counts on every line after the commit, tidied or not', async () => {
			const { doc } = await publish('one', chunks(0, 5));
			for (const isTidied of [false, true]) {
				if (isTidied) assert.equal(await store.tidyEntries(doc, null, 100), null);
				const claimed = await begin(isTidied ? 'three' : 'two');
				assert.deepEqual(ids(claimed.manifest), [0, 1, 2, 3, 4].map(pointOf));
				assert.deepEqual([claimed.orphans, claimed.isInterrupted, claimed.isPaged], [[], false, false]);
				assert.ok((await store.entries(claimed.lease, null, 10)).every(({ isCertain }) => isCertain));
				await store.release([{ lease: claimed.lease, retryAt: now, counted: false, error: null }], now);
			}
		});

		it('a repair and a move see every line after the commit, tidied or not', async () => {
			const { doc } = await publish('one', chunks(0, 5));
			for (const isTidied of [false, true]) {
				if (isTidied) assert.equal(await store.tidyEntries(doc, null, 100), null);
				const found = await store.entriesOf(doc, null, 10);
				assert.deepEqual(found, [0, 1, 2, 3, 4].map((n) => stored(n, true))); // prettier-ignore
				assert.deepEqual(await store.texts(doc, [pointOf(3), pointOf(9)]), [chunk(3)]);
			}
		});

		it('a dead letter before its intent leaves what is published, tidied or not', async () => {
			// So many that no claim tidies them.
			const many = 20_001;
			const first = await begin('one');
			for (let from = 0; from < many; from += 5_000)
				await intend(first.lease, chunks(from, Math.min(many, from + 5_000)));
			assert.equal(await commit(first.lease), true);
			const { lease } = await begin('two');
			const error = { code: 'unreadable', message: 'it cannot be read' } as const;
			assert.deepEqual(await store.deadLetter([{ lease, error, present: [] }], now), [true]);
			assert.equal((await store.manifest('acme', 'a')).length, many);
			assert.equal((await store.document('acme', 'a'))?.published?.chunks, many);
		});

		it('tidies in slices, and changes nothing that is seen', async () => {
			const { doc } = await publish('one', chunks(0, 7));
			const before = [await store.chunks('acme', 'a'), await store.document('acme', 'a')];
			let after: string | null = null;
			let slices = 0;
			do {
				after = await store.tidyEntries(doc, after, 3);
				slices += 1;
				assert.ok(slices < 10, 'it comes to an end');
			} while (after !== null);
			assert.ok(slices >= 3);
			assert.deepEqual([await store.chunks('acme', 'a'), await store.document('acme', 'a')], before);
			assert.equal(await store.tidyEntries(doc + 1_000, null, 3), null, 'no such document');
		});

		it('tidies nothing of an attempt that is under way: what may stray stays known', async () => {
			const { doc } = await publish('one', chunks(0, 2));
			const { lease } = await begin('two');
			await intend(lease, [chunk(7)], [1]);
			await store.tidyEntries(doc, null, 100);
			assert.deepEqual(await store.orphans(lease), { fresh: [pointOf(7)], uncertain: [pointOf(1)] });
		});

		it('shows lines page by page, and which of them are certain', async () => {
			await publish('one', chunks(0, 6));
			const { lease } = await begin('two');
			await intend(lease, [], []);
			await intend(lease, [chunk(6), chunk(7)], [2, 4]);
			const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => stored(n, ![2, 4, 6, 7].includes(n)));
			for (const limit of [1, 3, 8, 100])
				assert.deepEqual(await allLines(lease, limit), expected, `${limit}`);
		});

		it('gives lines that stay other keys, in what the next claim and the manifest show', async () => {
			await publish('one', chunks(0, 3));
			const { lease } = await begin('two');
			await intend(lease, [], []);
			const moved = { pointId: pointOf(0), order: 'z' };
			assert.equal(await store.reorder(lease, [moved, { pointId: pointOf(99), order: 'b' }]), true);
			assert.deepEqual((await store.entries(lease, null, 1))[0], stored(0, true, 'z'));
			assert.equal(await commit(lease), true);
			assert.deepEqual(ids(await store.chunks('acme', 'a')), [1, 2, 0].map(pointOf));
			const again = await begin('three');
			assert.deepEqual(
				again.manifest.map(({ order }) => order),
				[orderOf(1), orderOf(2), 'z'],
			);
		});

		it('changes nothing under a lease that was lost, and says so', async () => {
			await publish('one', chunks(0, 3));
			const { lease } = await begin('two');
			await intend(lease, [chunk(5)]);
			now += leaseMs + 1;
			const next = await claim();
			assert.equal(next.isInterrupted, true);
			const before = await allLines(next.lease, 10);
			assert.deepEqual(await store.entries(lease, null, 10), []);
			assert.equal(await store.forget(lease, [pointOf(0)]), false);
			assert.equal(await store.reorder(lease, [{ pointId: pointOf(0), order: 'z' }]), false);
			assert.equal(await commit(lease), false);
			assert.deepEqual(await allLines(next.lease, 10), before);
		});

		it('a newer change that came meanwhile is the next generation, over the whole manifest', async () => {
			const { lease } = await begin('one');
			await intend(lease, chunks(0, 3));
			await store.accept([put('a', 'two')], now, noLimits);
			assert.equal(await commit(lease), true);
			const next = await claim();
			assert.deepEqual(ids(next.manifest), [0, 1, 2].map(pointOf));
			assert.equal(next.isInterrupted, false);
		});

		it('an attempt that ended half way is known to the next, which forgets or takes over what it left', async () => {
			await publish('one', chunks(0, 4));
			const first = await begin('two');
			await intend(first.lease, [chunk(4), chunk(5)], [0]);
			await intend(first.lease, [], [1]);
			assert.equal(await store.forget(first.lease, [pointOf(1)]), true);
			await store.release([{ lease: first.lease, retryAt: now, counted: true, error: null }], now);
			const { lease, manifest, orphans, isInterrupted } = await claim();
			assert.equal(isInterrupted, true);
			assert.deepEqual(ids(manifest), [2, 3].map(pointOf));
			assert.deepEqual(orphans.toSorted(), [0, 4, 5].map(pointOf));
			await intend(lease, [chunk(4), chunk(0)], []);
			assert.equal(await store.forget(lease, [pointOf(5)]), true);
			assert.equal(await commit(lease), true);
			assert.deepEqual(ids(await store.chunks('acme', 'a')), [0, 2, 3, 4].map(pointOf));
		});

		it('a deletion in pieces ends without a line', async () => {
			await publish('one', chunks(0, 5));
			const { lease } = await begin(null);
			for (const part of [
				[0, 1, 2],
				[3, 4],
			]) {
				await intend(lease, [], part);
				assert.equal(await store.forget(lease, part.map(pointOf)), true);
			}
			assert.equal(await commit(lease), true);
			const document = await store.document('acme', 'a');
			assert.deepEqual([document?.state, document?.published, document?.orphans], ['deleted', null, 0]);
			assert.equal((await store.stats()).chunks, 0);
		});

		it('a document with too many lines for a claim is read in pages: published, or left half way', async () => {
			const many = 20_001;
			const { lease } = await begin('one');
			for (let from = 0; from < many; from += 5_000)
				await intend(lease, chunks(from, Math.min(many, from + 5_000)));
			await store.release([{ lease, retryAt: now, counted: false, error: null }], now);
			const half = await claim();
			assert.deepEqual([half.isPaged, half.manifest.length, half.orphans.length], [true, 0, 0]);
			assert.equal((await allLines(half.lease, 7_000)).filter(({ isCertain }) => isCertain).length, 0);
			assert.equal(await commit(half.lease), true);
			const whole = await begin('two');
			assert.deepEqual([whole.isPaged, whole.manifest.length, whole.orphans.length], [true, 0, 0]);
			const lines = await allLines(whole.lease, 7_000);
			assert.deepEqual([lines.length, lines.every(({ isCertain }) => isCertain)], [many, true]);
			await intend(whole.lease, [], [0]);
			assert.equal(await store.forget(whole.lease, [pointOf(0)]), true);
			assert.equal(await commit(whole.lease), true);
			assert.equal((await begin('three')).isPaged, false, 'at the bound it travels with the claim');
		});

		if (!isDurable) return;
		it('what was done in pieces is there after a crash', async () => {
			assert.ok(made.reopen);
			await publish('one', chunks(0, 4));
			const { lease } = await begin('two');
			await intend(lease, [chunk(4)], [0]);
			assert.equal(await store.forget(lease, [pointOf(0)]), true);
			assert.equal(await store.reorder(lease, [{ pointId: pointOf(3), order: 'a' }]), true);
			store = await made.reopen();
			now += leaseMs;
			const next = await claim();
			assert.equal(next.isInterrupted, true);
			assert.deepEqual(ids(next.manifest), [3, 1, 2].map(pointOf));
			assert.deepEqual(next.orphans, [pointOf(4)]);
			assert.equal(await commit(next.lease), true);
			store = await made.reopen();
			assert.deepEqual(ids(await store.chunks('acme', 'a')), [3, 1, 2, 4].map(pointOf));
		});
	});
}
