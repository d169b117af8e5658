import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalJson, readMeta } from '../../api/domain/meta.ts';

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(shuffled);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.toReversed()
			.map(([key, field]) => [key, shuffled(field)]),
	);
}

describe('canonical JSON', () => {
	it('is one text for equal values, whatever the order of their keys', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				assert.equal(canonicalJson(shuffled(value)), canonicalJson(value));
			}),
		);
	});

	it('is another text for another value, and reads back as the value', () => {
		fc.assert(
			fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
				assert.deepEqual(JSON.parse(canonicalJson(a)), JSON.parse(JSON.stringify(a)));
				assert.equal(canonicalJson(a) === canonicalJson(b), canonicalJson(shuffled(a)) === canonicalJson(b));
			}),
		);
		assert.notEqual(canonicalJson({ a: [1, 2] }), canonicalJson({ a: [2, 1] }));
		assert.notEqual(canonicalJson({ a: '1' }), canonicalJson({ a: 1 }));
	});

	it('leaves out what JSON leaves out', () => {
		assert.equal(canonicalJson({ b: undefined, a: [undefined] }), '{"a":[null]}');
	});

	it('a deletion has the fields of an empty document', () => {
		assert.deepEqual(readMeta(''), { mimeType: 'text/plain', path: null, title: null, metadata: {} });
		const meta = { mimeType: 'text/html', path: 'a', title: null, metadata: { k: [1] } };
		assert.deepEqual(readMeta(canonicalJson(meta)), meta);
	});
});
