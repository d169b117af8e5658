import { Type, type Static } from 'typebox';
import { ItemError } from './error.ts';
import { Priority } from './job.ts';
import { DocumentInput, Receipt } from './document.ts';

export const maxBatchDocuments = 500;

export const BatchRequest = Type.Object(
	{
		documents: Type.Array(DocumentInput, {
			minItems: 1,
			maxItems: maxBatchDocuments,
			description: 'Changes, in order; put and delete may be mixed.',
		}),
		coalesced: Type.Optional(
			Type.Boolean({
				description: 'The sender has waited for quiet already: no further window. Default false.',
			}),
		),
		priority: Type.Optional(Priority),
	},
	{ additionalProperties: false },
);
export type BatchRequest = Static<typeof BatchRequest>;

/** What a batch must be as a whole. Its documents are checked one by one, so that a bad one among 500 is named and the others are taken. */
export const BatchEnvelope = Type.Object(
	{
		...BatchRequest.properties,
		documents: Type.Array(Type.Unknown(), { minItems: 1, maxItems: maxBatchDocuments }),
	},
	{ additionalProperties: false },
);

export const BatchItem = Type.Object(
	{
		index: Type.Integer({ description: 'Place in the request.' }),
		status: Type.Integer({ description: 'The HTTP status this document would have had alone.' }),
		receipt: Type.Optional(Receipt),
		error: Type.Optional(ItemError),
	},
	{ additionalProperties: false },
);
export type BatchItem = Static<typeof BatchItem>;

export const BatchResponse = Type.Object(
	{
		errors: Type.Boolean({ description: 'At least one document was not taken: look at results.' }),
		accepted: Type.Integer(),
		unchanged: Type.Integer(),
		stale: Type.Integer(),
		failed: Type.Integer(),
		results: Type.Array(BatchItem, { description: 'One a document, in request order.' }),
	},
	{ additionalProperties: false },
);
export type BatchResponse = Static<typeof BatchResponse>;
