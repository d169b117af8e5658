import type { Filter } from './document-filter.ts';
import type { Failure } from './failure.ts';
import type { Priority } from '../contract/job-schema.ts';

/** What the caller wants a document to be. */
export interface Change {
	/** UUIDv7, made by the caller: names the receipt. */
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
	/** `patch`: a put of the content that the document has, with other metadata (patch.ts). */
	readonly op: 'put' | 'delete' | 'patch';
	readonly sourceId: string;
	readonly epoch: string;
	/** What people know the source by; null: its ID has to do. */
	readonly sourceName: string | null;
	/** Grows within one epoch of one source; null: in order of arrival. */
	readonly seq: number | null;
	readonly takeOver: boolean;
	readonly priority: Priority;
	/** Quiet time before the change may be claimed, ms; 0: at once. */
	readonly windowMs: number;
	/** Longest time that further changes may keep it waiting, ms. */
	readonly maxWaitMs: number;
	/** Null for a delete and a patch. */
	readonly content: ChangeContent | null;
	/** Canonical JSON of the document's own fields (title, path, mimeType, metadata), or of a patch; '' for a delete. */
	readonly meta: string;
	/** Of extractors, chunker settings and model. */
	readonly fingerprint: string;
	/** Of a put: where the content was until now. Its deletion has the change's source, place and options. */
	readonly previous?: MoveSource;
	/** Only where the newest accepted state of the document is like this. */
	readonly where?: Filter;
}

/** The name that a moved document had, with the receipt of its deletion. None of it is the change's own. */
export type MoveSource = Pick<Change, 'jobId' | 'tenant' | 'docId'>;

/** What the ingress refused for good: nothing of it is kept but its receipt. */
export interface Refusal extends Pick<Change, 'jobId' | 'tenant' | 'docId' | 'op'> {
	readonly refused: Failure;
}

export interface ChangeContent {
	readonly sha256: string;
	readonly size: number;
	/** The bytes (or their text, stored as UTF-8), or the name that `writeBlob` returned. */
	readonly body: string | Uint8Array | { readonly blob: string };
}
