import { Type, type Static, type TSchema } from 'typebox';
import { DocId, Tenant } from './id-schema.ts';
import { patterns } from './patterns.ts';
import { limits, searchResultsUnset } from './limits.ts';
import { answeredFields, type AnsweredFields, type readAs } from './stored-fields.ts';

export const SearchRequest = Type.Object(
	{
		tenant: Tenant,
		query: Type.String({
			minLength: 1,
			maxLength: 8192,
			pattern: patterns.notBlank,
			description: `Words or a question; "words in quotes" must be in a passage as they stand there, what follows a minus (-word) must not. By words, the first ${limits.searchTerms} different ones are searched for; by vector, all of it.`,
		}),
		limit: Type.Optional(
			Type.Integer({
				minimum: 1,
				maximum: limits.searchResults,
				description: `Results. Default ${searchResultsUnset.request}.`,
			}),
		),
		mode: Type.Optional(
			Type.Enum(['hybrid', 'dense', 'text'], {
				description:
					'hybrid (default) fuses both lists by their scores; dense is by vector only; text by words only.',
			}),
		),
		docId: Type.Optional(DocId),
	},
	{ additionalProperties: false },
);
export type SearchRequest = Static<typeof SearchRequest>;

const schemaOf = {
	text: Type.String(),
	textOrNull: Type.Union([Type.String(), Type.Null()]),
	number: Type.Integer(),
	numberOrNull: Type.Union([Type.Integer(), Type.Null()]),
} satisfies Record<keyof typeof readAs, TSchema>;
// Taken apart for the order in which hits have always been answered.
const { title, path, ...others } = Object.fromEntries(
	Object.entries(answeredFields).map(([name, kind]) => [name, schemaOf[kind]]),
) as { [name in keyof AnsweredFields]: (typeof schemaOf)[(typeof answeredFields)[name]] };

export const SearchHit = Type.Object({
	docId: Type.String(),
	pointId: Type.String(),
	score: Type.Number({
		description:
			'From 0 to 1, and comparable from query to query: the part that the passage has of what the words could give, and its nearness in meaning.',
	}),
	content: Type.String(),
	title,
	path,
	heading: schemaOf.textOrNull,
	page: schemaOf.numberOrNull,
	...others,
	metadata: Type.Record(Type.String(), Type.Unknown()),
});

export const SearchResponse = Type.Object({
	results: Type.Array(SearchHit),
	mode: Type.Enum(['hybrid', 'dense', 'text'], {
		description: 'How it was searched: text where hybrid was wanted and the embedder is away.',
	}),
	hint: Type.Union([Type.String(), Type.Null()], {
		description: 'Why the answer is less than was asked for; null where it is not.',
	}),
	tookMs: Type.Number(),
});
export type SearchResponse = Static<typeof SearchResponse>;

export const EmbeddingsRequest = Type.Object(
	{
		input: Type.Union([
			Type.String({ minLength: 1, maxLength: 65536 }),
			Type.Array(Type.String({ minLength: 1, maxLength: 65536 }), {
				minItems: 1,
				maxItems: limits.embeddingTexts,
			}),
		]),
		model: Type.Optional(Type.String({ description: 'Ignored: the active model answers and names itself.' })),
		encoding_format: Type.Optional(Type.Enum(['float', 'base64'])),
		dimensions: Type.Optional(Type.Integer({ minimum: 1 })),
		user: Type.Optional(Type.String()),
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
