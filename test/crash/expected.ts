import { hash } from 'node:crypto';
import type { Extractor } from '../../api/ports/extractor.ts';
import type { DocFields } from '../../api/ports/vector-store.ts';

/**
 * What the index must hold of a document, from what was sent of it: cut into chunks once more, and with fields that
 * are worked out anew here, by nothing that the pipeline uses. The one place where crash runs and their tests do that.
 */
export interface Sent {
	readonly tenant: string;
	readonly docId: string;
	readonly content: Uint8Array;
	readonly mimeType: string;
	readonly title: string | null;
	readonly path: string | null;
	readonly metadata: Readonly<Record<string, unknown>>;
}

export interface ExpectedChunk {
	readonly heading: string | null;
	readonly page: number | null;
	readonly text: string;
}

/** Without what only the process knows: a version is judged by its receipts, a time by being the same on all points. */
export type ExpectedFields = Omit<DocFields, 'version' | 'publishedAt'>;

export interface Expected {
	readonly tenant: string;
	readonly docId: string;
	/** In order; none for a deleted document. */
	readonly chunks: readonly ExpectedChunk[];
	readonly fields: ExpectedFields;
}

export async function expectedOf(sent: Sent, extractor: Extractor): Promise<Expected> {
	const { tenant, docId, content, mimeType, path, metadata } = sent;
	const { chunks, title } = await extractor.extract({
		...{ content, mimeType },
		...(sent.title !== null && { title: sent.title }),
	});
	const fields: ExpectedFields = {
		path,
		title: sent.title ?? title,
		mimeType,
		contentSha256: hash('sha256', content, 'hex'),
		extra: metadata,
	};
	return { tenant, docId, chunks, fields };
}
