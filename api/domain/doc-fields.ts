import type { StoredFields } from '../contract/stored-fields.ts';
import { readMeta } from './meta.ts';

/** Fields that belong to the whole document and are repeated on each of its points. */
export interface DocFields extends StoredFields {
	/** The caller's own metadata, flat names beside ours (those that are ours were moved aside at the door). */
	readonly extra: Readonly<Record<string, unknown>>;
}

/** Of a version that is about to be published, or is; `title` is the content's own. */
export function fieldsOf(of: {
	readonly meta: string;
	readonly title: string | null;
	readonly sha256: string;
	readonly version: number;
}): Omit<DocFields, 'publishedAt'> {
	const { path, title, mimeType, metadata: extra } = readMeta(of.meta);
	return { path, title: title ?? of.title, mimeType, contentSha256: of.sha256, version: of.version, extra };
}
