import type { FastifyRequest } from 'fastify';
import type { Overview } from '../contract/overview-schema.ts';
import type { Config } from '../config/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { DocStore, Embedder, VectorStore } from '../ports/index.ts';
import type { FolderReports } from './folder-reports.ts';
import { folderViews } from './folder-views.ts';
import { progressOf, progressOfTenants } from './progress-routes.ts';
import type { FollowedSource } from './source-routes.ts';
import { embedderFaultOf, lanesOf, oldestPendingSeconds } from './work-figures.ts';

/** One look at everything that a viewer may see. How the service itself is, is null for who does not operate it. */
export interface OverviewDeps {
	readonly config: Config;
	readonly version: string;
	readonly pipeline: Pipeline;
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly embedder: Embedder;
	readonly now: () => number;
	readonly sources: () => readonly FollowedSource[];
	readonly reports: FolderReports;
}

/** A picture at a glance: there are routes with pages for more. */
const mostFolders = 24;
const mostTenants = 12;

/** As far as a key reaches. */
export type ViewerRights = Pick<FastifyRequest, 'onlyTenant' | 'mayOperate'>;

export async function overviewOf(
	{ onlyTenant, mayOperate }: ViewerRights,
	deps: OverviewDeps,
): Promise<Overview> {
	const { config, pipeline, vectorStore, embedder } = deps;
	const [progress, tenants, service] = await Promise.all([
		progressOf(onlyTenant, deps),
		progressOfTenants({ after: '', limit: mostTenants + 1 }, onlyTenant, deps),
		mayOperate ? ofTheService(deps) : nothingOfIt,
	]);
	const folders = folderViews(deps.sources(), deps.reports.list(onlyTenant), onlyTenant);
	return {
		version: deps.version,
		tenant: onlyTenant,
		defaultTenant: onlyTenant ?? config.tenant,
		progress,
		...service,
		index: {
			kind: vectorStore.kind,
			breaker: pipeline.indexState(),
			check: mayOperate ? pipeline.indexCheck() : null,
		},
		embedder: {
			model: embedder.model,
			breaker: pipeline.breakers.embedder.state(),
			fault: mayOperate ? embedderFaultOf(pipeline) : null,
		},
		folders: folders.slice(0, mostFolders),
		moreFolders: Math.max(0, folders.length - mostFolders),
		tenants: tenants.slice(0, mostTenants),
		moreTenants: tenants.length > mostTenants,
	};
}

type OfTheService = Pick<
	Overview,
	| 'oldestPendingSeconds'
	| 'pendingBytes'
	| 'inWork'
	| 'chunks'
	| 'saved'
	| 'alerts'
	| 'lanes'
	| 'memoryBytes'
	| 'audit'
>;

const nothingOfIt: OfTheService = {
	...{ oldestPendingSeconds: null, pendingBytes: null, inWork: null, chunks: null, saved: null },
	...{ alerts: [], lanes: null, memoryBytes: null, audit: null },
};

async function ofTheService({ docStore, pipeline, now }: OverviewDeps): Promise<OfTheService> {
	const [stats, { alerts }, audits] = await Promise.all([
		docStore.stats(),
		pipeline.queueHealth(),
		pipeline.audits?.status(null) ?? null,
	]);
	const last = audits?.last ?? null;
	const { jobs } = stats;
	return {
		oldestPendingSeconds: oldestPendingSeconds(stats, now()),
		pendingBytes: stats.pendingBytes,
		inWork: pipeline.inWork(),
		chunks: stats.chunks,
		saved: { superseded: jobs.superseded ?? 0, unchanged: jobs.unchanged ?? 0 },
		alerts: [...alerts],
		lanes: lanesOf(pipeline),
		// To the MB: a figure that is never the same twice would be news each second.
		memoryBytes: Math.round(process.memoryUsage.rss() / 1e6) * 1e6,
		audit: last === null ? null : { endedAt: last.endedAt, points: last.points, left: last.left },
	};
}
