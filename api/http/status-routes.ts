import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AuditStatus } from '../contract/audit-schema.ts';
import { limits } from '../contract/limits.ts';
import { ReportedFolders } from '../contract/folder-report-schema.ts';
import { JobView } from '../contract/job-schema.ts';
import { BreakerView, IndexCheckView, LanesView, PeerFaultView } from '../contract/work-schema.ts';
import { refusedTypes, type Config } from '../config/index.ts';
import type { Breaker, BreakerState } from '../pipeline/faults/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { Clock, DocStore, Embedder, Extractor, VectorStore } from '../ports/index.ts';
import type { Telemetry } from '../telemetry.ts';
import { checkAnyTenant, type AccessKeys } from './access.ts';
import { described } from './described.ts';
import type { FolderReports } from './folder-reports.ts';
import {
	createBudgetMeasure,
	CreditTotals,
	DocumentLimits,
	EmbedderLimits,
	measureCredits,
	measureLimits,
} from './limit-status.ts';
import type { Certificate } from './http-server.ts';
import { jobView } from './job-routes.ts';
import { liveRoute } from './live-route.ts';
import { measureSources, type FollowedSource } from './source-routes.ts';
import { embedderFaultOf, lanesOf, oldestPendingSeconds } from './work-figures.ts';

/** How it stands: info for clients, health for machines, metrics and status for operators. */
export const contractVersion = 1;

const Info = Type.Object({
	name: Type.String(),
	version: Type.String(),
	contract: Type.Integer({ description: 'Grows when an old client would misunderstand.' }),
	limits: Type.Object({
		batchDocuments: Type.Integer(),
		bodyBytes: Type.Integer(),
		fileBytes: Type.Integer(),
		uploadBytes: Type.Integer({ description: 'Of a form with files.' }),
		manifestBytes: Type.Integer({ description: 'Of the manifest of a form.' }),
		windowMs: Type.Integer(),
		maxWaitMs: Type.Integer(),
	}),
	mimeTypes: Type.Array(Type.String(), { description: 'What can be read here and is not ruled out.' }),
	otherTypes: Type.Boolean({ description: 'Whether other types are taken as well, for a reader outside.' }),
	index: Type.Object({ kind: Type.String() }),
	embedder: Type.Object({ model: Type.String(), dimensions: Type.Integer() }),
});
const Ready = Type.Object({
	status: Type.Enum(['ok', 'degraded', 'unavailable']),
	accepting: Type.Boolean({ description: 'Changes are taken.' }),
	index: BreakerView,
	embedder: BreakerView,
	pending: Type.Integer(),
});
const Status = Type.Object({
	version: Type.String(),
	documents: Type.Integer(),
	chunks: Type.Integer(),
	pending: Type.Integer({ description: 'Documents with a change that waits.' }),
	pendingBytes: Type.Integer(),
	failedBytes: Type.Integer({ description: 'Contents that dead letters keep for a retry.' }),
	queue: Type.Object(
		{
			perMinute: Type.Number({ description: 'Changes that ended.' }),
			secondsLeft: Type.Union([Type.Integer(), Type.Null()], {
				description: 'At that rate; null where something waits and nothing moves.',
			}),
			errorRate: Type.Number({
				description: 'Of at least 10 changes that ended, those that failed: 0 to 1.',
			}),
			alerts: Type.Array(Type.Enum(['pending', 'errors']), {
				description: 'pending: too much waits; errors: too much fails.',
			}),
		},
		{ description: 'Of the last minute.' },
	),
	inWork: Type.Integer({ description: 'Documents that are prepared or written now.' }),
	lanes: Type.Union([LanesView, Type.Null()], { description: 'Null where another process does the work.' }),
	failed: Type.Integer({ description: 'Documents whose newest change was given up.' }),
	refused: Type.Object(
		{
			count: Type.Integer(),
			newest: Type.Union([JobView, Type.Null()]),
		},
		{
			description:
				'Changes that were refused for good, such as documents of another source, and after which nothing of their document was taken. No document has failed by them: GET /v1/jobs?state=failed lists them.',
		},
	),
	oldestPendingSeconds: Type.Number(),
	jobs: Type.Record(Type.String(), Type.Integer(), { description: 'Receipts by state.' }),
	documentLimits: Type.Union([DocumentLimits, Type.Null()], { description: 'Null: there are none.' }),
	credits: CreditTotals,
	index: Type.Object({
		kind: Type.String(),
		breaker: BreakerView,
		check: Type.Union([IndexCheckView, Type.Null()], { description: 'null: this process does not look.' }),
		audit: Type.Union([AuditStatus, Type.Null()], {
			description: 'Of all tenants, without names: GET /v1/audit has them. null: this process does not look.',
		}),
	}),
	embedder: Type.Object({
		model: Type.String(),
		breaker: BreakerView,
		fault: Type.Union([PeerFaultView, Type.Null()], { description: 'Null: no document waits for it.' }),
		limits: Type.Union([EmbedderLimits, Type.Null()], { description: 'Null: it has none.' }),
	}),
	reranker: Type.Union([Type.Object({ model: Type.String(), breaker: BreakerView }), Type.Null()], {
		description: 'Null: searches go out in the order of their scores.',
	}),
	keys: Type.Object({
		count: Type.Integer({ description: 'Keys that are valid now; 0 where none is asked for.' }),
		keyring: Type.Union(
			[
				Type.Object({
					readAt: Type.String({ description: 'ISO 8601.' }),
					fault: Type.Union([Type.String(), Type.Null()], {
						description: 'Why its newest state was not taken: the keys of before are valid. Null: it was.',
					}),
				}),
				Type.Null(),
			],
			{ description: 'Null: there is none.' },
		),
	}),
	certificate: Type.Union(
		[
			Type.Object({
				expiresAt: Type.String({ description: 'ISO 8601.' }),
				fault: Type.Union([Type.String(), Type.Null()], {
					description: 'Why the newest files were not taken. Null: they were.',
				}),
			}),
			Type.Null(),
		],
		{ description: 'Null: without TLS.' },
	),
	folders: Type.Array(Type.Unknown(), { description: 'What followed folders say of themselves.' }),
	reports: Type.Array(ReportedFolders, {
		description: 'What workflows of n8n told of the folders that they watch.',
	}),
});

export interface StatusDeps {
	readonly config: Config;
	readonly version: string;
	readonly pipeline: Pipeline;
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly embedder: Embedder;
	readonly extractor: Extractor;
	readonly telemetry: Telemetry;
	/** Store time, ms. */
	readonly now: () => number;
	readonly isStopping: () => boolean;
	readonly sources: () => readonly FollowedSource[];
	readonly clock: Clock;
	readonly keys: Pick<AccessKeys, 'status'>;
	/** Null: without TLS. */
	readonly certificate: Certificate | null;
}

function rerankerOf(pipeline: Pipeline, config: Config) {
	const state = pipeline.rerankerState();
	return state === null ? null : { model: config.rerankerModel, breaker: state };
}

/** What it names may be long, and this is asked for again and again. */
const withoutNames = ({ now, last }: AuditStatus): AuditStatus => ({
	now: now && { ...now, tenants: [] },
	last: last && { ...last, tenants: [] },
});

/** A pace that a server asks for is no fault of it. */
const isAtFault = (pipeline: Pipeline): boolean => {
	const fault = pipeline.embedderFault();
	return fault !== null && fault.code !== 'embedder_throttled';
};

export function statusRoutes(
	app: FastifyInstance,
	deps: StatusDeps & { readonly reports: FolderReports },
): void {
	const { config, pipeline, docStore, vectorStore, embedder, extractor, telemetry, now } = deps;
	const loopDelay = monitorEventLoopDelay({ resolution: 10 });
	loopDelay.enable();
	const measureBudget = createBudgetMeasure(telemetry);
	app.addHook('onClose', async () => void loopDelay.disable());

	/** Calls that earlier scrapes have counted. */
	const counted = { index: { total: 0, whileOpen: 0 }, embedder: { total: 0, whileOpen: 0 } };
	function countCalls(peer: keyof typeof counted, state: BreakerState, guards: readonly Breaker[]): void {
		const calls = { total: 0, whileOpen: 0 };
		for (const { total, whileOpen } of guards.map((guard) => guard.attempts())) {
			calls.total += total;
			calls.whileOpen += whileOpen;
		}
		const before = counted[peer];
		telemetry.set('docdrop_breaker_open', { peer }, state === 'closed' ? 0 : 1);
		telemetry.count('docdrop_peer_attempts_total', { peer }, calls.total - before.total);
		telemetry.count('docdrop_peer_probes_total', { peer }, calls.whileOpen - before.whileOpen);
		counted[peer] = calls;
	}

	const refused = refusedTypes(config);
	app.get(
		'/v1/info',
		described('operation', 'Contract, limits and parts of this server', { response: { 200: Info } }),
		async () => ({
			name: 'docdrop',
			version: deps.version,
			contract: contractVersion,
			limits: {
				batchDocuments: limits.batchDocuments,
				bodyBytes: config.maxBodyBytes,
				fileBytes: config.maxFileBytes,
				uploadBytes: limits.uploadBytes,
				manifestBytes: limits.manifestBytes,
				windowMs: config.windowMs,
				maxWaitMs: config.maxWaitMs,
			},
			mimeTypes: extractor.mimeTypes.filter((type) => refused.get(type) === undefined),
			otherTypes: config.tikaUrl !== '',
			index: { kind: vectorStore.kind },
			embedder: { model: embedder.model, dimensions: embedder.dimensions },
		}),
	);

	liveRoute(app, deps);

	app.get(
		'/health/ready',
		described('operation', 'Changes are accepted', { response: { 200: Ready, 503: Ready } }),
		async (_request, reply) => {
			const index = pipeline.indexState();
			const embedderState = pipeline.breakers.embedder.state();
			const stats = await docStore.stats().catch(() => null);
			const isFull =
				stats !== null &&
				(stats.pending >= config.maxPending || stats.pendingBytes >= config.maxPendingBytes);
			const accepting = stats !== null && !isFull && !deps.isStopping();
			const found = pipeline.indexCheck()?.state ?? 'sound';
			const isWhole = !['mending', 'newer', 'unsound'].includes(found);
			const isWell = index === 'closed' && embedderState === 'closed' && isWhole && !isAtFault(pipeline);
			return reply.code(accepting ? 200 : 503).send({
				status: !accepting ? 'unavailable' : isWell ? 'ok' : 'degraded',
				accepting,
				index,
				embedder: embedderState,
				pending: stats?.pending ?? 0,
			});
		},
	);

	const Metrics = Type.String({ description: 'The Prometheus text format.' });
	app.get(
		'/metrics',
		described('operation', 'Prometheus', { produces: ['text/plain'], response: { 200: Metrics } }),
		async (request, reply) => {
			checkAnyTenant(request);
			const [stats] = await Promise.all([docStore.stats(), pipeline.queueHealth()]);
			telemetry.set('docdrop_documents', {}, stats.documents);
			telemetry.set('docdrop_chunks', {}, stats.chunks);
			telemetry.set('docdrop_pending_documents', {}, stats.pending);
			telemetry.set('docdrop_pending_bytes', {}, stats.pendingBytes);
			telemetry.set('docdrop_failed_bytes', {}, stats.failedBytes);
			telemetry.set('docdrop_leased_documents', {}, stats.leased);
			const lanes = pipeline.lanes();
			telemetry.set('docdrop_documents_per_second', {}, lanes?.documentsPerSecond ?? 0);
			for (const level of ['warning', 'alert'] as const) {
				const contended = lanes?.contended.filter((one) => one.level === level).length ?? 0;
				telemetry.set('docdrop_contended_lanes', { level }, contended);
			}
			telemetry.set('docdrop_failed_documents', {}, stats.failed);
			telemetry.set('docdrop_oldest_pending_seconds', {}, oldestPendingSeconds(stats, now()));
			const { breakers } = pipeline;
			countCalls('index', pipeline.indexState(), [breakers.index, breakers.search]);
			countCalls('embedder', breakers.embedder.state(), [breakers.embedder]);
			measureCredits(stats.credits, telemetry);
			measureBudget(embedder.budget?.());
			measureLimits(pipeline.limits(), telemetry);
			telemetry.set('docdrop_loop_delay_p99_seconds', {}, loopDelay.percentile(99) / 1e9);
			loopDelay.reset();
			measureSources(deps.sources(), telemetry);
			telemetry.set(
				'docdrop_keyring_fault',
				{},
				(deps.keys.status().keyring?.fault ?? null) === null ? 0 : 1,
			);
			const expiresAt = deps.certificate?.status().expiresAt;
			if (expiresAt !== undefined)
				telemetry.set('docdrop_certificate_expires_timestamp_seconds', {}, Date.parse(expiresAt) / 1000);
			telemetry.set('docdrop_resident_bytes', {}, process.memoryUsage.rss());
			return reply.type('text/plain; version=0.0.4').send(await telemetry.render());
		},
	);

	app.get(
		'/v1/status',
		described('operation', 'Figures for an operator', { response: { 200: Status } }),
		async (request) => {
			checkAnyTenant(request);
			const [stats, { perMinute, secondsLeft, errorRate, alerts }, refused, audit] = await Promise.all([
				docStore.stats(),
				pipeline.queueHealth(),
				docStore.refusals(null),
				pipeline.audits?.status(null) ?? null,
			]);
			return {
				version: deps.version,
				documents: stats.documents,
				chunks: stats.chunks,
				pending: stats.pending,
				pendingBytes: stats.pendingBytes,
				failedBytes: stats.failedBytes,
				queue: { perMinute, secondsLeft, errorRate, alerts: [...alerts] },
				inWork: pipeline.inWork(),
				lanes: lanesOf(pipeline),
				failed: stats.failed,
				refused: {
					count: refused.count,
					newest: refused.newest === null ? null : jobView(refused.newest),
				},
				oldestPendingSeconds: oldestPendingSeconds(stats, now()),
				jobs: stats.jobs,
				documentLimits: pipeline.limits(),
				credits: stats.credits,
				index: {
					...{ kind: vectorStore.kind, breaker: pipeline.indexState() },
					...{ check: pipeline.indexCheck(), audit: audit && withoutNames(audit) },
				},
				embedder: {
					model: embedder.model,
					breaker: pipeline.breakers.embedder.state(),
					fault: embedderFaultOf(pipeline),
					limits: embedder.budget?.() ?? null,
				},
				reranker: rerankerOf(pipeline, config),
				keys: deps.keys.status(),
				certificate: deps.certificate?.status() ?? null,
				folders: deps.sources().map(({ tenant, status }) => ({ tenant, ...status() })),
				reports: deps.reports.list(null),
			};
		},
	);
}
