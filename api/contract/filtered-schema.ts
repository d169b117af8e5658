import { Type, type Static } from 'typebox';
import { MetadataPatch } from './document-schema.ts';
import { ItemError } from './error-schema.ts';
import { Tenant } from './id-schema.ts';
import { Priority } from './job-schema.ts';
import { limits } from './limits.ts';
import { SearchFilter } from './search-schema.ts';

/** Changes of all documents that are like a filter, up to a bound a request. */
const asked = {
	tenant: Tenant,
	filter: Type.Unsafe<SearchFilter>({
		...SearchFilter,
		description:
			'Which documents, as POST /v1/search takes it; it must name at least one field. Documents are looked at as their newest accepted change says, deleted ones never.',
	}),
	dryRun: Type.Optional(
		Type.Boolean({ description: 'Change nothing, and say how many it would be. Default false.' }),
	),
	takeOver: Type.Optional(
		Type.Boolean({
			description: 'Also documents that another source owns: become their owner. Default false.',
		}),
	),
	priority: Type.Optional(
		Type.Unsafe<Priority>({ ...Priority, description: 'Default low: single changes go before so many.' }),
	),
	after: Type.Optional(
		Type.String({
			maxLength: limits.docIdBytes,
			description: '`next` of the answer before, to go on there.',
		}),
	),
	limit: Type.Optional(
		Type.Integer({
			minimum: 1,
			maximum: limits.filteredChanges,
			description: `Documents of this request. Default ${limits.filteredChanges}.`,
		}),
	),
};

export const DeleteByFilter = Type.Object(asked, { additionalProperties: false });
export type DeleteByFilter = Static<typeof DeleteByFilter>;

export const PatchByFilter = Type.Object(
	{ ...asked, metadata: MetadataPatch },
	{ additionalProperties: false },
);
export type PatchByFilter = Static<typeof PatchByFilter>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const FilteredResponse = Type.Object(
	{
		matched: count('Documents of this request that are like the filter.'),
		accepted: count('Changes that are on their way.'),
		unchanged: count('Documents that were so already, and deleted ones that only waited.'),
		failed: count('Refused, each for what it is: the first are in `failures`.'),
		failures: Type.Array(Type.Object({ docId: Type.String(), error: ItemError }), {
			maxItems: limits.filteredFailures,
		}),
		next: Type.Union([Type.String(), Type.Null()], {
			description: 'There may be more: send it as `after`. Null: the filter was followed to its end.',
		}),
		stopped: Type.Optional({
			...ItemError,
			description: 'Why this request ended early: nothing was taken behind `next`. Send it again later.',
		}),
	},
	{ additionalProperties: false },
);
export type FilteredResponse = Static<typeof FilteredResponse>;
