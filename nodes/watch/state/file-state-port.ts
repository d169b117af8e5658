/**
 * What the watch engine remembers between two lives: per file what it saw and what the consumer acknowledged.
 * Adapters: sqlite, static-data, memory.
 *
 * Promises that every adapter keeps (test/conformance/file-state.ts holds them):
 *  1. `open` makes what is missing, with a new epoch; an existing state comes back with its sourceId, epoch,
 *     nextSeq and all else in the head unchanged. After `close` it may be opened again.
 *  2. It refuses with a StateError, and leaves everything as it is, where the state was written by a newer
 *     program (`state_newer`), is held by another process (`state_locked`) or cannot be read (`state_corrupt`).
 *  3. When `commit` resolves, all of it is durable; a rejected commit had no effect at all. In static data it is
 *     durable as soon as n8n saves it, and a later `open` may find an older commit, whole: static-data.ts says how
 *     `nextSeq` stays safe all the same, by coming back higher than it was. What does not hold it any more
 *     because somebody else wrote there rejects with `state_overwritten`.
 *  4. `nextSeq` never goes back: a commit that would lower it rejects.
 *  5. `rows` gives every row once, in pages, exactly as it was put, whatever characters its path holds.
 *  6. A row is named by (root, path), compared as they are: neither case nor Unicode form is folded.
 *  7. Rows that were handed in or out are the caller's: changing them later changes nothing here.
 */
export interface FileState {
	open(): Promise<StateHead>;
	rows(): AsyncIterable<readonly FileRow[]>;
	commit(change: StateChange): Promise<void>;
	close(): Promise<void>;
}

export interface StateHead {
	/** UUID that names this source to the API. */
	readonly sourceId: string;
	/** UUIDv7, made when the state was created. */
	readonly epoch: string;
	/** The first seq that was never given out. */
	readonly nextSeq: number;
	/** Label of the root whose files carry no label in their docId; null until the first start. */
	readonly firstRoot: string | null;
	/** Which directory each root was (root-identity.ts), by label, when all its files were last accounted for. */
	readonly rootIds: Readonly<Record<string, string>>;
	/** The consumer acknowledged that this epoch has told it of every file there is. */
	readonly snapshotClosed: boolean;
}

export interface RowKey {
	readonly root: string;
	readonly path: string;
}

export interface StateChange extends Partial<Pick<StateHead, 'nextSeq' | 'rootIds' | 'snapshotClosed'>> {
	readonly put?: readonly FileRow[];
	readonly remove?: readonly RowKey[];
	readonly firstRoot?: string;
}

export interface FileContent {
	/** Bytes. */
	readonly size: number;
	/** Lower-case hex, 16 digits. */
	readonly xxh64: string;
	/** Lower-case hex, 64 digits. */
	readonly sha256: string;
}

export interface Seen extends FileContent {
	/** Nanoseconds since 1970. */
	readonly mtimeNs: bigint;
	/** Nanoseconds since 1970. */
	readonly ctimeNs: bigint;
	readonly ino: bigint;
	/** The file was hashed so soon after its last change that an equal stat proves nothing. */
	readonly racy: boolean;
}

export interface FileRow extends RowKey {
	/** The file as last read; null when it is gone and that is not yet acknowledged. */
	readonly seen: Seen | null;
	/**
	 * What the consumer acknowledged; null when it acknowledged nothing, or the deletion. Its xxh64 is empty where the
	 * consumer took another content than was seen, which nobody here has read.
	 */
	readonly delivered: FileContent | null;
	/** Of the last change that was sent; 0: none was. */
	readonly seq: number;
	/**
	 * Of the last change that was acknowledged. While it is below `seq`, nobody knows what the consumer holds:
	 * the newest state must be sent, even if it equals `delivered`.
	 */
	readonly deliveredSeq: number;
	/** Wall time, ms; null: never. */
	readonly deliveredAt: number | null;
	/** Times sent since the last acknowledgement. */
	readonly tries: number;
	/**
	 * The content (null: the deletion) that the consumer refused, and why; `retryAt` (wall ms): it is not sent
	 * again before, unless it changes; null: at the next occasion.
	 */
	readonly failed: {
		readonly sha256: string | null;
		readonly reason: string;
		readonly retryAt: number | null;
	} | null;
	/** The last decision about this file, for people. */
	readonly note: string;
}

export type StateErrorCode = 'state_newer' | 'state_locked' | 'state_corrupt' | 'state_overwritten';

/** Why a state could not be opened, or, `state_overwritten`, is lost while it is open: its owner has to begin with a fresh one. Recognise it by `name` and `code`, never by instanceof: bundles may hold two copies. */
export class StateError extends Error {
	override readonly name = 'StateError';
	readonly code: StateErrorCode;

	constructor(code: StateErrorCode, message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.code = code;
	}
}
