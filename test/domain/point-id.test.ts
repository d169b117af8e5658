import assert from 'node:assert/strict';
import fc from 'fast-check';
import { v5, validate, version } from 'uuid';
import { POINT_NAMESPACE, pointId, pointIds } from '../../api/domain/point-id.ts';

const hash = 'ab'.repeat(32);

describe('pointId', () => {
	it('never changes: a point of the index is found again by it', () => {
		assert.equal(pointId('t', 'döc', hash, 0), '33570155-7d26-5e75-bd44-47b3e7ad0dab');
		assert.equal(POINT_NAMESPACE, v5('n8n-nodes-docdrop:point', v5.URL));
	});

	it('is the UUIDv5 of the parts, each with its length in bytes before it', () => {
		fc.assert(
			fc.property(
				fc.string({ unit: 'grapheme' }),
				fc.string({ unit: 'grapheme' }),
				fc.nat(),
				(tenant, docId, nth) => {
					const name = [tenant, docId, hash, String(nth)]
						.map((part) => `${Buffer.byteLength(part)};${part}`)
						.join('');
					const id = pointId(tenant, docId, hash, nth);
					assert.equal(id, v5(name, POINT_NAMESPACE));
					assert.ok(validate(id) && version(id) === 5);
				},
			),
		);
	});

	it('differs where a tenant and a document share their letters', () => {
		const ids = [
			pointId('a', 'bc', hash, 0),
			pointId('ab', 'c', hash, 0),
			pointId('', 'abc', hash, 0),
			pointId('a', 'bc', hash, 1),
		];
		assert.equal(new Set(ids).size, ids.length);
	});
});

describe('pointIds', () => {
	it('numbers equal chunks as they come, whatever lies between them', () => {
		const [a, b, c] = ['a', 'b', 'c'].map((value) => ({ hash: value })) as [
			{ hash: string },
			{ hash: string },
			{ hash: string },
		];
		assert.deepEqual(pointIds('t', 'd', [a, b, a]), [
			pointId('t', 'd', 'a', 0),
			pointId('t', 'd', 'b', 0),
			pointId('t', 'd', 'a', 1),
		]);
		const after = new Set(pointIds('t', 'd', [c, a, a, b]));
		for (const id of pointIds('t', 'd', [a, b, a])) assert.ok(after.has(id));
	});
});
