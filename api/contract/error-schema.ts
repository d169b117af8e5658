import { Type, type Static } from 'typebox';
import { JobId } from './id-schema.ts';

const receipt = Type.Optional(
	Type.Unsafe<string>({
		...JobId,
		description: 'The failed receipt that tells of it: of a document that was refused for good.',
	}),
);

/** Every answer that is not 2xx has this body. */
export const ErrorBody = Type.Object(
	{
		error: Type.Object({
			code: Type.String({ description: 'From the error table; stable.' }),
			message: Type.String({ description: 'Names the field, the demand and the value.' }),
			field: Type.Optional(
				Type.String({ description: 'Path of the field that is wrong, such as documents/3/docId.' }),
			),
			hint: Type.String({ description: 'What to do.' }),
			retryable: Type.Boolean({ description: 'The same request can succeed later.' }),
			jobId: receipt,
			requestId: Type.String(),
		}),
	},
	{ $id: 'Error', description: 'What went wrong, where, and what to do.' },
);
export type ErrorBody = Static<typeof ErrorBody>;

/** The error of one document within a batch. */
export const ItemError = Type.Object(
	{
		code: Type.String(),
		message: Type.String(),
		field: Type.Optional(Type.String()),
		hint: Type.String(),
		retryable: Type.Boolean(),
		jobId: receipt,
	},
	{ additionalProperties: false },
);
export type ItemError = Static<typeof ItemError>;
