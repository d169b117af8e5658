import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { randomUUID } from 'node:crypto';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { DocDropError } from '../errors.ts';
import { installAccess, isLocal } from './access.ts';
import { documentRoutes } from './documents.ts';
import { installErrors, sendError, errorBody } from './errors.ts';
import { jobRoutes } from './jobs.ts';
import { publishRoutes } from './publish.ts';
import { searchRoutes } from './search.ts';
import { statusRoutes, type StatusDeps } from './status.ts';
import { validatorCompiler } from './validation.ts';

/** The HTTP face: limits, access, errors, one file per resource, and the OpenAPI made from their schemas. */
export interface HttpDeps extends StatusDeps {
	readonly logger: FastifyBaseLogger;
	/** Folder of the OpenAPI page's files where they are packed; null: the library finds its own. */
	readonly docsDir: string | null;
}

export async function createHttp(deps: HttpDeps): Promise<FastifyInstance> {
	const { config, telemetry } = deps;
	const hasTrustedProxies = config.trustedProxies.length > 0;
	const app = fastify({
		loggerInstance: deps.logger,
		logController: new LogController({ disableRequestLogging: true }),
		bodyLimit: config.maxBodyMb * 1_048_576,
		requestTimeout: 120_000,
		connectionTimeout: 0,
		keepAliveTimeout: 72_000,
		routerOptions: { maxParamLength: 200 },
		trustProxy: hasTrustedProxies ? [...config.trustedProxies] : false,
		genReqId: () => randomUUID(),
		requestIdHeader: false,
		frameworkErrors: (error, request, reply) => sendError(error, request as never, reply as never),
		clientErrorHandler: (error, socket) => {
			if ((error as { code?: string }).code === 'ECONNRESET' || socket.destroyed) return;
			const body = JSON.stringify(
				errorBody(
					new DocDropError('invalid', 'the request is not well-formed HTTP', { field: 'request' }),
					randomUUID(),
				),
			);
			socket.end(
				`HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
			);
		},
	});
	// A body is JSON or, where a route says so, a stream; a form or plain text from a web page is neither.
	app.removeContentTypeParser('text/plain');
	app.setValidatorCompiler(validatorCompiler as never);
	installErrors(app);
	installAccess(app, config.apiKeys);

	app.addHook('onResponse', async (request, reply) => {
		telemetry.observe(
			'docdrop_request_seconds',
			{ method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) },
			reply.elapsedTime / 1000,
		);
	});
	if (config.rateLimitMax > 0) {
		await app.register(rateLimit, {
			max: config.rateLimitMax,
			timeWindow: '1 minute',
			allowList: (request) => config.skipRateLimitsLocal && isLocal(request, hasTrustedProxies),
			errorResponseBuilder: (_request, context) =>
				new DocDropError('rate_limited', `at most ${context.max} requests a minute`, {
					retryAfterMs: context.ttl,
				}),
		});
	}
	await app.register(swagger, {
		openapi: {
			openapi: '3.1.0',
			info: {
				title: 'DocDrop API',
				version: deps.version,
				description: 'Files change, a vector index follows: once, in order, with nothing lost.',
			},
			components: {
				securitySchemes: {
					bearer: { type: 'http', scheme: 'bearer' },
					key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
				},
			},
		},
	});
	await app.register(swaggerUi, {
		routePrefix: '/docs',
		...(deps.docsDir !== null && { baseDir: deps.docsDir }),
	});
	await app.register(async (routes) => {
		publishRoutes(routes, deps);
		documentRoutes(routes, deps);
		jobRoutes(routes, deps);
		searchRoutes(routes, deps);
		statusRoutes(routes, deps);
		routes.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'));
	});
	return app;
}
