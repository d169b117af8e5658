import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
	digestHex,
	digestOf,
	EMPTY_DIGEST,
	withElement,
	withoutElement,
} from '../../api/contract/set-digest.ts';

describe('set digest', () => {
	const pair = fc.tuple(fc.string(), fc.constantFrom('aa', 'bb'));

	it('is the sum modulo 2^256 of SHA-256 over the length-prefixed id and the content', () => {
		const plain = createHash('sha256')
			.update('4:ä/b' + 'ff')
			.digest('hex');
		assert.equal(digestHex(digestOf('ä/b', 'ff')), plain);
		assert.equal(digestHex(EMPTY_DIGEST), '0'.repeat(64));
	});

	it('does not depend on the order, and forgets what was taken out', () => {
		fc.assert(
			fc.property(fc.array(pair), fc.array(pair), (kept, removed) => {
				const sum = (pairs: [string, string][]) =>
					pairs.reduce((digest, [docId, sha]) => withElement(digest, digestOf(docId, sha)), EMPTY_DIGEST);
				const all = sum([...removed, ...kept].reverse());
				const left = removed.reduce(
					(digest, [docId, sha]) => withoutElement(digest, digestOf(docId, sha)),
					all,
				);
				assert.equal(left, sum(kept));
			}),
		);
	});

	it('tells an id from its neighbour’s content', () => {
		assert.notEqual(digestOf('a', 'bc'), digestOf('ab', 'c'));
	});
});
