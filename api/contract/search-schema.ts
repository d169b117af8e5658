import { Type, type Static, type TSchema } from 'typebox';
import { DocId, Tenant } from './id-schema.ts';
import { patterns } from './patterns.ts';
import { limits, searchResultsUnset } from './limits.ts';
import { answeredFields, type AnsweredFields, type readAs } from './stored-fields.ts';

/**
 * What documents must be like. Its shape is told in words and by examples: what may stand in it is checked by
 * api/domain/document-filter.ts, whose errors name the place.
 */
export const SearchFilter = Type.Object(
	{},
	{
		additionalProperties: true,
		description: [
			'Only documents that are like this are searched. Names are docId, path, title, mimeType, publishedAt and those of the documents’ own metadata.',
			'A name stands beside its value, a list of values of which one is enough, null for none, or operators: eq, ne, in, nin, gt, gte, lt, lte (numbers, or dates such as 2026-01-31), prefix (of a text, such as a folder of path), exists.',
			'Several names must all hold; and, or (lists of filters) and not (a filter) join them otherwise. A list in the metadata is like each of its items.',
			`At most ${limits.filterConditions} conditions.`,
		].join(' '),
		examples: [
			{ path: { prefix: 'handbook/' } },
			{ author: 'Ana', year: { gte: 2020 } },
			{ or: [{ tags: ['draft', 'review'] }, { publishedAt: { lt: '2026-01-31' } }], not: { archived: true } },
		],
	},
);
export type SearchFilter = Readonly<Record<string, unknown>>;

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
		offset: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: limits.searchWindow - 1,
				description: `Results before the first one that is answered: \`next\` of the page before. A search answers its first ${limits.searchWindow} results. Default 0.`,
			}),
		),
		mode: Type.Optional(
			Type.Enum(['hybrid', 'dense', 'text'], {
				description:
					'hybrid (default) fuses both lists by their scores; dense is by vector only; text by words only.',
			}),
		),
		docId: Type.Optional(DocId),
		filter: Type.Optional(Type.Unsafe<SearchFilter>(SearchFilter)),
		minScore: Type.Optional(
			Type.Number({ minimum: 0, maximum: 1, description: 'Results with a lower score are left out.' }),
		),
		groupByDocument: Type.Optional(
			Type.Boolean({ description: 'Each document once, with its best passage. Default false.' }),
		),
		context: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: limits.contextChunks,
				description: 'Chunks before each passage, and behind it, that are answered with it. Default 0.',
			}),
		),
		highlight: Type.Optional(
			Type.Boolean({ description: 'Say where in a passage words of the query stand. Default false.' }),
		),
		explain: Type.Optional(
			Type.Boolean({ description: 'Say which place and score a passage had in each list. Default false.' }),
		),
		facets: Type.Optional(
			Type.Array(Type.String({ minLength: 1, maxLength: limits.metadataNameChars }), {
				maxItems: limits.facetFields,
				description:
					'Names as in a filter. Of each is answered how many of the documents that were found have which value.',
			}),
		),
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

const PlaceInList = Type.Union([
	Type.Object({
		rank: Type.Integer({ description: 'From 1.' }),
		score: Type.Number({ description: 'The index’s own.' }),
	}),
	Type.Null(),
]);

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
	context: Type.Optional(
		Type.Object(
			{ before: Type.Array(Type.String()), after: Type.Array(Type.String()) },
			{ description: 'The chunks around it, in the order of the document.' },
		),
	),
	highlights: Type.Optional(
		Type.Array(Type.Object({ start: Type.Integer(), end: Type.Integer() }), {
			description: `Where words of the query stand in content, in UTF-16 code units; the first ${limits.highlights}.`,
		}),
	),
	explain: Type.Optional(
		Type.Object(
			{ dense: PlaceInList, text: PlaceInList, rerank: Type.Optional(PlaceInList) },
			{
				description:
					'Its place in the list by vector and in the one by words, and, where a reranker is set, in its order; null where it was in none.',
			},
		),
	),
});
export type SearchHit = Static<typeof SearchHit>;

export const SearchResponse = Type.Object({
	results: Type.Array(SearchHit),
	next: Type.Union([Type.Integer(), Type.Null()], {
		description: 'Send as `offset` for the next page; null where there is none.',
	}),
	facets: Type.Optional(
		Type.Record(
			Type.String(),
			Type.Array(
				Type.Object({
					value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
					documents: Type.Integer(),
				}),
			),
			{
				description: `Of each named field its values, the most frequent first, at most ${limits.facetValues}; of the documents that were found, on this page or not.`,
			},
		),
	),
	mode: Type.Enum(['hybrid', 'dense', 'text'], {
		description: 'How it was searched: text where hybrid was wanted and the embedder is away.',
	}),
	reranked: Type.Optional(
		Type.Boolean({
			description:
				'Where a reranker is set: whether the first passages are in its order. Their scores are those without it.',
		}),
	),
	hint: Type.Union([Type.String(), Type.Null()], {
		description: 'Why the answer is less than was asked for; null where it is not.',
	}),
	tookMs: Type.Number(),
});
export type SearchResponse = Static<typeof SearchResponse>;
