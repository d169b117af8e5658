/**
 * What one input item asks for, read from the node's parameters: a document to put or to delete, or the word that a
 * snapshot is complete. Nothing is opened or sent here.
 */
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import type { Priority } from '../../../api/contract/job-schema.ts';
import type { FileItem, SnapshotItem } from '../../item.ts';
import type { Fault } from '../node-errors.ts';
import { faultOf, ItemFailure, nodeFault } from '../failing.ts';
import { missing } from '../action-parameters.ts';
import type { Session } from '../session.ts';
import { binaryContent, fileContent, type Content } from './content-input.ts';
import { isSnapshot, readTriggerItem } from './trigger-item.ts';

export type SourceKind = 'binary' | 'text' | 'trigger';

/** A document as the API takes it, without its content. */
export type Head = Omit<DocumentInput, 'content' | 'op' | 'sha256'>;

export interface Change {
	readonly kind: 'change';
	/** Index of the input item. */
	readonly item: number;
	readonly head: Head;
	/** Null: the document is to be deleted. */
	readonly content: Content | null;
	readonly event: FileItem['event'] | null;
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
			event,
			coalesced: true,
		});
	}
	const previous =
		event === 'moved' && previousTenant !== null && previousDocId !== null
			? { tenant: previousTenant, docId: previousDocId }
			: null;
	return change(session, index, {
		head: { path: item.relPath, ...fields, tenant, docId, ...order, ...(previous !== null && { previous }) },
		content: fileContent(context, item),
		event,
		previous: previous === null ? null : { ...previous, ...order },
		coalesced: true,
	});
}

function fromBinary(session: Session, item: number): Submission {
	const { context, parameters } = session;
	const data = context.helpers.assertBinaryData(item, parameters.text('binaryPropertyName', item) || 'data');
	const file = data.fileName ?? '';
	const head = headOf(session, item, file);
	const name = head.docId.includes('.') ? head.docId : file;
	const told = isTelling(data.mimeType, name) ? { mimeType: data.mimeType } : {};
	const path = file === '' ? {} : { path: file };
	return change(session, item, {
		head: { ...path, ...told, ...fieldsOf(session, item), ...head },
		content: binaryContent(context, data),
	});
}

function fromText(session: Session, item: number): Submission {
	// An expression that finds nothing must not empty the document.
	const text = session.parameters.exact('text', item);
	if (text === null) throw missing('text', 'Text');
	return change(session, item, {
		head: { ...fieldsOf(session, item), ...headOf(session, item) },
		content: { kind: 'text', text },
	});
}

/**
 * n8n and servers call plain text or bytes whatever they do not know. The ending of the name says more then, also
 * one that nobody can read: a picture would be indexed as text.
 */
function isTelling(mimeType: string, name: string): boolean {
	if (!/^[\w.+-]+\/[\w.+-]+(\s*;.*)?$/.test(mimeType) || mimeType.startsWith('application/octet-stream'))
		return false;
	return !mimeType.startsWith('text/plain') || !/[^/\\]\.[^./\\]+$/.test(name);
}

const headOf = (
	{ parameters }: Session,
	item: number,
	fallback?: string,
): Pick<Head, 'tenant' | 'docId'> => ({
	tenant: parameters.required('tenant', 'Tenant', item),
	docId: parameters.docId(item, fallback),
});

function fieldsOf({ parameters }: Session, item: number): Partial<Head> {
	const options = parameters.options('options', item);
	const text = (name: string) => {
		const value = options[name];
		return typeof value === 'string' && value.trim() !== '' ? { [name]: value.trim() } : {};
	};
	return {
		...text('title'),
		...text('path'),
		...text('mimeType'),
		...metadataOf(options['metadata']),
		...(options['takeOver'] === true && { takeOver: true }),
	};
}

/** JSON fields hold text, or an object where an expression made one. */
function metadataOf(value: unknown): Pick<Head, 'metadata'> {
	if (value === undefined || value === null || value === '') return {};
	let metadata: unknown = value;
	if (typeof value === 'string') {
		try {
			metadata = JSON.parse(value);
		} catch (error) {
			throw badMetadata('Metadata is not well-formed JSON', error);
		}
	}
	if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
		throw badMetadata('Metadata is not a JSON object');
	}
	return Object.keys(metadata).length === 0 ? {} : { metadata: metadata as Record<string, unknown> };
}

const badMetadata = (message: string, cause?: unknown) =>
	new ItemFailure(
		nodeFault('invalid', message, 'Write an object, such as {"team": "support"}.', {
			field: 'metadata',
			retryable: false,
		}),
		cause,
	);

function priorityOf({ parameters, items }: Session, item: number): Priority | undefined {
	const chosen = parameters.options('options', item)['priority'];
	if (chosen === 'low' || chosen === 'normal' || chosen === 'high') return chosen;
	return items.length > bulkItems ? 'low' : undefined;
}

function change(
	session: Session,
	item: number,
	parts: Pick<Change, 'head' | 'content'> & Partial<Pick<Change, 'event' | 'previous' | 'coalesced'>>,
): Change {
	return {
		kind: 'change',
		item,
		event: null,
		previous: null,
		coalesced: false,
		priority: priorityOf(session, item),
		...parts,
	};
}
