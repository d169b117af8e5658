import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plan, type Plan } from '../../api/domain/chunk-plan.ts';
import type { ManifestEntry } from '../../api/domain/manifest.ts';
import type { Chunk } from '../../api/ports/extractor.ts';

const chunkOf = (letter: string): Chunk => ({
	hash: letter.repeat(64),
	text: letter,
	heading: null,
	page: null,
	terms: letter,
});
const planOf = (letters: string, before: Partial<Parameters<typeof plan>[0]> = {}): Plan =>
	plan({
		tenant: 't',
		docId: 'd',
		chunks: Array.from(letters, chunkOf),
		manifest: [],
		orphans: [],
		canKeep: true,
		...before,
	});
const ids = (lines: readonly { readonly pointId: string }[]) => lines.map(({ pointId }) => pointId);
const letters = fc.string({ unit: fc.constantFrom(...'abcde'), maxLength: 12 });

describe('plan', () => {
	it('a new document: everything enters', () => {
		const { added, kept, gone, manifest } = planOf('abc');
		assert.deepEqual([added.length, kept.length, gone.length], [3, 0, 0]);
		assert.deepEqual(ids(manifest), ids(added));
	});

	it('an edit: only what changed enters, what is left out goes, the rest keeps its id and its place', () => {
		const before = planOf('abcd').manifest;
		const { added, kept, gone, reordered, uncertain } = planOf('axcd', { manifest: before });
		assert.deepEqual([added.length, kept.length, gone.length, reordered.length], [1, 3, 1, 0]);
		assert.deepEqual(gone, [before[1]?.pointId]);
		assert.deepEqual(uncertain, gone);
	});

	it('the same chunk several times is several points', () => {
		const before = planOf('aa').manifest;
		assert.equal(new Set(ids(before)).size, 2);
		const { added, kept } = planOf('aaa', { manifest: before });
		assert.deepEqual([added.length, kept.length], [1, 2]);
	});

	it('with other vectors nothing can be kept, and nobody counts on what is rewritten', () => {
		const before = planOf('abc').manifest;
		const { added, kept, gone, uncertain } = planOf('abd', { manifest: before, canKeep: false });
		assert.deepEqual([added.length, kept.length, gone.length], [3, 0, 1]);
		assert.deepEqual(uncertain.toSorted(), ids(before).toSorted());
	});

	it('after any edit and any abandoned attempt: what shall be there is there, and nothing else', () => {
		fc.assert(
			fc.property(letters, letters, letters, fc.boolean(), (first, abandoned, second, canKeep) => {
				const manifest: readonly ManifestEntry[] = planOf(first).manifest;
				const orphans = ids(planOf(abandoned).manifest).filter((id) => !ids(manifest).includes(id));
				const made = planOf(second, { manifest, orphans, canKeep });
				const wanted = new Set(ids(made.manifest));
				assert.equal(made.manifest.length, second.length);
				assert.equal(wanted.size, second.length, 'no id twice');
				assert.deepEqual(
					made.manifest.map(({ hash }) => hash[0]),
					[...second],
				);
				// Carried out on an index that may hold all of it, the index is the manifest.
				const index = new Set([...ids(manifest), ...orphans]);
				for (const { pointId } of made.added) index.add(pointId);
				for (const id of made.gone) index.delete(id);
				assert.deepEqual([...index].toSorted(), [...wanted].toSorted());
				assert.deepEqual([...ids(made.added), ...made.kept].toSorted(), [...wanted].toSorted());
				for (const id of made.kept)
					assert.ok(ids(manifest).includes(id), 'only what is certainly there is kept');
				assert.deepEqual(
					made.uncertain.toSorted(),
					ids(manifest)
						.filter((id) => !made.kept.includes(id))
						.toSorted(),
				);
				// The new order keys sort as the chunks do, and say which kept ones moved.
				const orders = made.manifest.map(({ order }) => order);
				assert.deepEqual(orders.toSorted(), orders);
				assert.equal(new Set(orders).size, orders.length);
				const before = new Map(manifest.map(({ pointId, order }) => [pointId, order]));
				const moved = made.manifest.filter(
					({ pointId, order }) => made.kept.includes(pointId) && before.get(pointId) !== order,
				);
				assert.deepEqual(
					made.reordered,
					moved.map(({ pointId, order }) => ({ id: pointId, order })),
				);
			}),
			{ numRuns: 500 },
		);
	});
});
