import type { Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled, readPages } from './pages.ts';

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
