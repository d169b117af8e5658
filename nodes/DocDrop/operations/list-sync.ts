/**
 * All input items of one run are a whole list of what there is in a drive, a bucket or a wiki, without contents. The
 * API deletes what the list lacks, and says which contents it wants; those items alone go on, to be downloaded and
 * published by Publish Listed. Nothing is deleted for a list of which one item cannot be read.
 */
import type { INodeExecutionData } from 'n8n-workflow';
import type { ListResponse } from '../../../api/contract/list-schema.ts';
import { limits } from '../../../api/contract/limits.ts';
import { faultOf, inOtherWords, ItemFailure, nodeFault, toNodeError } from '../failing.ts';
import type { ListedItem } from '../input/listed-item.ts';
import { until, type Session } from '../session.ts';
import { errorItem } from './each-item.ts';

interface Entry {
	readonly docId: string;
	readonly version: string;
}

interface List {
	readonly tenant: string;
	readonly name: string;
	readonly entries: readonly Entry[];
}

export async function syncList(session: Session): Promise<INodeExecutionData[]> {
	const { api, context, parameters, items } = session;
	const list = readList(session);
	const answer = await api.request<ListResponse>({
		method: 'POST',
		path: '/v1/lists/sync',
		body: {
			tenant: list.tenant,
			list: list.name,
			items: list.entries.map(({ docId, version }) => ({ docId, ...(version !== '' && { version }) })),
			confirmed: parameters.options('options', 0)['confirmHeld'] === true,
		},
		...until(session),
	});
	const output = answer.wanted.map(({ index, change }): INodeExecutionData => {
		const { docId = '', version = '' } = list.entries[index] ?? {};
		const listed: ListedItem = {
			...{ tenant: list.tenant, docId, version: version === '' ? null : version, change },
			source: answer.source,
		};
		const item = items[index];
		return {
			...item,
			json: { ...item?.json, listed },
			pairedItem: { item: index },
		};
	});
	if (answer.held > 0) {
		const fault = heldBack(answer.held, list);
		if (!session.continues) throw toNodeError(context, fault);
		output.push(errorItem(fault, 0, { list: list.name, tenant: list.tenant, held: answer.held }));
	}
	context.addExecutionHints({ message: inWords(answer, list), location: 'outputPane' });
	return output;
}

/** Throws the fault of the first item that is not as it must be, whatever the node does about errors. */
function readList(session: Session): List {
	const { context, items, parameters } = session;
	if (items.length > limits.listItems) throw toNodeError(context, tooLong(items.length));
	const entries: Entry[] = [];
	const heads: { readonly tenant: string; readonly name: string }[] = [];
	for (const item of items.keys()) {
		try {
			const head = {
				tenant: parameters.required('tenant', 'Tenant', item),
				name: parameters.required('listName', 'List Name', item),
			};
			const first = heads[0] ?? head;
			for (const [field, label] of [['tenant', 'Tenant'] as const, ['name', 'List Name'] as const]) {
				if (head[field] !== first[field]) throw new ItemFailure(differs(label, first[field], head[field]));
			}
			heads[0] = first;
			entries.push({ docId: parameters.docId(item), version: parameters.text('version', item) });
		} catch (error) {
			const fault = faultOf(error);
			const hint = `${fault.hint} Nothing was deleted and nothing goes on: a list counts as a whole.`;
			throw toNodeError(
				context,
				inOtherWords(fault, `item ${item} of the list: ${fault.message}`, hint),
				item,
			);
		}
	}
	const [head = { tenant: '', name: '' }] = heads;
	return { ...head, entries };
}

const differs = (label: string, first: string, got: string) =>
	nodeFault(
		'invalid',
		`${label} must be the same for all items, got ${JSON.stringify(first)} and ${JSON.stringify(got)}`,
		'Sync each list in a run of its own, such as by Loop Over Items or a sub-workflow.',
	);

const tooLong = (got: number) =>
	nodeFault(
		'too_large',
		`a list must have at most ${limits.listItems} items, got ${got}`,
		'Nothing was deleted. Sync its parts, such as the folders of a drive, under names of their own.',
	);

const heldBack = (held: number, { name, tenant }: List) =>
	nodeFault(
		'deletions_held',
		`The API holds ${held} deletions: the list ${JSON.stringify(name)} of ${JSON.stringify(tenant)} lacks so many documents that it had that a person must agree`,
		'If the list was cut short (a limit, a filter, a page that failed), mend that. If they are gone for good, switch on the option Confirm Held Deletions for one run. Until then nothing is deleted; with On Error set to Continue, what is new or changed goes on.',
	);

function inWords({ wanted, unchanged, failed, deleted, held }: ListResponse, { entries }: List): string {
	const parts = [
		`${wanted.length} new or changed`,
		`${unchanged} unchanged`,
		`${deleted} deleted`,
		...(held > 0 ? [`${held} deletions held`] : []),
		...(failed > 0 ? [`${failed} of the unchanged had failed: see Job, Get Many`] : []),
	];
	const isBlind = entries.every(({ version }) => version === '');
	const blind = isBlind ? ' No item has a Version, so all of them go on in every run.' : '';
	return `The list: ${parts.join(', ')}.${blind}`;
}
