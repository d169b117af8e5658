import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ErrorBody, ItemError } from '../contract/error-schema.ts';
import { limits } from '../contract/limits.ts';
import { headerLines, setHeaders } from './answer-headers.ts';
import { DocDropError, errorTable, isDocDropError } from '../errors.ts';

/** Every error on its way out: one body, from the table; what is not in the table is logged and answered as `internal`. */
export function itemError(error: DocDropError): ItemError {
	const { code, message, field, hint, retryable, jobId } = error;
	return {
		...{ code, message, ...(field !== undefined && { field }), hint, retryable },
		...(jobId !== undefined && { jobId }),
	};
}

export const statusOf = (error: DocDropError): number => errorTable[error.code].status;

/** What Fastify itself refuses, in our words. */
function fromFramework(error: FastifyError, request: FastifyRequest): DocDropError | null {
	switch (error.code) {
		case 'FST_ERR_CTP_BODY_TOO_LARGE': {
			const length = request.headers['content-length'];
			const got = length === undefined ? '' : `, got ${length}`;
			const message = `body must be at most ${request.routeOptions.bodyLimit} bytes${got}`;
			return new DocDropError('too_large', message, { field: 'body' });
		}
		case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
			return new DocDropError('unsupported_type', 'content-type must be application/json', {
				field: 'content-type',
				hint: 'Send JSON with the header content-type: application/json.',
			});
		case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
			return new DocDropError('invalid', 'content-length must match the body', { field: 'content-length' });
		case 'FST_ERR_BAD_URL':
			return badUrl();
		case 'FST_ERR_MAX_PARAM_LENGTH':
			return new DocDropError('invalid', 'url must not have an id this long in its path', { field: 'url' });
		case 'ECONNRESET':
			// The caller hung up in the middle of its body. Nobody reads the answer; it is no fault of ours.
			return new DocDropError('invalid', 'body must be whole, but the connection ended', { field: 'body' });
		default:
			if (error.statusCode === 403 || error.statusCode === 404) return noSuchAddress();
			return error.statusCode === 400
				? new DocDropError('invalid', 'body must be whole and readable', { field: 'body' })
				: null;
	}
}

const noSuchAddress = () => new DocDropError('not_found', 'there is no such address');

const badUrl = () =>
	new DocDropError('invalid', 'url must be well-formed, with every special character percent-encoded', {
		field: 'url',
	});

/** Fastify takes a query string that is not well-formed as it stands, and so another id than the caller meant. */
function checkUrl({ url }: FastifyRequest): void {
	if (!url.includes('%')) return;
	try {
		decodeURIComponent(url);
	} catch {
		throw badUrl();
	}
}

/** Bodies are taken as they are: a compressed one would be indexed as the noise that it looks like. */
function checkEncoding({ headers }: FastifyRequest): void {
	const encoding = headers['content-encoding'];
	if (encoding === undefined || encoding === 'identity') return;
	throw new DocDropError('unsupported_type', 'content-encoding must be absent or identity', {
		field: 'content-encoding',
		hint: 'Send the body uncompressed.',
	});
}

function toDocDropError(error: unknown, request: FastifyRequest): DocDropError {
	if (isDocDropError(error)) return error;
	return (
		fromFramework(error as FastifyError, request) ??
		new DocDropError('internal', 'internal error', { cause: error })
	);
}

export function errorBody(error: DocDropError, requestId: string): ErrorBody {
	return { error: { ...itemError(error), requestId } };
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
	const known = toDocDropError(error, request);
	const status = statusOf(known);
	setHeaders(reply);
	if (known.code === 'internal') request.log.error({ err: error }, 'a request failed unexpectedly');
	if (known.retryAfterMs !== undefined)
		void reply.header('retry-after', Math.ceil(known.retryAfterMs / 1000));
	else if (status === 503) void reply.header('retry-after', 5);
	void reply.code(status).type('application/json; charset=utf-8').send(errorBody(known, request.id));
}

/** A request that Node could not even parse: there is no route, and no reply object, to answer it with. */
export function answerClientError(error: Error, socket: Socket): void {
	const { code } = error as { code?: string };
	if (code === 'ECONNRESET' || socket.destroyed) return;
	const [status, known] =
		code === 'HPE_HEADER_OVERFLOW'
			? [
					'431 Request Header Fields Too Large',
					new DocDropError(
						'too_large',
						`url and headers must be at most ${limits.headerBytes} bytes together`,
						{
							field: 'headers',
							hint: 'Send long values in the body.',
						},
					),
				]
			: code === 'ERR_HTTP_REQUEST_TIMEOUT'
				? [
						'408 Request Timeout',
						new DocDropError('invalid', 'the request must be whole within its time', { field: 'request' }),
					]
				: [
						'400 Bad Request',
						new DocDropError('invalid', 'the request must be well-formed HTTP', { field: 'request' }),
					];
	const body = JSON.stringify(errorBody(known, randomUUID()));
	socket.end(
		`HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\n${headerLines}` +
			`content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
	);
}

export function installErrors(app: FastifyInstance) {
	const routes: { readonly method: string; readonly path: RegExp }[] = [];
	app.addHook('onRoute', ({ method, url }) => {
		const path = new RegExp(
			`^${url
				.replace(/[.+?^$(){}|[\]\\]/g, '\\$&')
				.replace(/:[^/]+/g, '[^/]+')
				.replace('*', '.*')}$`,
		);
		for (const one of [method].flat()) routes.push({ method: one, path });
	});
	app.addHook('onRequest', async (request) => {
		checkUrl(request);
		checkEncoding(request);
	});
	app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
	app.setNotFoundHandler((request, reply) => sendError(noRoute(request, reply), request, reply));
	/** What an address that is none is answered, or one that takes other methods. */
	function noRoute(request: FastifyRequest, reply: FastifyReply): DocDropError {
		const url = request.url.split('?')[0] ?? '';
		const allowed = [...new Set(routes.filter(({ path }) => path.test(url)).map(({ method }) => method))];
		// A route that looked and found nothing ends here too, with the right method.
		if (allowed.length === 0 || allowed.includes(request.method)) return noSuchAddress();
		void reply.header('allow', allowed.join(', '));
		return new DocDropError(
			'method_not_allowed',
			`the method must be ${allowed.join(' or ')}, got ${request.method}`,
		);
	}
	return {
		/** Before the body is received: nobody wants it. */
		refuseUnrouted: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
			if (request.is404) throw noRoute(request, reply);
		},
	};
}
