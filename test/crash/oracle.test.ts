import assert from 'node:assert/strict';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import { compare, type ExpectedDoc } from './oracle.ts';
import { docFields } from '../support/doc-fields.ts';

describe('crash oracle', () => {
	const published = docFields({ version: 2, contentSha256: 'c2', extra: { a: 1 } });
	const { version: _version, publishedAt: _at, ...fields } = published;
	const expected = (texts: readonly string[]): ExpectedDoc => ({
		tenant: 't',
		docId: 'd',
		chunks: texts.map((text) => ({ heading: null, page: null, text })),
		fields,
		versionFault: (version) => (version === 2 ? null : 'is not 2'),
	});
	const point = (content: string, order: string, own: Partial<StoredPoint> = {}): StoredPoint => ({
		id: `${content}${order}`,
		tenant: 't',
		docId: 'd',
		content,
		heading: null,
		page: null,
		order,
		fields: published,
		...own,
	});
	const kinds = (doc: ExpectedDoc, points: readonly StoredPoint[]) =>
		compare([doc], points).map(({ kind }) => kind);
	const two = expected(['a', 'b']);
	const whole = [point('a', '1'), point('b', '2')];

	it('is content with exactly the newest version, in order, repeated chunks included', () => {
		assert.deepEqual(kinds(two, whole), []);
		assert.deepEqual(kinds(two, whole.toReversed()), []);
		assert.deepEqual(kinds(expected(['a', 'a']), [point('a', '1'), point('a', '2')]), []);
		assert.deepEqual(kinds(expected([]), []), []);
	});

	it('sees what is lost, whole or in part', () => {
		assert.deepEqual(kinds(two, whole.slice(1)), ['lost']);
		assert.deepEqual(kinds(two, []), ['lost', 'lost']);
		assert.deepEqual(kinds(expected(['a', 'a']), [point('a', '1')]), ['lost']);
	});

	it('sees what is there too often', () => {
		assert.deepEqual(kinds(two, [...whole, point('b', '3')]), ['duplicated']);
	});

	it('sees what should be gone', () => {
		assert.deepEqual(kinds(two, [...whole, point('old', '3')]), ['leaked']);
		assert.deepEqual(kinds(expected([]), [point('a', '1')]), ['leaked']);
		assert.deepEqual(kinds(two, [...whole, point('a', '1', { tenant: 'u' })]), ['leaked']);
		assert.deepEqual(kinds(two, [...whole, point('a', '1', { heading: 'H' })]), ['leaked']);
	});

	it('sees fields of an older version', () => {
		const [a] = whole as [StoredPoint, StoredPoint];
		const withFields = (own: object) => [a, point('b', '2', { fields: { ...published, ...own } })];
		assert.deepEqual(kinds(two, withFields({ version: 1 })), ['stale']);
		assert.deepEqual(kinds(two, withFields({ contentSha256: 'c1' })), ['stale']);
		assert.deepEqual(kinds(two, withFields({ extra: { a: 1, b: 2 } })), ['stale']);
		assert.deepEqual(kinds(two, withFields({ publishedAt: 'before' })), ['stale']);
		assert.deepEqual(kinds(two, [point('a', '2'), point('b', '1')]), ['stale']);
	});
});
