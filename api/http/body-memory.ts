import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Allotment } from '../pipeline/admission/index.ts';
import { limits } from '../contract/limits.ts';
import { answerLeft } from './answer-left.ts';
import { goneSignal } from './gone-signal.ts';
import type { InnerRequests } from './inner-requests.ts';
import { bodyKind } from './streamed-body.ts';

/**
 * The one owner of request bodies in memory. Their bytes are reserved before the first of them is received, and are
 * held until the request is answered, because what was made of them (a text, an object) lives as long. A body whose
 * length is not said counts as the largest. How long a body may take is in body-time.ts; streamed ones are written
 * as they come and count nowhere here, but for what a form keeps of itself in memory.
 */
export function installBodyMemory(
	app: FastifyInstance,
	bodies: Allotment,
	{ isInner }: Pick<InnerRequests, 'isInner'>,
): void {
	app.addHook('preParsing', async (request, reply) => {
		const bytes = isInner(request) ? 0 : announced(request);
		if (bytes === 0) return;
		// Whose the document is stands in the body: until then a caller is known by its key.
		const tenant = request.onlyTenant ?? '';
		const giveBack = bodies.takeNow(tenant, bytes) ?? (await bodies.take(tenant, bytes, goneSignal(reply)));
		void answerLeft(reply).then(giveBack);
	});
}

/** What fastify refuses as too large is not received. Of a form only small files and fields are kept. */
function announced(request: FastifyRequest): number {
	const { raw, routeOptions, headers } = request;
	const kind = bodyKind({ routeOptions, headers });
	if (kind === 'stream') return 0;
	const isOfFiles = kind === 'form';
	const most = isOfFiles ? formBytes : (routeOptions.bodyLimit ?? 0);
	const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
	if (encoding !== undefined) return most;
	const bytes = Number(length ?? 0);
	if (isOfFiles) return Math.min(bytes, most);
	return bytes > 0 && bytes <= most ? bytes : 0;
}

const formBytes = limits.uploadMemoryBytes + limits.manifestBytes;
