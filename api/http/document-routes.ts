import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { DocumentView } from '../contract/document-schema.ts';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { JobView } from '../contract/job-schema.ts';
import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';
import { type Filter, parseFilter, readMeta } from '../domain/index.ts';
import type { DocStore, DocumentState } from '../ports/index.ts';
import { checkTenant } from './access.ts';
import { described, describedList } from './described.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { jobView } from './job-routes.ts';
import { next, pageAfter, pageLimit } from './paging.ts';

/** What is known of documents: state, published chunks, history. */
const One = Type.Object({ tenant: Tenant, docId: DocId }, { additionalProperties: false });
const List = Type.Object(
	{
		tenant: Tenant,
		prefix: Type.Optional(
			Type.String({ maxLength: limits.docIdBytes, description: 'Start of the docId, such as a folder.' }),
		),
		state: Type.Optional(DocumentView.properties.state),
		filter: Type.Optional(
			Type.String({
				maxLength: limits.filterBytes,
				description:
					'The JSON of a filter as POST /v1/search takes it. A document whose newest change is not published yet is looked at as that change says.',
			}),
		),
		after: pageAfter(limits.docIdBytes),
		limit: pageLimit(50),
	},
	{ additionalProperties: false },
);
const Tenants = Type.Object(
	{ after: pageAfter(limits.tenantChars), limit: pageLimit(50) },
	{ additionalProperties: false },
);

function filterIn(text: string): Filter | null {
	let given: unknown;
	try {
		given = JSON.parse(text);
	} catch {
		throw new DocDropError('invalid', 'filter must be well-formed JSON', { field: 'filter' });
	}
	return parseFilter(given);
}

function documentView(document: DocumentState): DocumentView {
	const { title, path, mimeType, metadata } = readMeta(document.meta);
	const { tenant, docId, state, sourceId, sourceName, version, jobId, attempts, error, published } = document;
	return {
		...{ tenant, docId, state, sourceId, sourceName, version, jobId, title, path, attempts, error },
		mimeType: document.meta === '' ? null : mimeType,
		metadata: { ...metadata },
		acceptedAt: new Date(document.acceptedAt).toISOString(),
		published:
			published === null
				? null
				: {
						version: published.version,
						contentSha256: published.sha256,
						bytes: published.size,
						chunks: published.chunks,
						publishedAt: new Date(published.at).toISOString(),
						jobId: published.jobId,
					},
	};
}

export function documentRoutes(
	app: FastifyInstance,
	{ docStore, pipeline }: { readonly docStore: DocStore; readonly pipeline: Pipeline },
): void {
	const unknown = () => new DocDropError('not_found', 'this tenant has no such document', { field: 'docId' });
	async function find(tenant: string, docId: string): Promise<DocumentState> {
		const document = await docStore.document(tenant, docId);
		if (document === null) throw unknown();
		return document;
	}

	app.get<{ Querystring: Static<typeof Tenants> }>(
		'/v1/tenants',
		described('documents', 'List tenants that have documents, or had', {
			description: 'With a key of one tenant: that one.',
			querystring: Tenants,
			response: { 200: Type.Object({ tenants: Type.Array(Type.Object({ tenant: Type.String() })), next }) },
		}),
		async (request) => {
			const { after = '', limit = 50 } = request.query;
			const { onlyTenant } = request;
			const found =
				onlyTenant === null
					? await docStore.tenants({ after, limit })
					: [onlyTenant].filter((tenant) => tenant > after);
			const last = found.length === limit ? found.at(-1) : undefined;
			return { tenants: found.map((tenant) => ({ tenant })), next: last ?? null };
		},
	);

	app.get<{ Querystring: Static<typeof List> }>(
		'/v1/documents',
		describedList('documents', 'List documents of a tenant, by docId', {
			querystring: List,
			response: { 200: Type.Object({ documents: Type.Array(DocumentView), next }) },
		}),
		async (request) => {
			const { limit = 50, filter: text, ...wanted } = request.query;
			checkTenant(request, wanted.tenant);
			const filter = text === undefined ? null : filterIn(text);
			const documents = await docStore.documents({ ...wanted, limit, ...(filter !== null && { filter }) });
			const last = documents.length === limit ? documents.at(-1) : undefined;
			return { documents: documents.map(documentView), next: last?.docId ?? null };
		},
	);

	app.get<{ Querystring: Static<typeof One> }>(
		'/v1/documents/state',
		described('documents', 'One document', { querystring: One, response: { 200: DocumentView } }),
		async (request) => {
			checkTenant(request, request.query.tenant);
			return documentView(await find(request.query.tenant, request.query.docId));
		},
	);

	app.get<{ Querystring: Static<typeof One> }>(
		'/v1/documents/history',
		describedList('documents', 'Every kept receipt of one document, newest first', {
			querystring: One,
			response: {
				200: Type.Object({
					document: Type.Union([DocumentView, Type.Null()], {
						description: 'Null: nothing was ever accepted under this docId; it was refused.',
					}),
					jobs: Type.Array(JobView),
				}),
			},
		}),
		async (request) => {
			const { tenant, docId } = request.query;
			checkTenant(request, tenant);
			const document = await docStore.document(tenant, docId);
			const jobs = await docStore.jobs({ tenant, docId, limit: 100 });
			if (document === null && jobs.length === 0) throw unknown();
			return {
				document: document === null ? null : documentView(document),
				jobs: jobs.map((job) => jobView(job, pipeline.reasonOf(job.jobId))),
			};
		},
	);
}
