import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cosine, dequantize, quantize } from '../../../api/adapters/sqlite-vec/quantize.ts';

const vectors = fc.oneof(
	// Dense as a model's, sparse as a short text's, and with few values, where rounding goes one way.
	...[
		fc.float({ noNaN: true, min: -1, max: 1 }),
		fc.constantFrom(0, 0, 0, 0, 1, -3),
		fc.constantFrom(0.06, -0.0588, 1),
	].map((number) =>
		fc.array(number, { minLength: 1, maxLength: 400 }).map((values) => Float32Array.from(values)),
	),
);

function quantized(vector: Float32Array): Int8Array {
	const into = new Int8Array(vector.length);
	quantize(vector, into, 0);
	return into;
}

describe('quantize', () => {
	it('gives the same integers for what it gave back', () => {
		fc.assert(
			fc.property(vectors, (vector) => {
				const once = quantized(vector);
				assert.deepEqual(quantized(dequantize(once)), once);
			}),
			{ numRuns: 500 },
		);
	});

	it('keeps the direction, at unit length', () => {
		fc.assert(
			fc.property(vectors, (vector) => {
				fc.pre(vector.some((value) => value !== 0));
				const back = dequantize(quantized(vector));
				assert.ok(Math.abs(Math.hypot(...back) - 1) < 1e-6);
				assert.ok(cosine(vector, back) > 0.99);
			}),
		);
	});

	it('takes only the direction of a vector of another length', () => {
		assert.deepEqual(quantized(Float32Array.of(3, -4)), quantized(Float32Array.of(0.006, -0.008)));
		assert.deepEqual(quantized(Float32Array.of(0, 1e-30)), Int8Array.of(0, 127));
	});

	it('says that zeros have no direction, and clears what was there', () => {
		const into = Int8Array.of(1, 2, 3, 4);
		assert.equal(quantize(new Float32Array(2), into, 1), false);
		assert.deepEqual(into, Int8Array.of(1, 0, 0, 4));
		assert.deepEqual(dequantize(new Int8Array(3)), new Float32Array(3));
		assert.equal(cosine(new Float32Array(2), Float32Array.of(1, 0)), 0);
	});

	it('writes only to its own place', () => {
		const into = new Int8Array(4);
		assert.equal(quantize(Float32Array.of(-1, 0), into, 1), true);
		assert.deepEqual(into, Int8Array.of(0, -127, 0, 0));
	});
});
