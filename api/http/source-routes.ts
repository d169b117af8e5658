import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { DocDropError } from '../errors.ts';
import type { Telemetry } from '../telemetry.ts';
import { checkTenant } from './access.ts';
import { described } from './described.ts';

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

/** The part of the watch engine's status that is measured; all of it is shown. */
export interface FollowedStatus {
	readonly roots: readonly {
		readonly label: string;
		readonly files: number;
		/** ISO 8601. */
		readonly verifiedAt: string | null;
		readonly digest: string;
		readonly deliveredDigest: string;
		readonly held: { readonly count: number } | null;
	}[];
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
}

const File = Type.Object({ tenant: Tenant, docId: DocId }, { additionalProperties: false });
const Id = Type.Object({
	id: Type.String({ minLength: 1, maxLength: 128, description: 'sourceId of a followed folder.' }),
});
const Released = Type.Object({
	released: Type.Integer({ description: 'Deletions that were held, and go now.' }),
});

export function sourceRoutes(app: FastifyInstance, { sources }: SourceDeps): void {
	app.get<{ Querystring: Static<typeof File> }>(
		'/v1/files/explain',
		described('operation', 'What the followed folder knows of one file', {
			querystring: File,
			response: { 200: Type.Unknown({ description: 'The watch engine’s row, phase and reasons.' }) },
		}),
		async (request) => {
			const { tenant, docId } = request.query;
			checkTenant(request, tenant);
			const source = sources().find((one) => one.tenant === tenant);
			if (source === undefined)
				throw new DocDropError('not_found', 'no folder of this tenant is followed', { field: 'tenant' });
			return JSON.parse(
				JSON.stringify(source.explain(docId), (_key, value: unknown) =>
					typeof value === 'bigint' ? String(value) : value,
				),
			) as object;
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
