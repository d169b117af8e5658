import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { uuidFromBytes, uuidToBytes } from '../../../api/adapters/sqlite/uuid.ts';

describe('uuids as bytes', () => {
	it('come back as they were, in lower case', () => {
		for (const uuid of [
			randomUUID(),
			'01234567-89ab-cdef-0123-456789abcdef',
			'f'.repeat(8) + '-0000-0000-0000-000000000000',
		]) {
			assert.equal(uuidFromBytes(uuidToBytes(uuid)), uuid);
			assert.deepEqual(uuidToBytes(uuid.toUpperCase()), uuidToBytes(uuid));
		}
	});

	it('are nothing at all where the text is none', () => {
		const uuid = randomUUID();
		for (const text of [
			'',
			'none',
			uuid.slice(1),
			`${uuid}0`,
			uuid.replaceAll('-', ''),
			`${uuid.slice(0, -1)}g`,
			`${uuid.slice(0, -1)}ı`,
		]) {
			assert.deepEqual([...uuidToBytes(text)], [], text);
		}
	});
});
