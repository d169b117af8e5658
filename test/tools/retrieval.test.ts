import assert from 'node:assert/strict';
import { fusedByRank, meanOf, measuresOf } from '../bench/retrieval-measures.ts';
import { itemsOf } from '../bench/retrieval-items.ts';
import type { Passage } from '../bench/retrieval-passages.ts';
import type { Hit } from '../../api/ports/index.ts';

describe('the bench of retrieval', () => {
	it('measures a ranking', () => {
		const first = measuresOf(['a', 'x', 'b'], new Set(['a', 'b']));
		assert.deepEqual([first.mrr, first.recallAt10, first.ndcgAt10.toFixed(4)], [1, 1, '0.9197']);
		const none = measuresOf(['x'], new Set(['a']));
		assert.deepEqual(none, { ndcgAt10: 0, mrr: 0, recallAt10: 0 });
		const late = measuresOf([...Array.from({ length: 10 }, (_, n) => `x${n}`), 'a'], new Set(['a']));
		assert.equal(late.mrr, 0);
		assert.equal(meanOf([first, none]).mrr, 0.5);
	});

	it('fuses by rank', () => {
		const hit = (id: string) => ({ id, score: 9 }) as Hit;
		const fused = fusedByRank({ dense: [hit('x'), hit('y')], sparse: [hit('y'), hit('z')] }, 1);
		assert.deepEqual(fused.map(({ id, score }) => [id, score]), [['x', 1 / 61], ['y', 1 / 61]]); // prettier-ignore
	});

	it('makes items of headings that stand once, over enough text and not too much', () => {
		const passage = (heading: string, nth = 0, text = 'word '.repeat(60)): Passage => {
			return { id: `${heading} ${nth}`, text, heading, section: heading };
		};
		const long = Array.from({ length: 9 }, (_, n) => passage('Far too long sections', n));
		const twice = { ...passage('Written more than once'), section: 'elsewhere' };
		const sets = itemsOf(
			[
				passage('1.2. Remove the password quickly ¶'),
				passage('1.2. Remove the password quickly ¶', 1),
				passage('find_package'),
				passage('Written more than once'),
				twice,
				passage('Nothing much here below', 0, 'short'),
				...long,
				passage('Two words'),
			],
			(word) => ({ remove: 'take away', password: 'watchword', quickly: 'word' })[word] ?? null,
		);
		const all = (set: string) => [...(sets.get(set) ?? []), ...(sets.get(`${set}-dev`) ?? [])];
		assert.deepEqual(all('headings'), [
			{
				query: 'Remove the password quickly',
				wanted: ['0', '1'].map((n) => `1.2. Remove the password quickly ¶ ${n}`),
			},
		]);
		assert.deepEqual(all('identifiers'), [{ query: 'find_package', wanted: ['find_package 0'] }]);
		assert.deepEqual(all('paraphrases').map(({ query }) => query), ['take away the watchword quickly']); // prettier-ignore
	});
});
