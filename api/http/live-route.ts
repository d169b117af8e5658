import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DocDropError } from '../errors.ts';
import type { Clock, DocStore } from '../ports/index.ts';
import { described } from './described.ts';

/** Longer than any work of the store's: it is slow before, and dead after it. */
const storeMs = 20_000;

const Live = Type.Object({ status: Type.Literal('ok') });

/** Alive is a process whose store answers: one that cannot take anything any more must be started anew. */
export function liveRoute(
	app: FastifyInstance,
	{ docStore, clock }: { readonly docStore: DocStore; readonly clock: Clock },
): void {
	app.get(
		'/health/live',
		described('operation', 'The process and its store answer', { response: { 200: Live } }),
		async () => {
			const late = Promise.withResolvers<never>();
			const cancel = clock.after(storeMs, () =>
				late.reject(
					new DocDropError('store_unavailable', `the state store gave no answer within ${storeMs} ms`),
				),
			);
			try {
				await Promise.race([docStore.marker('alive'), late.promise]);
			} finally {
				cancel();
			}
			return { status: 'ok' as const };
		},
	);
}
