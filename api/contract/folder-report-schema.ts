/** What a workflow's trigger tells of the folders that it watches; bounded, because the API keeps it in memory. */
import { Type, type Static } from 'typebox';
import { SourceName, Tenant, Timestamp } from './id-schema.ts';
import { limits } from './limits.ts';
import { patterns } from './patterns.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const text = (maxLength: number, description: string) => Type.String({ maxLength, description });
const orNull = <S extends Parameters<typeof Type.Array>[0]>(schema: S, description: string) =>
	Type.Union([schema, Type.Null()], { description });

const Remarks = Type.Array(
	Type.Object(
		{
			relPath: text(limits.docIdBytes, 'Under the folder; empty: the folder itself.'),
			reason: text(300, 'Why.'),
		},
		{ additionalProperties: false },
	),
	{ maxItems: limits.reportedFiles },
);

export const ReportedRoot = Type.Object(
	{
		label: Type.String({ minLength: 1, maxLength: 128, description: 'Name of the folder.' }),
		mode: Type.Enum(['watch', 'poll']),
		files: count,
		pending: { ...count, description: 'Files whose change is not sent yet.' },
		inFlight: count,
		failedCount: { ...count, description: 'Files that were refused for good.' },
		failed: { ...Remarks, description: 'The first of them.' },
		restless: Type.Array(Type.String({ maxLength: limits.docIdBytes }), {
			maxItems: limits.reportedFiles,
			description: 'Files that never stand still, in part.',
		}),
		skippedCount: { ...count, description: 'Files that are left out for what they are.' },
		skipped: { ...Remarks, description: 'The first of them.' },
		unreadable: { ...Remarks, description: 'Parts of the folder that could not be scanned.' },
		lastScanAt: orNull(Timestamp, 'ISO 8601; null: there was none yet.'),
		verifiedAt: orNull(Timestamp, 'Of the last scan that found everything seen as it is.'),
		isDelivered: Type.Boolean({ description: 'The workflow has taken all that was seen.' }),
		held: orNull(
			Type.Object({ count, reason: text(300, 'Why.'), since: Timestamp }, { additionalProperties: false }),
			'Deletions that are paused.',
		),
	},
	{ additionalProperties: false },
);
export type ReportedRoot = Static<typeof ReportedRoot>;

export const FolderReport = Type.Object(
	{
		sender: Type.String({
			minLength: 1,
			maxLength: 64,
			pattern: patterns.name,
			description: 'Names who tells: two n8n may tell of one source.',
		}),
		tenant: orNull(Tenant, 'Whose folders they are; null: of several tenants.'),
		name: SourceName,
		roots: Type.Array(ReportedRoot, { maxItems: 50 }),
		delivery: Type.Object(
			{
				failures: { ...count, description: 'Executions that failed in a row.' },
				lastFailure: orNull(text(300, ''), 'What the last one failed with.'),
			},
			{ additionalProperties: false },
		),
		isLast: Type.Optional(Type.Boolean({ description: 'The workflow stops: what it told is forgotten.' })),
	},
	{ additionalProperties: false },
);
export type FolderReport = Static<typeof FolderReport>;

/** What the API knows of a workflow's folders. */
export const ReportedFolders = Type.Object({
	sourceId: Type.String({ description: 'As documents name it that come from there.' }),
	tenant: FolderReport.properties.tenant,
	name: Type.String({ description: 'The workflow.' }),
	toldAt: Type.String({ description: 'ISO 8601, UTC.' }),
	isSilent: Type.Boolean({ description: 'It should have told something since, and did not.' }),
	roots: FolderReport.properties.roots,
	delivery: FolderReport.properties.delivery,
});
export type ReportedFolders = Static<typeof ReportedFolders>;

/** What a workflow told of one file: where it is, and why nothing of it, or nothing new, is in the index. */
export interface ToldFile {
	readonly name: string;
	readonly label: string;
	readonly toldAt: string;
	readonly isSilent: boolean;
	/** Null: nothing is wrong with it as far as was told. */
	readonly reason: string | null;
}
