/**
 * What the trigger emits and the action node takes: one item a changed file, metadata only, never its content. What
 * people use comes first; what only the nodes need is in one field, so that a workflow can keep it by keeping that.
 * Shared by both nodes and by people's own workflows, so a field is never renamed or given another meaning.
 */
import type { FileChange } from './watch/file-change.ts';

/** Whose word an item is, and its place in the order. */
interface ItemOrder {
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

/** What the action node needs of a file. */
export interface FileMarks extends ItemOrder {
	/** What the API calls the source to people: the name of the workflow. */
	readonly sourceName: string;
	/** Label of the folder. */
	readonly root: string;
	/** Hash of the content, lower-case hex; null of a deletion. */
	readonly sha256: string | null;
	/** A faster hash of the same; null of a deletion. */
	readonly xxh64: string | null;
	/** SHA-256 of the content that was last delivered under this docId. */
	readonly previousSha256: string | null;
	/** Of a move: whose the document was; null otherwise. */
	readonly previousTenant: string | null;
	/** Of a move: what the document was called; null otherwise. */
	readonly previousDocId: string | null;
	/** Of a deletion: a hash that names it; null otherwise. */
	readonly tombstone: string | null;
}

/** A file was created, changed, moved or deleted. */
export interface FileItem {
	/** What happened: `created`, `changed`, `moved` or `deleted`. */
	readonly event: FileChange['event'];
	/** With its ending. */
	readonly fileName: string;
	/** Ending without the dot, in lower case; empty where there is none. */
	readonly extension: string;
	/** By the ending. */
	readonly mimeType: string;
	/** Under the folder, `/` separated; empty at its top. */
	readonly directory: string;
	/** Bytes; null of a deletion, like all that needs a file. */
	readonly size: number | null;
	/** ISO 8601, UTC. */
	readonly modifiedAt: string | null;
	/** Absolute path on the machine of the trigger. */
	readonly path: string;
	/** Path under the folder, `/` separated. */
	readonly relPath: string;
	/** Whose document it is in the index. */
	readonly tenant: string;
	/** What it is called there. */
	readonly docId: string;
	/** Of a move: where the file was; null otherwise. */
	readonly previousPath: string | null;
	readonly docdrop: FileMarks;
}

/**
 * Everything there is was emitted once in this epoch: documents of the source that were not among it are gone.
 * The only item of its execution.
 */
export interface SnapshotItem {
	readonly event: 'snapshotComplete';
	readonly docdrop: ItemOrder & {
		/** Files that are there although nothing of them was accepted. */
		readonly present: readonly { readonly tenant: string; readonly docId: string }[];
		/** A person has agreed to the deletions that the API held at the last time. */
		readonly confirmed: boolean;
	};
}

export type TriggerItem = FileItem | SnapshotItem;

/**
 * In the context of the error that an execution ended in, as `code`: another node of the same source publishes these
 * documents by now. The action node says it, and the trigger listens.
 */
export const supersededCode = 'superseded';
/**
 * Beside it, the seqs of the changes that were refused until a person decides, such as documents that another workflow
 * owns: the other changes of the execution had nothing wrong with them.
 */
export const refusedKey = 'refused';
