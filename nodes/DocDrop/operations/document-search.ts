import type { SearchResponse } from '../../../api/contract/search-schema.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled } from './pages.ts';

/** One item a question, with what a person or a model needs to answer it and to name its source, and no more. */
export async function search(session: Session) {
	const { api, parameters } = session;
	return eachItem(session, async (item) => {
		const query = parameters.required('query', 'Query', item);
		const { results } = await api.request<SearchResponse>({
			method: 'POST',
			path: '/v1/search',
			body: {
				tenant: parameters.required('tenant', 'Tenant', item),
				query,
				limit: parameters.number('limit', item, 5),
				...filled(parameters.options('options', item), ['mode', 'docId']),
			},
			...until(session),
		});
		return {
			query,
			results: results.map(({ docId, title, path, heading, page, content, score }) => ({
				docId,
				title,
				path,
				heading,
				page,
				text: content,
				score,
			})),
		};
	});
}
