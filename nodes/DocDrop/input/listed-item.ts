/**
 * What Sync a List says of each item whose content is wanted, and what Publish Listed makes of it: a document of the
 * list, in the list's order. Nodes in between may have dropped the item's other fields, but not this one.
 */
import type { Source } from '../../../api/contract/document-schema.ts';
import { listVersion } from '../../../api/contract/list-version.ts';
import { faultOf, ItemFailure, nodeFault } from '../failing.ts';
import type { Session } from '../session.ts';
import { readSubmission, type Submission } from './submission.ts';

export interface ListedItem {
	readonly tenant: string;
	readonly docId: string;
	/** Of the content, as the list names it; null where it names none. */
	readonly version: string | null;
	/** Against what the index has. */
	readonly change: 'new' | 'changed';
	/** The list and its round: the document's place in the order. */
	readonly source: Source;
}

/** As `readSubmission`, with names, place and version by the list. */
export function readListed(session: Session, item: number): Submission {
	let listed: ListedItem;
	try {
		listed = parse(session.parameters.value('listed', item));
	} catch (error) {
		return { kind: 'unusable', item, fault: faultOf(error) };
	}
	const { tenant, docId, version } = listed;
	const { sourceId, epoch, seq } = listed.source;
	const { parameters } = session;
	const named: Session = {
		...session,
		parameters: {
			...parameters,
			required: (name, label, at) => (name === 'tenant' ? tenant : parameters.required(name, label, at)),
			docId: () => docId,
		},
	};
	const found = readSubmission(named, item);
	if (found.kind !== 'change') return found;
	const metadata = {
		...found.head.metadata,
		...(version !== null && { [listVersion]: version }),
	};
	return { ...found, head: { ...found.head, source: { sourceId, epoch, seq }, metadata }, coalesced: true };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** An expression gives the object itself, or its JSON where a node in between made it text. */
function parse(value: unknown): ListedItem {
	const given = typeof value === 'string' ? fromJson(value) : value;
	const { tenant, docId, version, source } = fieldsOf(given);
	const { sourceId, epoch, seq } = fieldsOf(source);
	const isListed =
		isText(tenant) &&
		isText(docId) &&
		(version === null || isText(version)) &&
		isText(sourceId) &&
		isText(epoch);
	if (!isListed || !Number.isSafeInteger(seq)) throw new ItemFailure(notListed);
	return given as ListedItem;
}

function fromJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
	typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const notListed = nodeFault(
	'invalid',
	'Listed Item must be the field "listed" of an item that Sync a List gave',
	"Where a node in between drops it, such as an HTTP Request, fetch it by {{ $('DocDrop').item.json.listed }}, with the name of the node that syncs the list.",
	{ field: 'listed', retryable: false },
);
