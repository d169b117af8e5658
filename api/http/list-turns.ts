import type { FastifyInstance } from 'fastify';
import type { Allotment } from '../pipeline/admission/index.ts';
import { answerLeft } from './answer-left.ts';
import { goneSignal } from './gone-signal.ts';

/**
 * Pages of lists are megabytes where documents have much metadata: few are read at a time, and a place is held until
 * its answer has left, because as long it is in memory.
 */
declare module 'fastify' {
	interface FastifyContextConfig {
		/** Its answers are pages of many rows. */
		isList?: boolean;
	}
}

export function installListTurns(app: FastifyInstance, lists: Allotment): void {
	app.addHook('preHandler', async (request, reply) => {
		if (request.routeOptions.config.isList !== true) return;
		const giveBack = await lists.take(request.onlyTenant ?? '', 1, goneSignal(reply));
		void answerLeft(reply).then(giveBack);
	});
}
