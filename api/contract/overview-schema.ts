/** What the page shows of a running DocDrop at a glance, as far as the viewer's key reaches. */
import { Type, type Static } from 'typebox';
import { ProgressView } from './progress-schema.ts';
import { BreakerView, IndexCheckView, LanesView, PeerFaultView } from './work-schema.ts';

const orNull = <S extends Parameters<typeof Type.Array>[0]>(schema: S, description: string) =>
	Type.Union([schema, Type.Null()], { description });
const Remarks = Type.Array(Type.Object({ relPath: Type.String(), reason: Type.String() }), {
	description: 'In part: its count says how many there are.',
});

/** One folder that somebody follows: this process, or a workflow of n8n that told of it. */
export const FolderView = Type.Object({
	sourceId: Type.String(),
	tenant: orNull(Type.String(), 'Null: of several tenants.'),
	workflow: orNull(Type.String(), 'Who told of it; null: this process follows it.'),
	label: Type.String(),
	mode: Type.Enum(['watch', 'poll']),
	files: Type.Integer(),
	bytes: orNull(Type.Integer(), 'Null: it was not told.'),
	pending: Type.Integer({ description: 'Files whose change is not sent yet.' }),
	inFlight: Type.Integer({ description: 'Files whose change is being handed over.' }),
	failedCount: Type.Integer(),
	failed: Remarks,
	restless: Type.Array(Type.String(), { description: 'Files that never stand still, in part.' }),
	skippedCount: Type.Integer(),
	skipped: Remarks,
	unreadable: Remarks,
	verifiedAt: orNull(Type.String(), 'Of the last scan that found everything seen as it is.'),
	isDelivered: Type.Boolean({ description: 'All that was seen was handed over.' }),
	held: orNull(
		Type.Object({ count: Type.Integer(), reason: Type.String() }),
		'Deletions that wait for a person.',
	),
	canRelease: Type.Boolean({ description: 'POST /v1/sources/{sourceId}/release lets them go.' }),
	trouble: orNull(Type.String(), 'Why nothing comes from there: a silent workflow, or executions that fail.'),
});
export type FolderView = Static<typeof FolderView>;

export const Overview = Type.Object({
	version: Type.String(),
	tenant: orNull(Type.String(), 'The only tenant of the key; null: all of them.'),
	defaultTenant: Type.String({ description: 'Whose documents are asked for where nobody names a tenant.' }),
	progress: ProgressView,
	oldestPendingSeconds: orNull(
		Type.Number(),
		'Null, as all that follows, but for keys with the right admin for all tenants.',
	),
	pendingBytes: orNull(Type.Integer(), ''),
	inWork: orNull(Type.Integer(), 'Documents that are prepared or written now.'),
	chunks: orNull(Type.Integer(), ''),
	saved: orNull(
		Type.Object({
			superseded: Type.Integer({
				description: 'Changes that a newer one replaced before they cost anything.',
			}),
			unchanged: Type.Integer({ description: 'Changes that changed nothing.' }),
		}),
		'Work that was spared since the store was made.',
	),
	alerts: Type.Array(Type.Enum(['pending', 'errors'])),
	lanes: Type.Union([LanesView, Type.Null()]),
	memoryBytes: orNull(Type.Integer(), 'Of this process, resident.'),
	index: Type.Object({
		kind: Type.String(),
		breaker: BreakerView,
		check: Type.Union([IndexCheckView, Type.Null()]),
	}),
	embedder: Type.Object({
		model: Type.String(),
		breaker: BreakerView,
		fault: Type.Union([PeerFaultView, Type.Null()]),
	}),
	folders: Type.Array(FolderView),
	moreFolders: Type.Integer({ description: 'That are not in the list.' }),
	tenants: Type.Array(ProgressView, { description: 'The first ones, by name.' }),
	moreTenants: Type.Boolean(),
});
export type Overview = Static<typeof Overview>;

const Series = Type.Array(
	Type.Object({
		at: Type.Integer({ description: 'ms since 1970.' }),
		perMinute: Type.Number({ description: 'Changes that ended, a minute.' }),
		pending: Type.Integer({ description: 'Documents that waited, at most.' }),
		failed: Type.Integer({ description: 'Documents that had failed.' }),
		memoryBytes: Type.Integer({ description: 'Of this process, resident, at most.' }),
	}),
	{ description: 'Oldest first.' },
);
export const OverviewHistory = Type.Object({
	hour: Series,
	day: Series,
});
export type OverviewHistory = Static<typeof OverviewHistory>;
