import { Type, type Static } from 'typebox';

/** How far documents are: of one tenant, or of all together. */
export const ProgressView = Type.Object({
	tenant: Type.Union([Type.String(), Type.Null()]),
	total: Type.Integer({ description: 'Documents that are there or on their way.' }),
	processed: Type.Integer({ description: 'Those that are in the index as they are wanted.' }),
	pending: Type.Integer({ description: 'Those with a change that waits or is worked on.' }),
	failed: Type.Integer({ description: 'Those whose newest change was given up.' }),
	refused: Type.Integer({
		description:
			'Changes that were refused for good, and after which nothing of their document was taken; of no document in the other figures. GET /v1/jobs?state=failed lists them.',
	}),
	percent: Type.Number({ description: 'Of the total, processed or failed.' }),
	filesPerMinute: Type.Number({ description: 'Changes that ended, by the last minute.' }),
	secondsLeft: Type.Union([Type.Integer(), Type.Null()], {
		description: 'At that rate; null where something waits and nothing moves.',
	}),
});
export type ProgressView = Static<typeof ProgressView>;
