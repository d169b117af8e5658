import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Allotment } from '../pipeline/admission/index.ts';
import { goneSignal } from './gone-signal.ts';

/**
 * The one owner of request bodies in memory. Their bytes are reserved before the first of them is received, and are
 * held until the request is answered, because what was made of them (a text, an object) lives as long. A body whose
 * length is not said counts as the largest. How long a body may take is in body-time.ts; streamed ones are written
 * as they come and count nowhere here.
 */
export function installBodyMemory(app: FastifyInstance, bodies: Allotment): void {
	app.addHook('preParsing', async (request, reply) => {
		const bytes = announced(request);
		if (bytes === 0) return;
		// Whose the document is stands in the body: until then a caller is known by its key.
		const giveBack = await bodies.take(request.onlyTenant ?? '', bytes, goneSignal(reply));
		reply.raw.once('close', giveBack);
		if (reply.raw.closed) giveBack();
	});
}

/** What fastify refuses as too large is not received. */
function announced({ raw, routeOptions }: FastifyRequest): number {
	const { config, bodyLimit = 0 } = routeOptions;
	if (config.isStreamed === true) return 0;
	const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
	if (encoding !== undefined) return bodyLimit;
	const bytes = Number(length ?? 0);
	return bytes > 0 && bytes <= bodyLimit ? bytes : 0;
}
