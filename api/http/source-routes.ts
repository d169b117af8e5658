import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { DocDropError } from '../errors.ts';
import type { DocStore } from '../ports/index.ts';
import type { Telemetry } from '../telemetry.ts';
import { checkTenant } from './access.ts';
import { described } from './described.ts';
import { explainTold, type FolderReports } from './folder-reports.ts';
import { next, pageLimit } from './paging.ts';

/** What followed folders tell, and the one thing that a person may tell them. */
export interface FollowedSource {
	readonly tenant: string;
	/** UUID of the source, as its documents name it. */
	readonly sourceId: string;
	/** Plain data. */
	readonly status: () => FollowedStatus;
	/** What is known of one file; may hold bigints. */
	readonly explain: (docId: string) => object;
	/** Lets the deletions go that are held now; returns how many. */
	readonly release: () => number;
}

/**
 * The part of the watch engine's status that is measured, and what the page shows where a follower tells it; all of it
 * is shown by GET /v1/status.
 */
export interface FollowedStatus {
	readonly roots: readonly FollowedRoot[];
	/** Documents of a state that was lost, whose files are gone. */
	readonly snapshot: { readonly held: number };
}

export interface FollowedRoot {
	readonly label: string;
	readonly files: number;
	/** ISO 8601. */
	readonly verifiedAt: string | null;
	readonly digest: string;
	readonly deliveredDigest: string;
	readonly held: { readonly count: number; readonly reason: string } | null;
	readonly mode?: 'watch' | 'poll';
	readonly bytes?: number;
	readonly pending?: number;
	readonly inFlight?: number;
	readonly failedCount?: number;
	readonly failed?: readonly FileRemark[];
	readonly restless?: readonly string[];
	readonly skippedCount?: number;
	readonly skipped?: readonly FileRemark[];
	readonly unreadable?: readonly FileRemark[];
}

interface FileRemark {
	readonly relPath: string;
	readonly reason: string;
}

export function measureSources(sources: readonly FollowedSource[], telemetry: Telemetry): void {
	for (const { sourceId, status } of sources) {
		for (const { label, files, verifiedAt, digest, deliveredDigest, held } of status().roots) {
			const labels = { source: sourceId, root: label };
			telemetry.set('docdrop_folder_files', labels, files);
			const verified = verifiedAt === null ? 0 : Date.parse(verifiedAt) / 1000;
			telemetry.set('docdrop_folder_verified_timestamp_seconds', labels, verified);
			telemetry.set('docdrop_folder_delivered', labels, digest === deliveredDigest ? 1 : 0);
			telemetry.set('docdrop_folder_held_deletions', labels, held?.count ?? 0);
		}
	}
}

export interface SourceDeps {
	readonly sources: () => readonly FollowedSource[];
	readonly docStore: DocStore;
	readonly reports: FolderReports;
}

const File = Type.Object({ tenant: Tenant, docId: DocId }, { additionalProperties: false });
const Id = Type.Object({
	id: Type.String({ minLength: 1, maxLength: 128, description: 'sourceId of a followed folder.' }),
});
const List = Type.Object(
	{
		after: Type.Optional(Type.String({ maxLength: 128, description: '`next` of the page before.' })),
		limit: pageLimit(50),
	},
	{ additionalProperties: false },
);
const SourceView = Type.Object({
	sourceId: Type.String(),
	tenant: Type.String(),
	folders: Type.Array(Type.String(), { description: 'Labels of what it follows.' }),
	held: Type.Integer({ description: 'Deletions that wait for a person.' }),
	reasons: Type.Array(Type.String(), { description: 'Why they are held.' }),
});
const Released = Type.Object({
	released: Type.Integer({ description: 'Deletions that were held, and go now.' }),
});

function sourceView({ sourceId, tenant, status }: FollowedSource): Static<typeof SourceView> {
	const { roots, snapshot } = status();
	const paused = roots.flatMap(({ held }) => (held === null ? [] : [held]));
	return {
		sourceId,
		tenant,
		folders: roots.map(({ label }) => label),
		held: paused.reduce((sum, { count }) => sum + count, snapshot.held),
		reasons: [
			...paused.map(({ reason }) => reason),
			...(snapshot.held === 0 ? [] : ['the state of the folder was lost, and these files are gone']),
		],
	};
}

const asJson = (value: object): Record<string, unknown> =>
	JSON.parse(
		JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one)),
	) as Record<string, unknown>;

export function sourceRoutes(app: FastifyInstance, { sources, docStore, reports }: SourceDeps): void {
	app.get<{ Querystring: Static<typeof List> }>(
		'/v1/sources',
		described('operation', 'List followed folders, and what they hold back', {
			description: 'With a key of one tenant: those of that tenant.',
			querystring: List,
			response: { 200: Type.Object({ sources: Type.Array(SourceView), next }) },
		}),
		async (request) => {
			const { after = '', limit = 50 } = request.query;
			const { onlyTenant } = request;
			const found = sources()
				.filter(({ sourceId, tenant }) => sourceId > after && (onlyTenant ?? tenant) === tenant)
				.toSorted((a, b) => (a.sourceId < b.sourceId ? -1 : 1))
				.slice(0, limit);
			const last = found.length === limit ? found.at(-1) : undefined;
			return { sources: found.map(sourceView), next: last?.sourceId ?? null };
		},
	);

	app.get<{ Querystring: Static<typeof File> }>(
		'/v1/files/explain',
		described('operation', 'What is known of one file of a followed folder', {
			description:
				'Of a folder that this process follows: the watch engine’s row, phase and reasons. Of one that a workflow watches: what that told last, in `told`.',
			querystring: File,
			response: { 200: Type.Unknown() },
		}),
		async (request) => {
			const { tenant, docId } = request.query;
			checkTenant(request, tenant);
			const source = sources().find((one) => one.tenant === tenant);
			const known = source === undefined ? null : asJson(source.explain(docId));
			// A file of the folder that is followed here has a row; any other may be a workflow's.
			if (known !== null && known['row'] !== null) return known;
			const owner = (await docStore.document(tenant, docId))?.sourceId ?? null;
			// A workflow with tenants of its own making tells of them together.
			const shared = reports.list(null).filter((one) => one.tenant === null && one.sourceId === owner);
			const told = explainTold([...reports.list(tenant), ...shared], docId, owner);
			if (told !== null) return { told };
			if (known !== null) return known;
			throw new DocDropError('not_found', 'no folder of this tenant is followed', { field: 'tenant' });
		},
	);

	app.post<{ Params: Static<typeof Id> }>(
		'/v1/sources/:id/release',
		described('operation', 'Let the held deletions of a followed folder go', {
			description:
				'Deletions are held where more than a fifth of a folder went at once, or the folder itself was replaced. They go by themselves when the files come back; this sends them as they are.',
			params: Id,
			response: { 200: Released },
		}),
		async (request) => {
			const source = sources().find((one) => one.sourceId === request.params.id);
			if (source !== undefined) checkTenant(request, source.tenant);
			if (source === undefined)
				throw new DocDropError('not_found', 'no followed folder has this sourceId', { field: 'id' });
			return { released: source.release() };
		},
	);
}
