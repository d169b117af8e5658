/** What is known of documents: of one, and of all of a tenant. */
import type { DocumentView } from '../../../api/contract/document-schema.ts';
import { filterOf } from '../input/json-object.ts';
import { isApiFailure } from '../node-errors.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled, readPages } from './pages.ts';
import { refuseUnknownTenant } from './unknown-tenant.ts';

export async function getDocument(session: Session) {
	const { api, parameters } = session;
	return eachItem(session, async (item) => {
		const tenant = parameters.required('tenant', 'Tenant', item);
		const query = { tenant, docId: parameters.docId(item) };
		return api
			.request<DocumentView>({ method: 'GET', path: '/v1/documents/state', query, ...until(session) })
			.catch(async (error: unknown) => {
				const isUnknown = isApiFailure(error) && error.code === 'not_found' && error.field === 'docId';
				if (isUnknown) await refuseUnknownTenant(session, tenant);
				throw error;
			});
	});
}

export async function getManyDocuments(session: Session) {
	const { parameters } = session;
	return eachItem(session, async (item) => {
		const tenant = parameters.required('tenant', 'Tenant', item);
		const filters = parameters.options('filters', item);
		const filter = filterOf(filters['filter']);
		const found = await readPages(session, item, {
			path: '/v1/documents',
			list: 'documents',
			query: {
				...{ tenant, ...filled(filters, ['prefix', 'state']) },
				...(filter !== null && { filter: JSON.stringify(filter) }),
			},
		});
		if (found.length === 0) await refuseUnknownTenant(session, tenant);
		return found;
	});
}
