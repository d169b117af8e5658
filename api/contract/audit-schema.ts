import { Type, type Static } from 'typebox';
import { auditKinds, auditLimits } from './audit-kinds.ts';
import { DocId, SourceId, Tenant, Timestamp } from './id-schema.ts';

/** The audit: folder, manifest and index held against each other, document by document and point by point. */
export const AuditRequest = Type.Object(
	{
		tenant: Type.Optional({ ...Tenant, description: 'This tenant alone. Absent: all of them.' }),
		repair: Type.Optional(
			Type.Boolean({
				description:
					'Mend the difference, and nothing else: what is missing or not as it was published is written again from the stored chunks, what is surplus is removed. Default false.',
			}),
		),
	},
	{ additionalProperties: false },
);
export type AuditRequest = Static<typeof AuditRequest>;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const Digest = Type.String({
	pattern: '^[0-9a-f]{64}$',
	description: 'Set digest over names and contents: equal for equal sets.',
});
const Found = Type.Object(
	Object.fromEntries(auditKinds.map((kind) => [kind, Type.Integer({ minimum: 0 })])) as Record<
		(typeof auditKinds)[number],
		ReturnType<typeof Type.Integer>
	>,
	{
		description:
			'Points by kind. missing: not in the index; changed: another text, heading or page; stale: of an earlier version; misordered: at another place; surplus: published by nothing; doubled: surplus, with the content of another point; newer: of a version that the store has never seen, left alone; folder: files, not points, of a folder that this process follows.',
	},
);
const Finding = Type.Object({
	docId: DocId,
	found: Type.Record(Type.String(), Type.Integer(), { description: 'By kind, without zeros.' }),
	mended: count('Of these points.'),
});
const TenantFindings = Type.Object({
	tenant: Tenant,
	found: Found,
	mended: count('Points.'),
	documents: Type.Array(Finding, {
		maxItems: auditLimits.documents,
		description: `The first ${auditLimits.documents} with a finding.`,
	}),
});
const AuditedFolder = Type.Object({
	tenant: Tenant,
	sourceId: SourceId,
	files: count('Files that it has delivered.'),
	digest: Type.Object(
		{ folder: Digest, delivered: Digest, manifest: Digest, index: Digest },
		{
			description:
				'Of the files as last seen, of what was delivered, of what is published of them and of what the index holds whole. Those of a folder that stood still meanwhile are equal where nothing differs.',
		},
	),
});

export const AuditReport = Type.Object(
	{
		tenant: Type.Union([Tenant, Type.Null()], { description: 'Null: all tenants.' }),
		repair: Type.Boolean(),
		state: Type.Enum(['waiting', 'running', 'done', 'stopped', 'failed'], {
			description: 'waiting: for another audit to end; failed: the log says why.',
		}),
		startedAt: Type.Union([Timestamp, Type.Null()]),
		endedAt: Type.Union([Timestamp, Type.Null()]),
		documents: count('Published documents that were looked at.'),
		points: count('Points that were looked at.'),
		inWork: count('Documents that were in work for so long that they were passed over.'),
		earlier: count(
			'Documents that were read, cut or embedded otherwise than they would be today. No fault: send them again to have them made anew.',
		),
		found: Found,
		mended: count('Points that were found and are as they should be now.'),
		left: count('Findings that are not mended.'),
		digest: Type.Object(
			{ manifest: Digest, index: Digest },
			{ description: 'Of all published documents, and of those that the index holds whole.' },
		),
		folders: Type.Array(AuditedFolder),
		tenants: Type.Array(TenantFindings, {
			maxItems: auditLimits.tenants,
			description: `The first ${auditLimits.tenants} tenants with a finding.`,
		}),
	},
	{ additionalProperties: false },
);
export type AuditReport = Static<typeof AuditReport>;

export const AuditStatus = Type.Object({
	now: Type.Union([AuditReport, Type.Null()], { description: 'Under way or waiting; null: none is.' }),
	last: Type.Union([AuditReport, Type.Null()], { description: 'That came to its end last: the proof.' }),
});
export type AuditStatus = Static<typeof AuditStatus>;
