import { Type, type Static } from 'typebox';
import { ItemError } from './error-schema.ts';
import { Priority } from './job-schema.ts';
import { DocumentInput, Receipt, Source } from './document-schema.ts';
import { DocId, Tenant } from './id-schema.ts';
import { limits } from './limits.ts';

export const SnapshotComplete = Type.Object(
	{
		sourceId: Source.properties.sourceId,
		epoch: Source.properties.epoch,
		seq: Source.properties.seq,
		present: Type.Array(Type.Object({ tenant: Tenant, docId: DocId }, { additionalProperties: false }), {
			maxItems: 100_000,
			description: 'Documents that are there although nothing of them was accepted in this epoch.',
		}),
		confirmed: Type.Boolean({ description: 'A person has agreed to what was held.' }),
	},
	{
		additionalProperties: false,
		description:
			'Everything the source has was told once in this epoch: its documents of earlier epochs that were not are deleted. Taken only where every document of the same request was. Deletions of more than a fifth are held until they are confirmed.',
	},
);

export const BatchRequest = Type.Object(
	{
		documents: Type.Array(DocumentInput, {
			minItems: 0,
			maxItems: limits.batchDocuments,
			description: 'Changes, in order; put and delete may be mixed. None only with snapshotComplete.',
		}),
		coalesced: Type.Optional(
			Type.Boolean({
				description: 'The sender has waited for quiet already: no further window. Default false.',
			}),
		),
		priority: Type.Optional(Priority),
		snapshotComplete: Type.Optional(SnapshotComplete),
	},
	{ additionalProperties: false },
);
export type BatchRequest = Static<typeof BatchRequest>;

/** What a batch must be as a whole. Its documents are checked one by one, so that a bad one among many is named and the others are taken. */
export const BatchEnvelope = Type.Object(
	{
		...BatchRequest.properties,
		documents: Type.Array(Type.Unknown(), { minItems: 0, maxItems: limits.batchDocuments }),
	},
	{ additionalProperties: false },
);

export const BatchItem = Type.Object(
	{
		index: Type.Integer({ description: 'Place in the request.' }),
		file: Type.Optional(Type.String({ description: 'Of a form: the name that the file was sent with.' })),
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
		accepted: Type.Integer({ description: 'Taken, and on their way into the index.' }),
		coalesced: Type.Integer({
			description: 'Of the accepted ones: took the place of a change that still waited.',
		}),
		unchanged: Type.Integer({ description: 'Duplicates: there already, or on their way.' }),
		stale: Type.Integer({ description: 'Older than what is there.' }),
		failed: Type.Integer({ description: 'Refused, each with its error.' }),
		results: Type.Array(BatchItem, { description: 'One a document, in request order.' }),
		snapshot: Type.Optional(
			Type.Object(
				{
					deleted: Type.Integer({ description: 'Documents whose deletion was accepted.' }),
					held: Type.Integer({ description: 'Deletions that wait for a confirmation; then none was made.' }),
				},
				{ additionalProperties: false },
			),
		),
	},
	{ additionalProperties: false },
);
export type BatchResponse = Static<typeof BatchResponse>;
