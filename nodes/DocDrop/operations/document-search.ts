import { searchResultsUnset } from '../../../api/contract/limits.ts';
import type { IDataObject } from 'n8n-workflow';
import type { SearchRequest, SearchResponse } from '../../../api/contract/search-schema.ts';
import { filterOf } from '../input/json-object.ts';
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
		const { results, hint, next, facets } = await api.request<SearchResponse>({
			method: 'POST',
			path: '/v1/search',
			body: {
				...{ tenant, query, limit: parameters.number('limit', item, searchResultsUnset.reader) },
				...wanted(options),
			},
			...until(session),
		});
		if (results.length === 0) await refuseUnknownTenant(session, tenant);
		const passages = results.map((hit) => ({
			docId: hit.docId,
			title: hit.title,
			path: hit.path,
			heading: hit.heading,
			page: hit.page,
			text: hit.content,
			score: hit.score,
			...(hit.context !== undefined && { context: hit.context }),
			...(hit.highlights !== undefined && { highlights: hit.highlights }),
			...(hit.explain !== undefined && { explain: hit.explain }),
		}));
		const asked = { query, ...(hint != null && { hint }) };
		if (isTool(session) || options['onePerPassage'] === false) {
			return { ...asked, results: passages, next, ...(facets !== undefined && { facets }) };
		}
		return passages.map((passage) => ({ ...asked, ...passage, ...(facets !== undefined && { facets }) }));
	});
}

/** What the options ask for, by the names that the API gives it. */
function wanted(options: IDataObject): Omit<Partial<SearchRequest>, 'mode' | 'docId'> {
	const filter = filterOf(options['filter']);
	const names = typeof options['facets'] === 'string' ? options['facets'] : '';
	const facets = names
		.split(',')
		.map((name) => name.trim())
		.filter(Boolean);
	const numbers = ['offset', 'minScore', 'context'].filter((name) => typeof options[name] === 'number');
	const flags = ['groupByDocument', 'highlight', 'explain'].filter((name) => options[name] === true);
	return {
		...filled(options, ['mode', 'docId']),
		...Object.fromEntries([...numbers, ...flags].map((name) => [name, options[name]])),
		...(filter !== null && { filter }),
		...(facets.length > 0 && { facets }),
	};
}

/** n8n makes a tool of the node under a type of its own, and runs it as a node, or inside of the agent's. */
const isTool = ({ context }: Session): boolean => context.getNode().type.endsWith('Tool');
