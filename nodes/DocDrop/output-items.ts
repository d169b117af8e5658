/**
 * What the items of the operations hold that the node makes itself; what the API answers is in its schemas. The
 * comments are for people who build workflows: docs/n8n.md is made of them.
 */
import type { SearchHit, SearchResponse } from '../../api/contract/search-schema.ts';
import type { FileItem } from '../item.ts';

/** Of each document that was given to Publish, Publish Many, Publish Listed, Update Metadata or Delete. */
export interface ChangeItem {
	readonly tenant: string;
	readonly docId: string;
	/** Where it was an item of the trigger. */
	readonly event?: FileItem['event'];
	/** `accepted`: it will be in the index within about a second. `unchanged`: the index has it. `stale`: a newer version is there, or on its way. `vanished`: the file is gone, and there is nothing to do. */
	readonly state: 'accepted' | 'unchanged' | 'stale' | 'vanished';
	/** Hash of the content that was taken; null where there is none. */
	readonly sha256: string | null;
	/** For Job: Wait, Get, Cancel and Retry; null of what vanished. */
	readonly jobId: string | null;
	/** Grows with every change of the document. */
	readonly version: number | null;
	/** Where the API tells of the job, behind the Address of the credential. */
	readonly statusUrl: string | null;
	/** Of a move: the job that removes the old name. */
	readonly previousJobId?: string;
	/** What `stale` means, in words. */
	readonly message?: string;
}

/** Of the trigger's `snapshotComplete`. */
export interface SnapshotDone {
	readonly event: 'snapshotComplete';
	/** The trigger whose folders were told of as a whole. */
	readonly sourceId: string;
	/** The API has taken it. */
	readonly state: 'accepted';
	/** Documents of it that were not among them, and go. */
	readonly deleted: number;
}

/** One for each passage that was found. */
export interface PassageItem {
	/** What was looked for. */
	readonly query: string;
	readonly docId: string;
	/** Of the document. */
	readonly title: string | null;
	/** Where a person finds the file. */
	readonly path: string | null;
	/** The headings above the passage. */
	readonly heading: string | null;
	/** Where the document has pages. */
	readonly page: number | null;
	/** The passage. */
	readonly text: string;
	/** From 0 to 1, comparable from query to query: how much of the words it has, and how near in meaning it is. */
	readonly score: number;
	/** With Context: the passages around it. */
	readonly context?: {
		/** In the order of the document. */
		readonly before: readonly string[];
		/** In the order of the document. */
		readonly after: readonly string[];
	};
	/** With Highlight: where words of the query stand in the text. */
	readonly highlights?: readonly {
		/** Of the first character, counted from 0. */
		readonly start: number;
		/** Behind the last character. */
		readonly end: number;
	}[];
	/** With Explain: how it was found. */
	readonly explain?: {
		/** By meaning: its `rank`, from 1, and the index's own `score`; null where it was not found so. */
		readonly dense: PlaceInList | null;
		/** By words: the same. */
		readonly text: PlaceInList | null;
		/** Where the API has a reranker: the place that it gave the passage, and its score. */
		readonly rerank?: PlaceInList | null;
	};
	/** With Facets: of each name its values, and how many of the found documents have them (`documents`). */
	readonly facets?: Facets;
}

type PlaceInList = NonNullable<NonNullable<SearchHit['explain']>['dense']>;
type Facets = NonNullable<SearchResponse['facets']>;

type Passage = Omit<PassageItem, 'query' | 'facets'>;

/** One for each question: as a tool, and with One Item per Passage switched off. */
export interface AnswerItem {
	/** What was looked for. */
	readonly query: string;
	/** The passages, with the fields above but `query`. */
	readonly results: readonly Passage[];
	/** The Offset of the next page; null where there is none. */
	readonly next: number | null;
	/** With Facets: of each name its values, and how many of the found documents have them (`documents`). */
	readonly facets?: Facets;
}

/** Of each item. */
export interface PrefixDeletedItem {
	readonly tenant: string;
	readonly prefix: string;
	/** Documents whose deletion was accepted. */
	readonly deleted: number;
}

/** Of each item. */
export interface MetadataUpdatedItem {
	readonly tenant: string;
	/** Documents that are like the filter. */
	readonly matched: number;
	/** Of those: changes that are on their way. */
	readonly accepted: number;
	/** Of those: had this metadata already. */
	readonly unchanged: number;
}

/** Of each item. */
export interface TenantDeletedItem {
	readonly tenant: string;
	/** Documents whose deletion was accepted. */
	readonly deleted: number;
}

/** Of each item. */
export interface TenantStatusItem {
	readonly tenant: string;
	/** All of it as a sentence, for a message. */
	readonly summary: string;
	/** Documents that there are. */
	readonly total: number;
	/** Of those: in the index as they are wanted. */
	readonly processed: number;
	/** Of those: on their way there. */
	readonly waiting: number;
	/** Of those: given up. Job: Get Many says why. */
	readonly failed: number;
	/** Of the total: in the index, or given up. */
	readonly percent: number;
	/** Changes that ended in the last minute. */
	readonly perMinute: number;
	/** Until all are in; null while nothing moves. */
	readonly secondsLeft: number | null;
}

/** Of each item. */
export interface ReleasedItem {
	/** The folder. */
	readonly sourceId: string;
	/** Deletions that were held, and go now. */
	readonly released: number;
}

/** In the field `error` of an item that could not be done; it has no other field. */
export interface ItemError {
	/** Stable, for an If or a Switch: see Errors. */
	readonly code: string;
	/** What is wrong, in words. */
	readonly message: string;
	/** What to do. */
	readonly hint: string;
	/** The same may succeed later. */
	readonly retryable: boolean;
	/** The parameter or field that is wrong, where one is. */
	readonly field?: string;
	/** Names the request in the log of the API. */
	readonly requestId?: string;
	/** The failed job that tells of it. */
	readonly jobId?: string;
	/** Of the document, where it is known. */
	readonly tenant?: string;
	/** Of the document, where it is known. */
	readonly docId?: string;
	/** Where it was an item of the trigger. */
	readonly event?: FileItem['event'];
	/** Of a file that was in the index before it was refused: whether its earlier text is found still, `kept`, or no more, `removed`. */
	readonly earlier?: 'kept' | 'removed';
	/** Of Sync a List: its name. */
	readonly list?: string;
	/** Of Sync a List: deletions that wait for a person. */
	readonly held?: number;
}

/** What an error is about. */
export type ErrorPlace = Pick<ItemError, 'docId' | 'earlier' | 'event' | 'held' | 'list' | 'tenant'>;
