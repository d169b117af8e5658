import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fuse, type Lists } from '../../../api/pipeline/search/fuse.ts';
import type { Hit } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const hit = (id: string, score = 0.5, docId = `doc of ${id}`, version = 1): Hit => ({
	id,
	tenant: 'a',
	docId,
	content: `${id} at ${version}`,
	heading: null,
	page: null,
	order: '',
	fields: docFields({ version }),
	score,
});
const ids = (hits: readonly Hit[]) => hits.map(({ id }) => id);
const scores = (lists: Lists) =>
	fuse(lists, { limit: 10 }).map(({ id, score }) => [id, Math.round(score * 1e6) / 1e6]);

/** A list as a search may give it: points belong to a document for good, versions may differ between lists. */
const list = fc
	.uniqueArray(
		fc.record({
			point: fc.nat(12),
			version: fc.integer({ min: 1, max: 3 }),
			score: fc.double({ min: 0, max: 1, noNaN: true }),
		}),
		{ selector: ({ point }) => point },
	)
	.map((found) =>
		found
			.map(({ point, version, score }) => hit(`p${point}`, score, `d${point % 4}`, version))
			.sort((a, b) => b.score - a.score),
	);

describe('fuse', () => {
	it('takes .35 of the cosine and .65 of the share of the words', () => {
		const lists = { dense: [hit('x', 0.8), hit('y', 0.4)], sparse: [hit('y', 0.6), hit('z', 0.2)] };
		// z is nowhere near in meaning: no nearer than the last that is.
		assert.deepEqual(scores(lists), [['y', 0.53], ['x', 0.28], ['z', 0.27]]); // prettier-ignore
	});

	it('gives a list that is asked alone all of the score, and none to a cosine below zero', () => {
		assert.deepEqual(scores({ dense: null, sparse: [hit('x', 0.6)] }), [['x', 0.6]]);
		assert.deepEqual(scores({ dense: [hit('x', 0.6), hit('y', -0.2)], sparse: null }), [['x', 0.6], ['y', 0]]); // prettier-ignore
		assert.deepEqual(scores({ dense: [hit('x', 1.000001)], sparse: null }), [['x', 1]]);
		assert.deepEqual(scores({ dense: [], sparse: [] }), []);
	});

	it('gives words alone no meaning where the vector found nothing, and the lowest one where its hit was not wanted', () => {
		const sparse = [hit('x', 0.2)];
		assert.deepEqual(scores({ dense: [], sparse }), [['x', 0.13]]);
		assert.deepEqual(scores({ dense: [hit('y', 0.9)], sparse, lowest: 0.4 }), [['y', 0.315], ['x', 0.27]]); // prettier-ignore
	});

	it('orders equal scores by id, and keeps to the limit', () => {
		const lists = { dense: [hit('b'), hit('c')], sparse: [] };
		assert.deepEqual(ids(fuse(lists, { limit: 10 })), ['b', 'c']);
		assert.deepEqual(ids(fuse({ ...lists, dense: lists.dense.toReversed() }, { limit: 1 })), ['b']);
	});

	it('keeps of each document only its highest version, and knows how low the list went', () => {
		const dense = [
			hit('old', 0.9, 'd', 1),
			hit('new', 0.8, 'd', 2),
			hit('other', 0.4, 'e', 1),
			hit('gone', 0.1, 'd', 1),
		];
		assert.deepEqual(scores({ dense, sparse: [hit('word', 0)] }), [['new', 0.28], ['other', 0.14], ['word', 0.035]]); // prettier-ignore
	});

	it('shows a kept point as it is now, where one list saw it before the update', () => {
		const lists = {
			dense: [hit('kept', 0.5, 'd', 1)],
			sparse: [hit('kept', 0.5, 'd', 2), hit('new', 0.1, 'd', 2)],
		};
		const fused = fuse(lists, { limit: 10 });
		assert.deepEqual(fused.map(({ content }) => content), ['kept at 2', 'new at 2']); // prettier-ignore
		assert.equal(fused[0]?.score, 0.5);
	});

	it('holds for any lists: sorted, from 0 to 1, unique, one version a document, nothing invented', () => {
		fc.assert(
			fc.property(list, list, fc.integer({ min: 1, max: 15 }), (dense, sparse, limit) => {
				const fused = fuse({ dense, sparse }, { limit });
				const all = fuse({ dense, sparse }, { limit: 1_000 });
				assert.deepEqual(fused, all.slice(0, limit));
				assert.equal(new Set(ids(all)).size, all.length);
				const given = [...dense, ...sparse];
				for (const [index, { id, docId, score, fields }] of all.entries()) {
					const before = all[index - 1];
					assert.ok(score >= 0 && score <= 1);
					assert.ok(
						before === undefined || before.score > score || (before.score === score && before.id < id),
					);
					const versions = given.flatMap((each) => (each.docId === docId ? [each.fields.version] : []));
					assert.equal(fields.version, Math.max(...versions));
				}
				// Whatever is left out belongs to a version that is over.
				for (const { id, docId, fields } of given) {
					if (ids(all).includes(id)) continue;
					assert.ok(given.some((each) => each.docId === docId && each.fields.version > fields.version));
				}
			}),
		);
	});

	it('never ranks a point lower for being found by one list more', () => {
		fc.assert(
			fc.property(list, list, (dense, given) => {
				const lower = dense.at(-1);
				if (lower === undefined) return;
				const sparse = given.filter(({ docId }) => docId !== lower.docId);
				const place = (lists: Lists) => ids(fuse(lists, { limit: 100 })).indexOf(lower.id);
				assert.ok(
					place({ dense, sparse: [...sparse, hit(lower.id, 0.1, lower.docId, lower.fields.version)] }) <=
						place({ dense, sparse }),
				);
			}),
		);
	});
});
