import type { DocFields } from '../../api/ports/vector-store.ts';

/** The fields of some document, each with a value that shows where it went. */
export const docFields = (change: Partial<DocFields> = {}): DocFields => ({
	path: 'a/b.md',
	title: 'A title',
	mimeType: 'text/markdown',
	contentSha256: 'f'.repeat(64),
	version: 1,
	publishedAt: '2026-11-22T10:00:00.000Z',
	extra: {},
	...change,
});
