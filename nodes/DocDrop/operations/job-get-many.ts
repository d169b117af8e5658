import type { Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled, readPages } from './pages.ts';

export async function getManyJobs(session: Session) {
	const { parameters } = session;
	return eachItem(session, (item) => {
		const tenant = parameters.text('tenant', item);
		return readPages(session, item, {
			path: '/v1/jobs',
			list: 'jobs',
			query: {
				...(tenant !== '' && { tenant }),
				...filled(parameters.options('filters', item), ['docId', 'state']),
			},
		});
	});
}
