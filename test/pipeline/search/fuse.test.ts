import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fuse } from '../../../api/pipeline/search/fuse.ts';
import type { Hit } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const hit = (id: string, docId = `doc of ${id}`, version = 1): Hit => ({
	id,
	tenant: 'a',
	docId,
	content: `${id} at ${version}`,
	heading: null,
	page: null,
	order: '',
	fields: docFields({ version }),
	score: 0.5,
});
const ids = (hits: readonly Hit[]) => hits.map(({ id }) => id);

/** Lists as a search may give them: points belong to a document for good, versions may differ between lists. */
const lists = fc.array(
	fc
		.uniqueArray(fc.record({ point: fc.nat(12), version: fc.integer({ min: 1, max: 3 }) }), {
			selector: ({ point }) => point,
		})
		.map((found) => found.map(({ point, version }) => hit(`p${point}`, `d${point % 4}`, version))),
	{ minLength: 1, maxLength: 3 },
);

describe('fuse', () => {
	it('sums 1 / (60 + rank) over the lists', () => {
		const fused = fuse(
			[
				[hit('x'), hit('y')],
				[hit('y'), hit('z')],
			],
			{ limit: 10 },
		);
		assert.deepEqual(ids(fused), ['y', 'x', 'z']);
		assert.deepEqual(
			fused.map(({ score }) => score),
			[1 / 61 + 1 / 62, 1 / 61, 1 / 62],
		);
	});

	it('takes k, the limit, and lists without anything', () => {
		const [first] = fuse([[hit('x'), hit('y')], []], { k: 1, limit: 1 });
		assert.deepEqual([first?.id, first?.score], ['x', 0.5]);
		assert.deepEqual(fuse([[], []], { limit: 10 }), []);
	});

	it('orders equal scores by id', () => {
		assert.deepEqual(ids(fuse([[hit('b')], [hit('a')]], { limit: 10 })), ['a', 'b']);
	});

	it('counts a point once in a list that holds it twice', () => {
		const [first] = fuse([[hit('x'), hit('x'), hit('y')]], { limit: 10 });
		assert.equal(first?.score, 1 / 61);
	});

	it('keeps of each document only its highest version, and gives no rank to the rest', () => {
		const fused = fuse([[hit('old', 'd', 1), hit('new', 'd', 2), hit('other', 'e', 1)]], { limit: 10 });
		assert.deepEqual(ids(fused), ['new', 'other']);
		assert.equal(fused[0]?.score, 1 / 61);
	});

	it('shows a kept point as it is now, where one list saw it before the update', () => {
		const fused = fuse([[hit('kept', 'd', 1)], [hit('kept', 'd', 2), hit('new', 'd', 2)]], { limit: 10 });
		assert.deepEqual(
			fused.map(({ content }) => content),
			['kept at 2', 'new at 2'],
		);
		assert.equal(fused[0]?.score, 1 / 61 + 1 / 61);
	});

	it('holds for any lists: sorted, unique, one version a document, nothing invented, lists in any order', () => {
		fc.assert(
			fc.property(lists, fc.integer({ min: 1, max: 15 }), (given, limit) => {
				const fused = fuse(given, { limit });
				const all = fuse(given, { limit: 1_000 });
				assert.deepEqual(fused, all.slice(0, limit));
				assert.deepEqual(fuse(given.toReversed(), { limit }), fused);
				assert.equal(new Set(ids(all)).size, all.length);
				for (const [index, { id, docId, score, fields }] of all.entries()) {
					const before = all[index - 1];
					assert.ok(
						before === undefined || before.score > score || (before.score === score && before.id < id),
					);
					const versions = given
						.flat()
						.flatMap((each) => (each.docId === docId ? [each.fields.version] : []));
					assert.equal(fields.version, Math.max(...versions));
				}
				// Whatever is left out belongs to a version that is over.
				for (const { id, docId, fields } of given.flat()) {
					if (ids(all).includes(id)) continue;
					assert.ok(
						given.flat().some((each) => each.docId === docId && each.fields.version > fields.version),
					);
				}
			}),
		);
	});

	it('never ranks a point lower for being found by one list more', () => {
		fc.assert(
			fc.property(fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 }), (order) => {
				const list = order.map((id) => hit(id));
				const place = (given: Hit[][]) => ids(fuse(given, { limit: 10 })).indexOf(order.at(-1) ?? '');
				assert.ok(place([list, [hit(order.at(-1) ?? '')]]) <= place([list]));
			}),
		);
	});
});
