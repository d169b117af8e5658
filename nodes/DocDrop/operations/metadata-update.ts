/** Metadata of documents that stay as they are: of one, or of all that are like a filter, request by request. */
import type { Receipt } from '../../../api/contract/document-schema.ts';
import type { FilteredResponse } from '../../../api/contract/filtered-schema.ts';
import { inOtherWords, ItemFailure, nodeFault } from '../failing.ts';
import { filterOf, jsonObject } from '../input/json-object.ts';
import type { ChangeItem, MetadataUpdatedItem } from '../output-items.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { refuseUnknownTenant } from './unknown-tenant.ts';

export const updateMetadata = (session: Session) =>
	eachItem(
		session,
		async (item): Promise<ChangeItem> => {
			const { api, parameters } = session;
			const tenant = parameters.required('tenant', 'Tenant', item);
			const { priority, ...own } = optionsOf(session, item);
			const body = { tenant, docId: parameters.docId(item), metadata: metadataOf(session, item), ...own };
			const { docId, state, jobId, version, statusUrl } = await api.request<Receipt>({
				method: 'PATCH',
				path: '/v1/documents',
				body: { ...body, ...(priority !== undefined && { priority }) },
				...until(session),
			});
			return { tenant, docId, state, sha256: null, jobId, version, statusUrl };
		},
		({ retryable }) => !retryable,
	);

export const updateMetadataByFilter = (session: Session) =>
	eachItem(
		session,
		async (item): Promise<MetadataUpdatedItem> => {
			const tenant = session.parameters.required('tenant', 'Tenant', item);
			const filter = filterOf(session.parameters.value('filter', item));
			if (filter === null) throw new ItemFailure(emptyFilter);
			const metadata = metadataOf(session, item);
			const counts = await updatePages(session, { tenant, filter, metadata, ...optionsOf(session, item) });
			if (counts.matched === 0) await refuseUnknownTenant(session, tenant);
			return { tenant, ...counts };
		},
		({ retryable }) => !retryable,
	);

async function updatePages(
	session: Session,
	wanted: { readonly tenant: string; readonly [field: string]: unknown },
): Promise<Omit<MetadataUpdatedItem, 'tenant'>> {
	const counts = { matched: 0, accepted: 0, unchanged: 0 };
	let refused = 0;
	let first: FilteredResponse['failures'][number] | undefined;
	let after: string | null = '';
	do {
		const page: FilteredResponse = await session.api.request({
			method: 'POST',
			path: '/v1/documents/patch',
			body: { ...wanted, ...(after !== '' && { after }) },
			...until(session),
		});
		for (const name of ['matched', 'accepted', 'unchanged'] as const) counts[name] += page[name];
		refused += page.failed;
		first ??= page.failures[0];
		if (page.stopped !== undefined) {
			const { message, hint } = page.stopped;
			const rest = ` Taken before: ${counts.accepted}; another run goes on with what is left.`;
			throw new ItemFailure(inOtherWords(page.stopped, message, hint + rest));
		}
		after = page.next;
	} while (after !== null);
	if (first === undefined) return counts;
	const { docId, error } = first;
	const message = `${refused === 1 ? '1 document was' : `${refused} documents were`} refused, such as ${JSON.stringify(docId)}: ${error.message} (taken: ${counts.accepted})`;
	throw new ItemFailure(inOtherWords(error, message, error.hint));
}

function metadataOf({ parameters }: Session, item: number): Record<string, unknown> {
	const metadata = jsonObject(parameters.value('metadata', item), {
		...{ field: 'metadata', label: 'Metadata', like: '{"team": "support", "draft": null}' },
	});
	if (metadata === null) throw new ItemFailure(noMetadata);
	return metadata;
}

function optionsOf({ parameters }: Session, item: number) {
	const { takeOver, priority } = parameters.options('options', item);
	const isNamed = priority === 'low' || priority === 'normal' || priority === 'high';
	return { ...(takeOver === true && { takeOver }), ...(isNamed && { priority }) };
}

const emptyFilter = nodeFault(
	'invalid',
	'Filter must not be empty: every document of the tenant would be changed',
	'Nothing was changed. Write which documents are meant, such as {"path": {"prefix": "handbook/"}}.',
	{ field: 'filter', retryable: false },
);

const noMetadata = nodeFault(
	'invalid',
	'Metadata must have at least one name',
	'Write the names to change and their new values; null takes a name away.',
	{ field: 'metadata', retryable: false },
);
