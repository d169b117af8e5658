import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { randomUUID } from 'node:crypto';
import fastify, {
	LogController,
	type FastifyBaseLogger,
	type FastifyInstance,
	type FastifyRequest,
} from 'fastify';
import { DocDropError } from '../errors.ts';
import { createAllotment } from '../pipeline/admission/index.ts';
import { installAccess, isLocal, type AccessKeys } from './access.ts';
import { auditRoutes } from './audit-routes.ts';
import { backupRoutes, type BackupDeps } from './backup-routes.ts';
import { batchRoutes } from './batch-routes.ts';
import { installBodyMemory } from './body-memory.ts';
import { installBodyTime } from './body-time.ts';
import { chunkRoutes } from './chunk-routes.ts';
import { creditRoutes } from './credit-routes.ts';
import { documentRoutes } from './document-routes.ts';
import { filteredRoutes } from './filtered-routes.ts';
import { createFolderReports } from './folder-reports.ts';
import { embeddingRoutes } from './embedding-routes.ts';
import { answerClientError, installErrors, sendError } from './error-answers.ts';
import { descriptionPolicy, installHeaders } from './answer-headers.ts';
import { describeErrors, holdToTable, isHealth } from './error-responses.ts';
import { serverOptions } from './http-server.ts';
import { createInnerRequests } from './inner-requests.ts';
import { jobRoutes } from './job-routes.ts';
import { installJsonBody } from './json-body.ts';
import { installListTurns } from './list-turns.ts';
import { listRoutes } from './list-routes.ts';
import { mcpRoutes } from './mcp-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { progressRoutes } from './progress-routes.ts';
import { publishRoutes } from './ingest-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { searchRoutes } from './search-routes.ts';
import { sourceRoutes } from './source-routes.ts';
import { statusRoutes, type StatusDeps } from './status-routes.ts';
import { installForms, uploadRoutes } from './upload-routes.ts';
import { validatorCompiler } from './validation.ts';

/** The HTTP face: limits, access, errors, one file per resource, and the OpenAPI made from their schemas. */
export interface HttpDeps extends StatusDeps, BackupDeps {
	readonly logger: FastifyBaseLogger;
	readonly keys: AccessKeys;
	/** Folder of the OpenAPI page's files where they are packed; null: the library finds its own. */
	readonly docsDir: string | null;
	/** Folder of the page where it is packed; null: it is served from source. */
	readonly pageDir: string | null;
}

/** Of the overview as it changes: each holds a connection and a few kB. */
const mostViewers = 64;

const allotment = ({ config, clock }: HttpDeps, what: string, total: number) =>
	createAllotment(
		{ what, total, waitMs: config.admissionWaitMs },
		{ clock, weightOf: (tenant) => config.tenantWeights.get(tenant) ?? 1 },
	);

export async function createHttp(deps: HttpDeps): Promise<FastifyInstance> {
	const { config, telemetry } = deps;
	const hasTrustedProxies = config.trustedProxies.length > 0;
	const app = fastify({
		loggerInstance: deps.logger,
		logController: new LogController({ disableRequestLogging: true }),
		bodyLimit: config.maxBodyBytes,
		// A limit for the whole request would cut large files: see body-time.ts.
		requestTimeout: 0,
		connectionTimeout: 0,
		keepAliveTimeout: 72_000,
		routerOptions: { maxParamLength: 200 },
		// Who comes while the process ends is answered in our words: see refuseWhileStopping.
		return503OnClosing: false,
		trustProxy: hasTrustedProxies ? [...config.trustedProxies] : false,
		genReqId: () => randomUUID(),
		requestIdHeader: false,
		frameworkErrors: (error, request, reply) => sendError(error, request as never, reply as never),
		clientErrorHandler: answerClientError,
		...serverOptions(deps.certificate),
	});
	installHeaders(app, deps.certificate !== null);
	installBodyTime(app, deps.clock);
	// A body is JSON or, where a route says so, a stream or a form; plain text from a web page is none of them.
	app.removeContentTypeParser('text/plain');
	installJsonBody(app);
	app.setValidatorCompiler(validatorCompiler as never);
	const { refuseUnrouted } = installErrors(app);
	const inner = createInnerRequests(app);
	app.addHook('onResponse', async (request, reply) => {
		telemetry.observe(
			'docdrop_request_seconds',
			{ method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) },
			reply.elapsedTime / 1000,
		);
	});
	if (config.rateLimitMax > 0) {
		await app.register(rateLimit, {
			global: false,
			max: config.rateLimitMax,
			timeWindow: '1 minute',
			allowList: (request) => inner.isInner(request) || (config.skipRateLimitsLocal && isLocal(request)),
			errorResponseBuilder: (_request, context) =>
				new DocDropError('rate_limited', `at most ${context.max} requests a minute`, {
					retryAfterMs: context.ttl,
				}),
		});
		// Before the key is looked at, and on every address: guessing keys is what the limit is most needed for.
		app.addHook('onRequest', app.rateLimit());
	}
	installAccess(app, deps.keys);
	app.addHook('onRequest', refuseUnrouted);
	refuseWhileStopping(app, deps.isStopping, inner.isInner);
	const bodyBytes = Math.max(config.maxBodiesBytes, config.maxBodyBytes);
	installBodyMemory(app, allotment(deps, 'bytes of request bodies', bodyBytes), inner);
	installListTurns(app, allotment(deps, 'lists at a time', config.maxLists));
	await app.register(swagger, {
		openapi: {
			openapi: '3.1.0',
			info: {
				title: 'DocDrop API',
				version: deps.version,
				description: 'Files change, a vector index follows: once, in order, with nothing lost.',
			},
			components: {
				schemas: {},
				securitySchemes: {
					bearer: { type: 'http', scheme: 'bearer' },
					key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
				},
			},
		},
		transformObject(made) {
			if (!('openapiObject' in made)) return made.swaggerObject;
			describeErrors(made.openapiObject);
			return made.openapiObject;
		},
	});
	await app.register(swaggerUi, {
		routePrefix: '/docs',
		staticCSP: descriptionPolicy,
		...(deps.docsDir !== null && { baseDir: deps.docsDir }),
	});
	const reports = createFolderReports(deps.clock);
	await app.register(async (routes) => {
		holdToTable(routes);
		publishRoutes(routes, deps);
		// A context of its own: no other route takes forms.
		void routes.register(async (forms) => {
			await installForms(forms);
			uploadRoutes(forms, { ...deps, tenant: config.tenant });
			batchRoutes(forms, { ...deps, tenant: config.tenant });
		});
		listRoutes(routes, deps);
		documentRoutes(routes, deps);
		filteredRoutes(routes, deps);
		chunkRoutes(routes, deps);
		jobRoutes(routes, deps);
		creditRoutes(routes, deps);
		searchRoutes(routes, deps);
		embeddingRoutes(routes, deps);
		mcpRoutes(routes, { ...deps, inner });
		sourceRoutes(routes, { ...deps, reports });
		reportRoutes(routes, { reports });
		statusRoutes(routes, { ...deps, reports });
		progressRoutes(routes, deps);
		auditRoutes(routes, deps);
		overviewRoutes(routes, { ...deps, reports, viewers: allotment(deps, 'viewers at a time', mostViewers) });
		pageRoutes(routes, deps);
		backupRoutes(routes, deps);
	});
	return app;
}

/** On a connection that is kept open requests go on coming; machines are told how it stands to the end. */
function refuseWhileStopping(
	app: FastifyInstance,
	isStopping: () => boolean,
	isInner: (request: FastifyRequest) => boolean,
): void {
	app.addHook('onRequest', async (request) => {
		if (!isStopping() || isHealth(request.url) || isInner(request)) return;
		throw new DocDropError('shutting_down', 'the process is stopping');
	});
}
