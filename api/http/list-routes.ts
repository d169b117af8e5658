import type { FastifyInstance } from 'fastify';
import { ListRequest, ListResponse } from '../contract/list-schema.ts';
import { limits } from '../contract/limits.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkTenant } from './access.ts';

/** Lists of what there is somewhere else: the index follows them as it follows a folder. */
export function listRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
	app.post<{ Body: ListRequest }>(
		'/v1/lists/sync',
		{
			schema: {
				tags: ['changes'],
				summary: 'Tell all that a list has, without its contents',
				description: `Up to ${limits.listItems.toLocaleString('en')} names and versions. Documents of the list that it lacks are deleted; deletions of more than a fifth are held until they are confirmed. Answers which items are new or changed: publish those with the source that is answered.`,
				body: ListRequest,
				response: { 200: ListResponse },
			},
		},
		async (request) => {
			checkTenant(request, request.body.tenant);
			return pipeline.syncList(request.body);
		},
	);
}
