/** What the resource locators offer "From list". Called by the editor while a person fills in the node. */
import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { limits } from '../../api/contract/limits.ts';
import type { DocumentView } from '../../api/contract/document-schema.ts';
import { openApi } from './open-api.ts';

const pageSize = 100;

/** Tenants; `filter` is looked for anywhere in the name. */
export async function searchTenants(
	this: ILoadOptionsFunctions,
	filter?: string,
	after?: string,
): Promise<INodeListSearchResult> {
	const api = openApi(this);
	const wanted = (filter ?? '').toLowerCase();
	// A page on which nothing fits would end the list.
	for (let from = after; ;) {
		const { tenants, next } = await api.request<{ tenants: { tenant: string }[]; next: string | null }>({
			method: 'GET',
			path: '/v1/tenants',
			query: { limit: limits.pageRows, after: from },
		});
		const found = tenants.filter(({ tenant }) => tenant.toLowerCase().includes(wanted));
		if (found.length > 0 || next === null) {
			return {
				results: found.map(({ tenant }) => ({ name: tenant, value: tenant })),
				...(next !== null && { paginationToken: next }),
			};
		}
		from = next;
	}
}

/** The documents of the tenant that is filled in; `filter` is the start of the docId. */
export async function searchDocuments(
	this: ILoadOptionsFunctions,
	filter?: string,
	after?: string,
): Promise<INodeListSearchResult> {
	const tenant: unknown = this.getCurrentNodeParameter('tenant', { extractValue: true });
	// An expression has no value before the workflow runs.
	if (typeof tenant !== 'string' || tenant === '' || tenant.startsWith('=')) return { results: [] };
	const { documents, next } = await openApi(this).request<{ documents: DocumentView[]; next: string | null }>(
		{
			method: 'GET',
			path: '/v1/documents',
			query: {
				tenant,
				limit: pageSize,
				...(filter !== undefined && filter !== '' && { prefix: filter }),
				...(after !== undefined && { after }),
			},
		},
	);
	return {
		results: documents.map(({ docId, title, state }) => ({
			name: title === null || title === '' ? docId : `${docId} (${title})`,
			value: docId,
			description: state,
		})),
		...(next !== null && { paginationToken: next }),
	};
}

/** Folders that the API follows, those that hold deletions back first. */
export async function searchSources(
	this: ILoadOptionsFunctions,
	filter?: string,
	after?: string,
): Promise<INodeListSearchResult> {
	const { sources, next } = await openApi(this).request<{ sources: FollowedFolders[]; next: string | null }>({
		method: 'GET',
		path: '/v1/sources',
		query: { limit: pageSize, after },
	});
	const wanted = (filter ?? '').toLowerCase();
	return {
		results: sources
			.map(({ sourceId, tenant, folders, held }) => ({
				name: `${folders.join(', ')} of ${tenant}: ${held === 0 ? 'nothing' : held} held`,
				value: sourceId,
				held,
			}))
			.filter(({ name }) => name.toLowerCase().includes(wanted))
			.toSorted((a, b) => b.held - a.held)
			.map(({ name, value }) => ({ name, value })),
		...(next !== null && { paginationToken: next }),
	};
}

/** What GET /v1/sources answers of one. */
interface FollowedFolders {
	readonly sourceId: string;
	readonly tenant: string;
	readonly folders: readonly string[];
	readonly held: number;
}
