/** What is known of documents: of one, and of all of a tenant. */
import type { DocumentView } from '../../../api/contract/document-schema.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled, readPages } from './pages.ts';

export async function getDocument(session: Session) {
	const { api, parameters } = session;
	return eachItem(session, (item) =>
		api.request<DocumentView>({
			method: 'GET',
			path: '/v1/documents/state',
			query: {
				tenant: parameters.required('tenant', 'Tenant', item),
				docId: parameters.docId(item),
			},
			...until(session),
		}),
	);
}

export async function getManyDocuments(session: Session) {
	const { parameters } = session;
	return eachItem(session, (item) =>
		readPages(session, item, {
			path: '/v1/documents',
			list: 'documents',
			query: {
				tenant: parameters.required('tenant', 'Tenant', item),
				...filled(parameters.options('filters', item), ['prefix', 'state']),
			},
		}),
	);
}
