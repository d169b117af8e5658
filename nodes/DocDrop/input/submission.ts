/**
 * What one input item asks for, read from the node's parameters: a document to put or to delete, or the word that a
 * snapshot is complete. Nothing is opened or sent here.
 */
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import type { Priority } from '../../../api/contract/job-schema.ts';
import type { FileItem, SnapshotItem, TriggerItem } from '../../item.ts';
import type { Fault } from '../node-errors.ts';
import { faultOf } from '../failing.ts';
import type { Session } from '../session.ts';
import { toldType } from '../../../api/contract/told-type.ts';
import { carriedContent, carriedFile, textContent } from './carried-content.ts';
import { fileContent, type Content } from './content-input.ts';
import { fieldsOf } from './option-fields.ts';
import { originOf } from './origin.ts';
import { isSnapshot, notOfTrigger, readTriggerItem } from './trigger-item.ts';

export type SourceKind = 'binary' | 'text' | 'trigger' | 'triggerField';

/** A document as the API takes it, without its content. */
export type Head = Omit<DocumentInput, 'content' | 'op' | 'sha256'>;

export interface Change {
	readonly kind: 'change';
	/** Index of the input item. */
	readonly item: number;
	readonly head: Head;
	/** Null: the document is to be deleted. */
	readonly content: Content | null;
	/** Only with this SHA-256, lower-case hex, is the content to be taken; null: whatever it is by then. */
	readonly ifSha256: string | null;
	/** The trigger's item that asks for it; null where another does. */
	readonly told: FileItem | null;
	/** Of a move: the document that it was, as `head.previous` names it too. */
	readonly previous: Head | null;
	/** Undefined: the API's own default. */
	readonly priority: Priority | undefined;
	/** The sender has waited for quiet already. */
	readonly coalesced: boolean;
}

export interface SnapshotComplete {
	readonly kind: 'snapshot';
	readonly item: number;
	readonly snapshot: SnapshotItem;
}

export interface Unusable {
	readonly kind: 'unusable';
	readonly item: number;
	readonly fault: Fault;
}

export type Submission = Change | SnapshotComplete | Unusable;

/** More items than this at once are a first scan or a drop: they leave the fast lane to single edits. */
const bulkItems = 50;

export function readSubmission(session: Session, item: number): Submission {
	return orUnusable(item, () => {
		const kind = session.parameters.text('source', item) as SourceKind;
		switch (kind) {
			case 'trigger':
				return fromTrigger(session, item);
			case 'triggerField':
				return fromField(session, item);
			case 'binary':
				return fromBinary(session, item);
			case 'text':
				return fromText(session, item);
		}
	});
}

/** What the parameters Tenant and Document ID name. */
export function readDeletion(session: Session, item: number): Submission {
	return orUnusable(item, () => {
		const takeOver = session.parameters.options('options', item)['takeOver'] === true;
		const head = { ...headOf(session, item), ...(takeOver && { takeOver }) };
		return change(session, item, { head, content: null });
	});
}

/** One item's fault is its own. */
function orUnusable(item: number, read: () => Submission): Submission {
	try {
		return read();
	} catch (error) {
		return { kind: 'unusable', item, fault: faultOf(error) };
	}
}

function fromTrigger(session: Session, index: number): Submission {
	const { context, items } = session;
	const item = readTriggerItem(items[index]?.json ?? {});
	return told(session, index, item, (file) => ({
		content: fileContent(context, file),
		ifSha256: demandedHash(session, index, file),
	}));
}

/** Which document, where in the order, and whether it is there at all, says the trigger; only the bytes come with the item. */
function fromField(session: Session, index: number): Submission {
	const { context, items } = session;
	const item = readTriggerItem(originOf(context, items[index]?.json ?? {}, index));
	return told(session, index, item, () => carriedContent(session, index));
}

/** What the trigger told of; `read` says where the bytes are, and is not asked for a deletion, which has none. */
function told(
	session: Session,
	index: number,
	item: TriggerItem,
	read: (file: FileItem) => Pick<Change, 'content'> & { ifSha256?: string | null; mimeType?: string },
): Submission {
	if (isSnapshot(item)) return { kind: 'snapshot', item: index, snapshot: item };
	const { tenant, docId, event } = item;
	const { sourceId, sourceName, epoch, seq, takeOver, previousTenant, previousDocId } = item.docdrop;
	const fields = fieldsOf(session, index);
	const order = {
		// A workflow may have dropped what is only there for people.
		source: { sourceId, epoch, seq, ...(sourceName && { name: sourceName }) },
		...((takeOver || fields.takeOver === true) && { takeOver: true }),
	};
	if (event === 'deleted') {
		return change(session, index, {
			head: { tenant, docId, ...order },
			content: null,
			told: item,
			coalesced: true,
		});
	}
	const previous =
		event === 'moved' && previousTenant !== null && previousDocId !== null
			? { tenant: previousTenant, docId: previousDocId }
			: null;
	const { content, ifSha256 = null, mimeType } = read(item);
	const type = mimeType === undefined ? {} : { mimeType };
	return change(session, index, {
		head: {
			...{ path: item.relPath, ...type, ...fields, tenant, docId, ...order },
			...(previous !== null && { previous }),
		},
		content,
		ifSha256,
		told: item,
		previous: previous === null ? null : { ...previous, ...order },
		coalesced: true,
	});
}

/** Throws where it is wanted and the item does not have it. */
function demandedHash({ parameters }: Session, index: number, { docdrop }: FileItem): string | null {
	if (parameters.options('options', index)['onlyIfUnchanged'] !== true) return null;
	const { sha256 } = docdrop;
	if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
	throw notOfTrigger('docdrop.sha256');
}

function fromBinary(session: Session, item: number): Submission {
	const { data, content } = carriedFile(session, item);
	const file = data.fileName ?? '';
	const head = headOf(session, item, file);
	const name = head.docId.includes('.') ? head.docId : file;
	const mimeType = toldType(data.mimeType, name, 'file');
	const type = mimeType === null ? {} : { mimeType };
	const path = file === '' ? {} : { path: file };
	return change(session, item, {
		head: { ...path, ...type, ...fieldsOf(session, item), ...head },
		content,
	});
}

const fromText = (session: Session, item: number): Submission =>
	change(session, item, {
		head: { ...fieldsOf(session, item), ...headOf(session, item) },
		content: textContent(session, item),
	});

const headOf = (
	{ parameters }: Session,
	item: number,
	fallback?: string,
): Pick<Head, 'tenant' | 'docId'> => ({
	tenant: parameters.required('tenant', 'Tenant', item),
	docId: parameters.docId(item, fallback),
});

function priorityOf({ parameters, items }: Session, item: number): Priority | undefined {
	const chosen = parameters.options('options', item)['priority'];
	if (chosen === 'low' || chosen === 'normal' || chosen === 'high') return chosen;
	return items.length > bulkItems ? 'low' : undefined;
}

function change(
	session: Session,
	item: number,
	parts: Pick<Change, 'head' | 'content'> &
		Partial<Pick<Change, 'told' | 'ifSha256' | 'previous' | 'coalesced'>>,
): Change {
	return {
		kind: 'change',
		item,
		told: null,
		ifSha256: null,
		previous: null,
		coalesced: false,
		priority: priorityOf(session, item),
		...parts,
	};
}
