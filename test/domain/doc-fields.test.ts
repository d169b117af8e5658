import assert from 'node:assert/strict';
import { answerOf, readStored } from '../../api/contract/stored-fields.ts';
import { fieldsOf } from '../../api/domain/doc-fields.ts';
import { writeMeta } from '../../api/domain/meta.ts';
import type { PublishedState } from '../../api/ports/work-claims.ts';
import { docFields } from '../support/doc-fields.ts';

describe('fields of a document', () => {
	const { publishedAt, ...sample } = docFields({ extra: { team: 'docs' } });
	const metaOf = (title: string | null) =>
		writeMeta({ mimeType: 'text/markdown', path: 'a/b.md', title, metadata: { team: 'docs' } });
	const published: PublishedState = {
		sha256: 'f'.repeat(64),
		meta: metaOf(null),
		fingerprint: 'of the embedder',
		version: 1,
		jobId: 'j1',
		at: Date.parse(publishedAt),
		title: 'A title',
		chunks: 3,
		size: 1_234,
	};

	it('come from what was sent and from its content; a title that was sent wins', () => {
		assert.deepEqual(fieldsOf(published), sample);
		const named = fieldsOf({ ...published, meta: metaOf('As sent') });
		assert.deepEqual(named, { ...sample, title: 'As sent' });
	});

	it('read back as they were written, and as nothing where they were not', () => {
		const { extra: _extra, ...stored } = docFields();
		assert.deepEqual(readStored(stored), stored);
		for (const value of Object.values(readStored({}))) assert.ok([null, '', 0].includes(value));
	});

	it('are answered as they are, and in part', () => {
		const { title, path, version } = answerOf(docFields());
		assert.deepEqual([title, path, version], ['A title', 'a/b.md', 1]);
		assert.equal(Object.hasOwn(answerOf(docFields()), 'contentSha256'), false);
	});
});
