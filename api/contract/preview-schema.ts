import { Type, type Static } from 'typebox';
import { DocumentInput } from './document-schema.ts';

export const PreviewRequest = DocumentInput;

export const PreviewChunk = Type.Object({
	index: Type.Integer(),
	change: Type.Enum(['added', 'kept']),
	heading: Type.Union([Type.String(), Type.Null()]),
	page: Type.Union([Type.Integer(), Type.Null()]),
	text: Type.String(),
});

export const PreviewResponse = Type.Object({
	tenant: Type.String(),
	docId: Type.String(),
	state: Type.Enum(['new', 'changed', 'unchanged', 'deleted'], {
		description: 'Against what is published now.',
	}),
	title: Type.Union([Type.String(), Type.Null()]),
	mimeType: Type.Union([Type.String(), Type.Null()]),
	contentSha256: Type.Union([Type.String(), Type.Null()]),
	bytes: Type.Integer(),
	diff: Type.Object({
		added: Type.Integer(),
		kept: Type.Integer(),
		removed: Type.Integer(),
		embeddings: Type.Integer({ description: 'Texts that publishing would embed.' }),
	}),
	chunks: Type.Array(PreviewChunk),
});
export type PreviewResponse = Static<typeof PreviewResponse>;
