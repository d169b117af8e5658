/**
 * What the trigger emits and the action node takes: one item a changed file, metadata only, never its content.
 * Shared by both nodes and by people's own workflows, so a field is never renamed or given another meaning.
 */
import type { FileChange } from './watch/file-change.ts';

interface ItemHead {
	readonly tenant: string;
	readonly docId: string;
	/** UUID that owns the documents of this trigger node. */
	readonly sourceId: string;
	/** UUIDv7 of the life of the trigger's state. */
	readonly epoch: string;
	/** Grows within the epoch; names one content of one document. */
	readonly seq: number;
	/** Become the owner of documents that another source owns. */
	readonly takeOver: boolean;
	/** UUID shared by the items that left together. */
	readonly batchId: string;
}

/** A file was created, changed, moved or deleted. */
export interface FileItem extends ItemHead {
	readonly event: FileChange['event'];
	/** Absolute path on the machine of the trigger. */
	readonly path: string;
	/** Path under its folder, `/` separated. */
	readonly relPath: string;
	/** Label of the folder. */
	readonly root: string;
	/** Bytes; null of a deletion, like all that needs a file. */
	readonly size: number | null;
	/** ISO 8601, UTC. */
	readonly mtime: string | null;
	/** Lower-case hex. */
	readonly sha256: string | null;
	/** Lower-case hex. */
	readonly xxh64: string | null;
	/** SHA-256 of the content that was last delivered under this docId. */
	readonly previousSha256: string | null;
	/** Of a move: where the file was; null otherwise. */
	readonly previousPath: string | null;
	readonly previousTenant: string | null;
	readonly previousDocId: string | null;
	/** Of a deletion: SHA-256 that names it, see tombstone.ts; null otherwise. */
	readonly tombstone: string | null;
}

/**
 * Everything there is was emitted once in this epoch: documents of the source that were not among it are gone.
 * The only item of its execution.
 */
export interface SnapshotItem extends Omit<ItemHead, 'docId' | 'tenant'> {
	readonly event: 'snapshotComplete';
	/** Files that are there although nothing of them was accepted. */
	readonly present: readonly { readonly tenant: string; readonly docId: string }[];
	/** A person has agreed to the deletions that the API held at the last time. */
	readonly confirmed: boolean;
}

export type TriggerItem = FileItem | SnapshotItem;

/**
 * In the context of the error that an execution ended in, as `code`: another node of the same source publishes these
 * documents by now. The action node says it, and the trigger listens.
 */
export const supersededCode = 'superseded';
