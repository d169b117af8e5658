import type { DocumentView } from '../../../api/contract/document-schema.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';

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
