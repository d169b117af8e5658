import { Type, type Static } from 'typebox';
import { limits } from './limits.ts';

/** OpenAI's dialect, as far as it is about vectors of texts: what its clients send, and what they read. */
const Text = Type.String({ minLength: 1, maxLength: 65536 });

export const EmbeddingsRequest = Type.Object(
	{
		input: Type.Union([Text, Type.Array(Text, { minItems: 1, maxItems: limits.embeddingTexts })], {
			description:
				'A text, or several. Tokens of a model are not taken: their numbers mean nothing to another one.',
		}),
		model: Type.Optional(Type.String({ description: 'Ignored: the active model answers and names itself.' })),
		encoding_format: Type.Optional(
			Type.Enum(['float', 'base64'], {
				description: 'base64: of the numbers as float32, little-endian. Default float.',
			}),
		),
		dimensions: Type.Optional(
			Type.Integer({ minimum: 1, description: 'Must be what the active model has; GET /v1/info names it.' }),
		),
		user: Type.Optional(Type.String({ description: 'Ignored.' })),
	},
	{ additionalProperties: false },
);
export type EmbeddingsRequest = Static<typeof EmbeddingsRequest>;

export const EmbeddingsResponse = Type.Object({
	object: Type.Literal('list'),
	model: Type.String(),
	data: Type.Array(
		Type.Object({
			object: Type.Literal('embedding'),
			index: Type.Integer(),
			embedding: Type.Union([Type.Array(Type.Number()), Type.String()]),
		}),
	),
	usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});

export const Model = Type.Object({
	id: Type.String(),
	object: Type.Literal('model'),
	created: Type.Integer({ description: 'Not known: 0.' }),
	owned_by: Type.String(),
});

export const ModelList = Type.Object({ object: Type.Literal('list'), data: Type.Array(Model) });
