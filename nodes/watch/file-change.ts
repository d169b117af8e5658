/**
 * What the watch engine sends and what comes back: the delivery contract between the engine and whoever
 * consumes a folder (the trigger node, the folder source of the API).
 */

import type { FileContent } from './state/file-state-port.ts';

/** What every change says, whatever happened to the file. */
interface ChangeHead {
	/** Label of the root that the file is under. */
	readonly root: string;
	/** Absolute path on this machine. */
	readonly path: string;
	/** Path under the root, `/` separated. */
	readonly relPath: string;
	/** `relPath` under the first root, `label/relPath` under each further one; 1 to 1,024 bytes of UTF-8. */
	readonly docId: string;
	/** UUID of the FileState: who owns the document. */
	readonly sourceId: string;
	/** UUIDv7 of the FileState's life: a lost state begins a new one. */
	readonly epoch: string;
	/** Strictly grows within the epoch; a change that is sent again has a new one. */
	readonly seq: number;
	/** SHA-256 of the content that the consumer last acknowledged; null where it never did. */
	readonly previousSha256: string | null;
}

interface ContentHead extends ChangeHead, FileContent {
	/** Milliseconds since 1970, from the file system. */
	readonly mtimeMs: number;
}

/** A file with content to take over. */
export interface ContentChange extends ContentHead {
	readonly event: 'created' | 'changed';
}

/**
 * A file whose content was known under another name that is gone: take over `docId` as for `created`, and drop
 * `previousDocId`. One delivery for both; the outcome counts for both.
 */
export interface MovedChange extends ContentHead {
	readonly event: 'moved';
	readonly previousDocId: string;
	/** Absolute path of the file before. */
	readonly previousPath: string;
}

/** A file that is gone. The tombstone's hash needs tenant and version and is made by the API. */
export interface DeletedChange extends ChangeHead {
	readonly event: 'deleted';
}

export type FileChange = ContentChange | MovedChange | DeletedChange;

/** A content that a consumer has taken over. */
export type TakenContent = Pick<FileContent, 'sha256' | 'size'>;

/**
 * What became of one change.
 * `delivered` with `taken`: the content that was really handed over. The file may have changed since it was seen, so
 * that is what counts as acknowledged, and nothing else; where it is another content than the change said, the file is
 * looked at again. Without `taken` it was what the change said.
 * `delivered` with `check`: the consumer read the file itself, at some time since it was told. That is believed
 * only if the file is still exactly what the change said, and counts as `retry` otherwise: what the consumer
 * holds may be a content that was there for a moment. Where the times of the file are too coarse to tell, it is believed
 * only if `sha256`, which the consumer says it has, is what the change said.
 * `retry`: it may or may not have arrived, send the newest state again later.
 * `failed`: this content will not be taken; it is sent again only when the file changes, at a start, and every
 * `failedRetryMs`. With `retryAt` (wall ms) it is parked: neither of the latter two sends it before that time.
 */
export type FileOutcome =
	| { readonly kind: 'delivered'; readonly check?: false; readonly taken?: TakenContent }
	| { readonly kind: 'delivered'; readonly check: true; readonly sha256?: string }
	| { readonly kind: 'retry'; readonly reason: string }
	| { readonly kind: 'failed'; readonly reason: string; readonly retryAt?: number };

/**
 * Takes a batch over. Resolves with one outcome a change, in order; a file with `retry` waits by itself and
 * holds up no other. A rejection says that the consumer as a whole is away: it counts as `retry` for all, and
 * until a call succeeds one batch at a time is tried, after ever longer waits.
 * No document is in two calls at the same time. The signal is aborted when the engine closes.
 */
export type Deliver = (batch: readonly FileChange[], signal: AbortSignal) => Promise<readonly FileOutcome[]>;
