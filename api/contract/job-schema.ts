import { Type, type Static } from 'typebox';
import { DocId, JobId, Tenant, Timestamp } from './id-schema.ts';

export const Priority = Type.Enum(['low', 'normal', 'high'], {
	description: 'high and normal are interactive; low is bulk, such as a first scan.',
});
export type Priority = Static<typeof Priority>;

/**
 * The life of a receipt: accepted -> processing (-> retrying -> processing) -> one of the final states.
 * `unchanged` and `stale` are decided at once.
 */
export const JobState = Type.Enum(
	[
		'accepted',
		'processing',
		'retrying',
		'published',
		'deleted',
		'unchanged',
		'superseded',
		'stale',
		'failed',
		'canceled',
	],
	{ description: 'accepted, processing and retrying are on their way; the others are final.' },
);
export type JobState = Static<typeof JobState>;

export const JobFailure = Type.Object(
	{
		code: Type.String({ description: 'From the error table.' }),
		message: Type.String({ description: 'What is wrong, in words.' }),
	},
	{ additionalProperties: false },
);

export const JobView = Type.Object(
	{
		jobId: JobId,
		tenant: Tenant,
		docId: DocId,
		op: Type.Enum(['put', 'delete', 'patch'], { description: 'What was asked for.' }),
		state: JobState,
		version: Type.Integer({
			description:
				'Rank x 2^32 + seq. The rank is the document’s own: 1, and one more with each change of its source or epoch.',
		}),
		acceptedAt: Timestamp,
		updatedAt: Timestamp,
		attempts: Type.Integer({ minimum: 0, description: 'Failures that counted.' }),
		supersededBy: Type.Union([JobId, Type.Null()], {
			description:
				'The newer change of the same document that took its place; for `unchanged`, the equal change that is on its way.',
		}),
		charged: Type.Integer({
			minimum: 0,
			description: 'Credits that it was charged and that were not given back.',
		}),
		error: Type.Union([JobFailure, Type.Null()], {
			description: 'Why it failed, or is tried again: code and message.',
		}),
		refused: Type.Boolean({
			description:
				'Refused at the door, with nothing of it kept: there is nothing to try again, the document has to be sent anew.',
		}),
		detail: Type.Union(
			[
				Type.Object({
					added: Type.Optional(Type.Integer()),
					kept: Type.Optional(Type.Integer()),
					removed: Type.Optional(Type.Integer()),
					embedded: Type.Optional(Type.Integer()),
					reused: Type.Optional(Type.Integer()),
					closedBy: Type.Optional(Type.String()),
					waitMs: Type.Optional(Type.Number()),
					prepareMs: Type.Optional(Type.Number()),
					publishMs: Type.Optional(Type.Number()),
					warnings: Type.Optional(Type.Array(Type.String())),
				}),
				Type.Null(),
			],
			{
				description:
					'What was done: chunks added, kept, removed, embedded, and reused (vectors taken over from the name that the document had); why the bulk write closed; durations; what of the content could not be read (warnings).',
			},
		),
	},
	{ additionalProperties: false },
);
export type JobView = Static<typeof JobView>;
