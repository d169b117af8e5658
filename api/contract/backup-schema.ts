import { Type, type Static } from 'typebox';
import { Timestamp } from './id-schema.ts';

/** Nothing, said as JSON: a web page cannot send that to this machine unasked. */
export const BackupRequest = Type.Object({}, { additionalProperties: false });

export const BackupStatus = Type.Object(
	{
		state: Type.Enum(['none', 'running', 'done', 'failed'], {
			description:
				'none: since the start of the process; done: it lies in the folder `backup` of the data folder, until the next one begins; failed: the log says why.',
		}),
		startedAt: Type.Union([Timestamp, Type.Null()]),
		endedAt: Type.Union([Timestamp, Type.Null()]),
		files: Type.Integer({ minimum: 0 }),
		bytes: Type.Integer({ minimum: 0 }),
	},
	{ additionalProperties: false },
);
export type BackupStatus = Static<typeof BackupStatus>;
