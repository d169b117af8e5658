import assert from 'node:assert/strict';
import { readingFingerprint } from '../../../api/adapters/extractors/reading-fingerprint.ts';
import { readTypes } from '../../../api/contract/file-types.ts';

const chunking = { maxChars: 1200, overlapChars: 150 };
const types = [...readTypes(true), 'application/octet-stream', 'application/vnd.ms-powerpoint'];

describe('the fingerprint of reading', () => {
	const bare = readingFingerprint({ chunking });
	/** The types that something has a part in. */
	const touched = (more: Partial<Parameters<typeof readingFingerprint>[0]>) => {
		const other = readingFingerprint({ chunking, ...more });
		return types.filter((type) => other(type) !== bare(type)).sort();
	};
	const holdingFiles = [
		...['application/msword', 'application/octet-stream', 'application/vnd.ms-outlook'],
		...['application/vnd.ms-powerpoint', 'message/rfc822'],
	];

	it('holds text recognition for what may hold a picture of text, and for nothing else', () => {
		assert.deepEqual(
			touched({ ocr: { fingerprint: 'ocr1:eng' } }),
			[...holdingFiles, ...types.filter((type) => /^image|pdf$/.test(type))].sort(),
		);
	});

	it('holds the types that are ruled out for what may hold other files, in any order', () => {
		const unwanted = { 'application/pdf': 'DOCDROP_DENIED_TYPES', 'text/csv': 'DOCDROP_DENIED_TYPES' };
		assert.deepEqual(touched({ unwanted }), holdingFiles);
		const reversed = Object.fromEntries(Object.entries(unwanted).reverse());
		const of = (ruledOut: typeof unwanted | { 'text/csv': string }) =>
			readingFingerprint({ chunking, unwanted: ruledOut })('message/rfc822');
		assert.equal(of(unwanted), of(reversed as typeof unwanted));
		assert.notEqual(of(unwanted), of({ 'text/csv': 'DOCDROP_DENIED_TYPES' }));
	});

	it('holds the sizes of chunks for every type', () => {
		assert.deepEqual(touched({ chunking: { maxChars: 1201, overlapChars: 150 } }), [...types].sort());
	});
});
