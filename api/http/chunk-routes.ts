import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { ChunkView } from '../contract/document-schema.ts';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';
import type { ChunkPage, DocStore } from '../ports/index.ts';
import { checkTenant } from './access.ts';
import { described } from './described.ts';
import { next, pageAfter, pageLimit } from './paging.ts';

/** What is published of one document, page by page: a large one has more of it than fits into one answer. */
const Page = Type.Object(
	{
		tenant: Tenant,
		docId: DocId,
		after: pageAfter(limits.chunkPlaceChars),
		limit: pageLimit(limits.pageRows),
	},
	{ additionalProperties: false },
);

/** Where a page ends: how many chunks came before its end, and the last one's place in the order. */
interface Place {
	readonly count: number;
	readonly last: NonNullable<ChunkPage['after']>;
}

const placePattern = /^(\d{1,9})\.([0-9A-Za-z]+)\.([0-9a-f-]{36})$/;

function placeOf(text: string): Place {
	const [, count, order, pointId] = placePattern.exec(text) ?? [];
	if (count === undefined || order === undefined || pointId === undefined) {
		throw new DocDropError(
			'invalid',
			`after must be what the page before called next, got ${JSON.stringify(text.slice(0, 80))}`,
			{ field: 'after' },
		);
	}
	return { count: Number(count), last: { order, pointId } };
}

export function chunkRoutes(app: FastifyInstance, { docStore }: { readonly docStore: DocStore }): void {
	app.get<{ Querystring: Static<typeof Page> }>(
		'/v1/documents/chunks',
		described('documents', 'The published chunks of one document, in order', {
			description: `A page of at most ${limits.pageRows}. A document that is published anew between two pages goes on at the same place of its text.`,
			querystring: Page,
			response: { 200: Type.Object({ chunks: Type.Array(ChunkView), next }) },
		}),
		async (request) => {
			const { tenant, docId, after, limit = limits.pageRows } = request.query;
			checkTenant(request, tenant);
			const from = after === undefined ? null : placeOf(after);
			const before = from?.count ?? 0;
			if ((await docStore.document(tenant, docId)) === null)
				throw new DocDropError('not_found', 'this tenant has no such document', { field: 'docId' });
			const chunks = await docStore.chunks(tenant, docId, { after: from?.last ?? null, limit });
			const last = chunks.length === limit ? chunks.at(-1) : undefined;
			return {
				chunks: chunks.map(({ pointId, heading, page, text }, index) => ({
					...{ index: before + index, pointId, heading, page, text },
				})),
				next: last === undefined ? null : `${before + limit}.${last.order}.${last.pointId}`,
			};
		},
	);
}
