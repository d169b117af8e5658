/** How the work on changes goes: shown by the status and by the page's overview. */
import { Type, type Static } from 'typebox';
import { JobFailure } from './job-schema.ts';

export const BreakerView = Type.Enum(['closed', 'half-open', 'open'], {
	description: 'closed: fine; open: calls are paused; half-open: being probed.',
});
const level = Type.Enum(['ok', 'warning', 'alert'], {
	description: 'Mean wait of a minute: above 100 ms a warning, above 1 s an alert.',
});
export const LanesView = Type.Object(
	{
		level,
		waitMeanMs: Type.Number({ description: 'A document was ready and waited for the lock of its lane.' }),
		waitMaxMs: Type.Number(),
		processingMeanMs: Type.Number({ description: 'Preparation of a document and its bulk write.' }),
		documentsPerSecond: Type.Number(),
		contended: Type.Array(Type.Object({ tenant: Type.String(), level, waitMeanMs: Type.Number() }), {
			description: 'Tenants above the warning, longest waits first; at most 20.',
		}),
	},
	{ description: "Of the last minute. A lane is one tenant's serialized bulk writes." },
);
export type LanesView = Static<typeof LanesView>;
export const IndexCheckView = Type.Object({
	state: Type.Enum(['unchecked', 'checking', 'mending', 'sound', 'newer', 'unsound'], {
		description:
			'sound: it holds what was published; mending: what is missing is written again; newer: it holds versions that this process has never seen.',
	}),
	checkedAt: Type.Union([Type.String(), Type.Null()]),
	unmended: Type.Integer({
		description:
			'Documents that could not be written into the index again, for what they are; the others were.',
	}),
	error: Type.Union([JobFailure, Type.Null()], { description: 'Why the first of them could not.' }),
	tenants: Type.Integer({ description: 'Tenants that are being mended, or could not be.' }),
	written: Type.Integer({ description: 'Points written again since the start.' }),
	removed: Type.Integer({ description: 'Points removed since the start that nothing published names.' }),
});
export const PeerFaultView = Type.Object(
	{
		code: Type.String(),
		message: Type.String(),
		since: Type.String({ description: 'ISO 8601.' }),
	},
	{ description: 'What documents wait for.' },
);
