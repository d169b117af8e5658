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
			description: `Words or a question. By words, the first ${limits.searchTerms} different ones are searched for; by vector, all of it.`,
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
					'hybrid (default) fuses both lists by reciprocal rank; dense is by vector only; text by words only.',
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
	score: Type.Number({ description: 'Comparable within one answer only.' }),
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
