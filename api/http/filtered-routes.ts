import type { FastifyInstance } from 'fastify';
import { DeleteByFilter, FilteredResponse, PatchByFilter } from '../contract/filtered-schema.ts';
import { limits } from '../contract/limits.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkTenant } from './access.ts';
import { describedList } from './described.ts';
import { itemError } from './error-answers.ts';

/** One change of all documents that are like a filter, up to a bound a request. */
export function filteredRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
	async function change(
		{ dryRun = false, takeOver = false, priority = 'low', after = '', limit, ...asked }: DeleteByFilter,
		metadata: PatchByFilter['metadata'] | null,
	): Promise<FilteredResponse> {
		const { failures, stopped, ...counts } = await pipeline.changeByFilter({
			...{ ...asked, metadata, dryRun, takeOver, priority, after, limit: limit ?? limits.filteredChanges },
		});
		return {
			...counts,
			failures: failures.map(({ docId, error }) => ({ docId, error: itemError(error) })),
			...(stopped !== null && { stopped: itemError(stopped) }),
		};
	}
	const description = `Up to ${limits.filteredChanges.toLocaleString('en')} documents a request, in the order of their ids; \`next\` says where to go on. Each is looked at once more as its change is taken: what is like the filter no more is left alone. Counted against the limit of documents as single changes are.`;

	app.post<{ Body: DeleteByFilter }>(
		'/v1/documents/delete',
		describedList('changes', 'Delete the documents that are like a filter', {
			description,
			body: DeleteByFilter,
			response: { 200: FilteredResponse },
		}),
		async (request) => {
			checkTenant(request, request.body.tenant);
			return change(request.body, null);
		},
	);

	app.post<{ Body: PatchByFilter }>(
		'/v1/documents/patch',
		describedList('changes', 'Change the metadata of the documents that are like a filter', {
			description,
			body: PatchByFilter,
			response: { 200: FilteredResponse },
		}),
		async (request) => {
			checkTenant(request, request.body.tenant);
			const { metadata, ...asked } = request.body;
			return change(asked, metadata);
		},
	);
}
