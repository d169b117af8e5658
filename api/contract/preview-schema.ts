import { Type, type Static } from 'typebox';
import { DocumentInput } from './document-schema.ts';

/** A patch changes no passage. */
export const PreviewRequest = Type.Object(
	{
		...DocumentInput.properties,
		op: Type.Optional(Type.Enum(['put', 'delete'], { description: 'Default put.' })),
	},
	{ additionalProperties: false },
);

export const PreviewChunk = Type.Object({
	index: Type.Integer({ description: 'Sequential within the document.' }),
	change: Type.Enum(['added', 'kept'], { description: 'Whether publishing would add it.' }),
	heading: Type.Union([Type.String(), Type.Null()], { description: 'The headings above it.' }),
	page: Type.Union([Type.Integer(), Type.Null()], { description: 'Where the document has pages.' }),
	tokens: Type.Optional(
		Type.Integer({ description: 'Of its text and headings, where DOCDROP_CHUNK_TOKENS is set.' }),
	),
	text: Type.String({ description: 'What would be found.' }),
});

export const PreviewResponse = Type.Object({
	tenant: Type.String(),
	docId: Type.String(),
	state: Type.Enum(['new', 'changed', 'unchanged', 'deleted'], {
		description: 'Against what is published now.',
	}),
	title: Type.Union([Type.String(), Type.Null()], { description: 'As given, or what the document says.' }),
	mimeType: Type.Union([Type.String(), Type.Null()], {
		description: 'As what it is read, which its content decides where it is no plain text.',
	}),
	charset: Type.Union([Type.String(), Type.Null()], {
		description: 'In which its bytes are read, where they are text.',
	}),
	contentSha256: Type.Union([Type.String(), Type.Null()], {
		description: 'Hash of the content; null of a deletion.',
	}),
	bytes: Type.Integer({ description: 'Size of the content.' }),
	warnings: Type.Array(Type.String(), {
		description: 'What of the content could not be read, such as pages that are scans.',
	}),
	diff: Type.Object(
		{
			added: Type.Integer({ description: 'Chunks that publishing would add.' }),
			kept: Type.Integer({ description: 'Chunks that stay as they are.' }),
			removed: Type.Integer({ description: 'Chunks that publishing would remove.' }),
			embeddings: Type.Integer({ description: 'Texts that publishing would embed.' }),
		},
		{ description: 'What publishing would change.' },
	),
	chunks: Type.Array(PreviewChunk, { description: 'The passages that the document would be found by.' }),
});
export type PreviewResponse = Static<typeof PreviewResponse>;
