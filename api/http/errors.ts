import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorBody, ItemError } from '../contract/error.ts';
import { DocDropError, errorTable, isDocDropError } from '../errors.ts';

/** Every error on its way out: one body, from the table; what is not in the table is logged and answered as `internal`. */
export function itemError(error: DocDropError): ItemError {
	const { code, message, field, hint, retryable } = error;
	return { code, message, ...(field !== undefined && { field }), hint, retryable };
}

export const statusOf = (error: DocDropError): number => errorTable[error.code].status;

/** What Fastify itself refuses, in our words. */
function fromFramework(error: FastifyError): DocDropError | null {
	switch (error.code) {
		case 'FST_ERR_CTP_BODY_TOO_LARGE':
			return new DocDropError('too_large', 'the body is larger than the limit', { field: 'body' });
		case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
			return new DocDropError('unsupported_type', 'content-type must be application/json', {
				field: 'content-type',
				hint: 'Send JSON with the header content-type: application/json.',
			});
		case 'FST_ERR_CTP_EMPTY_JSON_BODY':
			return new DocDropError('invalid', 'body must be JSON, got nothing', { field: 'body' });
		case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
			return new DocDropError('invalid', 'content-length must match the body', { field: 'content-length' });
		case 'FST_ERR_BAD_URL':
		case 'FST_ERR_MAX_PARAM_LENGTH':
			return new DocDropError('invalid', 'the address is not well formed', { field: 'url' });
		default:
			if (error instanceof SyntaxError || error.statusCode === 400) {
				return new DocDropError('invalid', 'body must be well-formed JSON', { field: 'body' });
			}
			return null;
	}
}

function toDocDropError(error: unknown): DocDropError {
	if (isDocDropError(error)) return error;
	return (
		fromFramework(error as FastifyError) ?? new DocDropError('internal', 'internal error', { cause: error })
	);
}

export function errorBody(error: DocDropError, requestId: string): ErrorBody {
	return { error: { ...itemError(error), requestId } };
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
	const known = toDocDropError(error);
	const status = statusOf(known);
	if (known.code === 'internal') request.log.error({ err: error }, 'a request failed unexpectedly');
	if (known.retryAfterMs !== undefined)
		void reply.header('retry-after', Math.ceil(known.retryAfterMs / 1000));
	else if (status === 503) void reply.header('retry-after', 5);
	void reply.code(status).type('application/json; charset=utf-8').send(errorBody(known, request.id));
}

const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export function installErrors(app: FastifyInstance): void {
	app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
	app.setNotFoundHandler((request, reply) => {
		const url = request.url.split('?')[0] ?? '';
		const allowed = methods.filter((method) => app.hasRoute({ method, url }));
		if (allowed.length === 0) {
			return sendError(new DocDropError('not_found', 'there is no such address'), request, reply);
		}
		void reply.header('allow', allowed.join(', '));
		sendError(
			new DocDropError(
				'method_not_allowed',
				`the method must be ${allowed.join(' or ')}, got ${request.method}`,
			),
			request,
			reply,
		);
	});
}
