/** Names in a point's metadata that are DocDrop's own; a caller's metadata must not use them. */
export const reservedMetadata = [
	'tenant',
	'docId',
	'path',
	'title',
	'heading',
	'page',
	'order',
	'contentSha256',
	'version',
	'mimeType',
	'publishedAt',
] as const;
