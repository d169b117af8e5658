import { searchResultsUnset } from '../../../api/contract/limits.ts';
import type { SearchResponse } from '../../../api/contract/search-schema.ts';
import type { AnswerItem, PassageItem } from '../output-items.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled } from './pages.ts';
import { refuseUnknownTenant } from './unknown-tenant.ts';

/**
 * Passages with what a person or a model needs to answer a question and to name its source, and no more: one item a
 * passage, for the nodes behind to work on, or one item a question. A model that calls the node as a tool gets one
 * answer to one question.
 */
export async function search(session: Session) {
	const { api, parameters } = session;
	return eachItem(session, async (item): Promise<AnswerItem | PassageItem[]> => {
		const tenant = parameters.required('tenant', 'Tenant', item);
		const query = parameters.required('query', 'Query', item);
		const options = parameters.options('options', item);
		const { results, hint } = await api.request<SearchResponse>({
			method: 'POST',
			path: '/v1/search',
			body: {
				tenant,
				query,
				limit: parameters.number('limit', item, searchResultsUnset.reader),
				...filled(options, ['mode', 'docId']),
			},
			...until(session),
		});
		if (results.length === 0) await refuseUnknownTenant(session, tenant);
		const passages = results.map(({ docId, title, path, heading, page, content, score }) => ({
			docId,
			title,
			path,
			heading,
			page,
			text: content,
			score,
		}));
		const asked = { query, ...(hint != null && { hint }) };
		if (isTool(session) || options['onePerPassage'] === false) return { ...asked, results: passages };
		return passages.map((passage) => ({ ...asked, ...passage }));
	});
}

/** n8n makes a tool of the node under a type of its own, and runs it as a node, or inside of the agent's. */
const isTool = ({ context }: Session): boolean => context.getNode().type.endsWith('Tool');
