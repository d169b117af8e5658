/** From a change of the watch engine to the items that say it, under the names that the API knows. Pure. */
import type { FileItem, FileMarks } from '../item.ts';
import type { FileChange, MovedChange } from '../watch/file-change.ts';
import { fileFieldsOf } from './file-fields.ts';
import type { DocumentName } from './naming.ts';
import type { FileEvent } from './trigger-parameters.ts';
import { tombstoneOf } from './tombstone.ts';

/** What goes into every item of an execution. */
export type ItemMarks = Pick<FileMarks, 'sourceName' | 'takeOver' | 'batchId'>;

/** A file of before, by name and place. */
export type PreviousFile = DocumentName & Pick<FileChange, 'path' | 'relPath' | 'root'>;

/**
 * The items of one change; none where it is of no wanted event. A move that is not wanted as such is a creation
 * and a deletion; one that leaves the document its name is a change.
 */
export function itemsOf(
	change: FileChange,
	name: DocumentName,
	/** Of a move, where the file was; null of anything else. */
	previous: PreviousFile | null,
	wanted: ReadonlySet<FileEvent>,
	marks: ItemMarks,
): FileItem[] {
	if (change.event !== 'moved') return wanted.has(change.event) ? [itemOf(change, name, marks)] : [];
	if (previous === null)
		return wanted.has('created') ? [{ ...itemOf(change, name, marks), event: 'created' }] : [];
	const item = itemOf(change, name, marks);
	if (previous.tenant === name.tenant && previous.docId === name.docId) {
		return wanted.has('moved') || wanted.has('changed') ? [{ ...item, event: 'changed' }] : [];
	}
	if (wanted.has('moved')) {
		const { path, tenant, docId } = previous;
		const docdrop = { ...item.docdrop, previousTenant: tenant, previousDocId: docId };
		return [{ ...item, previousPath: path, docdrop }];
	}
	const items: FileItem[] = [];
	if (wanted.has('created')) items.push({ ...item, event: 'created' });
	if (wanted.has('deleted')) items.push(deletionOf(change, previous, marks));
	return items;
}

function itemOf(change: FileChange, name: DocumentName, marks: ItemMarks): FileItem {
	const { event, path, relPath, root, sourceId, epoch, seq, previousSha256 } = change;
	const { tenant, docId } = name;
	const order = { sourceId, epoch, seq };
	const { size, modifiedAt, ...hashes } =
		change.event === 'deleted'
			? { size: null, modifiedAt: null, sha256: null, xxh64: null }
			: {
					size: change.size,
					modifiedAt: isoOf(change.mtimeMs),
					sha256: change.sha256,
					xxh64: change.xxh64,
				};
	return {
		...{
			event,
			...fileFieldsOf(relPath),
			size,
			modifiedAt,
			path,
			relPath,
			tenant,
			docId,
			previousPath: null,
		},
		docdrop: {
			...{ ...order, root, ...hashes, previousSha256, previousTenant: null, previousDocId: null },
			tombstone: event === 'deleted' ? tombstoneOf({ tenant, docId, ...order }) : null,
			...marks,
		},
	};
}

/** A file system may keep times that no calendar reaches. */
function isoOf(ms: number): string | null {
	const date = new Date(ms);
	return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The old name of a moved file, as a deletion of its own; it shares the move's seq, which is above all of both names. */
function deletionOf(change: MovedChange, previous: PreviousFile, marks: ItemMarks): FileItem {
	const { tenant, docId } = previous;
	const deleted = { ...change, ...previous, event: 'deleted' as const, previousSha256: change.sha256 };
	return itemOf(deleted, { tenant, docId }, marks);
}
