import type { FastifyInstance } from 'fastify';
import { SearchRequest, SearchResponse } from '../contract/search-schema.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkTenant } from './access.ts';
import { described } from './described.ts';
import { goneSignal } from './gone-signal.ts';

/** Questions. */
export function searchRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
	app.post<{ Body: SearchRequest }>(
		'/v1/search',
		described('search', 'Search a tenant’s documents', {
			body: SearchRequest,
			response: { 200: SearchResponse },
		}),
		async (request, reply) => {
			checkTenant(request, request.body.tenant);
			return pipeline.search(request.body, goneSignal(reply));
		},
	);
}
