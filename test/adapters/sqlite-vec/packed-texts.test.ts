import assert from 'node:assert/strict';
import fc from 'fast-check';
import { packTexts, unpackTexts } from '../../../api/adapters/sqlite-vec/packed-texts.ts';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', '\ud800', 'zürich 日本 🙂'));

describe('packed texts', () => {
	it('give each point its own texts back, in UTF-8', () => {
		fc.assert(
			fc.property(fc.array(fc.record({ content: text, terms: text })), (points) => {
				const packed = packTexts(points);
				points.forEach(({ content, terms }, at) => {
					const found = unpackTexts(packed, at);
					assert.deepEqual(Buffer.from(found.content), Buffer.from(content));
					assert.deepEqual(Buffer.from(found.terms), Buffer.from(terms));
				});
				assert.equal(packed.bytes.length, packed.ends.at(-1) ?? 0);
			}),
		);
	});

	it('travel alone: nothing else is in the buffer that is cloned', () => {
		const { bytes } = packTexts([{ content: 'a', terms: 'b' }]);
		assert.equal(bytes.buffer.byteLength, 2);
	});
});
