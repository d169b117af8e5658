/**
 * THE WAY of changes to the API, in as few requests as its limits allow: small contents together in batches, texts as
 * JSON and files beside it as they are, large ones streamed one by one, a few requests in flight.
 *
 * What holds:
 *  1. Requests that name the same document keep its order, so a batch and a stream never overtake each other. Items
 *     of the trigger would be safe without it, by source, epoch and seq: what comes late is answered `stale`. Others
 *     get their order by arrival at the API, and the last item has the last word only because of this.
 *  2. A move is one document that names the one it was, and the API takes both or neither. Where the new one is
 *     refused for good, the old name is deleted by itself: it stands for nothing any more either.
 *  3. The first failure that another try may mend, or that says nothing of its document, stops everything that was
 *     not sent yet; what was accepted stays accepted, and sending it again is harmless.
 */
import type { Receipt } from '../../../api/contract/document-schema.ts';
import { isApiFailure, type Fault } from '../node-errors.ts';
import { faultOf, ItemFailure, nodeFault } from '../failing.ts';
import type { Change, Head } from '../input/submission.ts';
import { type BatchSize, emptyBatch, fits, roomIn, withEntry } from './batch-size.ts';
import { createLine } from './line.ts';
import { changedSince, loadContent, unreadFault, type Loaded } from './load.ts';
import { readAhead } from './read-ahead.ts';
import {
	blamesDocument,
	ofDocument,
	postBatch,
	putContent,
	type BatchEntry,
	type Waiting,
	type Wire,
} from './requests.ts';

export interface SenderDeps extends Wire {
	/** Documents in one request. */
	readonly maxDocuments: number;
	/** Of a JSON body, bytes. */
	readonly maxBytes: number;
}

export type SendOutcome =
	| { readonly kind: 'receipt'; readonly receipt: Receipt }
	| { readonly kind: 'vanished' }
	| { readonly kind: 'failed'; readonly fault: Fault };

/** Why sending was stopped, and the index of the input item, where it is about one. */
export interface Stop {
	readonly fault: Fault;
	readonly item: number | undefined;
}

export interface Sent {
	/** By place of the change; undefined where it was not sent, or there is no answer. */
	readonly outcomes: readonly (SendOutcome | undefined)[];
	/** Of what a move leaves behind; undefined also where there is nothing. */
	readonly previous: readonly (SendOutcome | undefined)[];
	readonly stop: Stop | null;
}

const inFlight = 3;
const filesAhead = 16;

/** One document on its way. */
interface Entry extends Waiting {
	readonly ifSha256: string | null;
	readonly item: number;
	readonly head: Head;
	settle(outcome: SendOutcome): void;
}
type Small = Entry & BatchEntry & { readonly bytes: number };
type Large = Entry & Extract<Loaded, { kind: 'large' }>;

const vanished = nodeFault('vanished', 'the file is gone', 'There is nothing to do.');

const keyOf = ({ tenant, docId }: Pick<Head, 'docId'> & { readonly tenant?: string }) => `${tenant} ${docId}`;
/** Every document that the entry changes. */
const keysOf = ({ head }: Pick<Entry, 'head'>): string[] =>
	head.previous === undefined
		? [keyOf(head)]
		: [keyOf(head), keyOf({ tenant: head.tenant, ...head.previous })];

/** The old name of a move is another source's: it is not ours to delete. */
const isOthersName = ({ code, field }: Fault): boolean => code === 'owned' && field === 'previous';

export async function sendChanges(changes: readonly Change[], deps: SenderDeps): Promise<Sent> {
	const { signal } = deps;
	const maxBytes = roomIn(deps.maxBytes);
	const line = createLine(inFlight);
	const outcomes: (SendOutcome | undefined)[] = changes.map(() => undefined);
	const previous: (SendOutcome | undefined)[] = changes.map(() => undefined);
	/** `defect` is what nobody expects. */
	const ended: { stop: Stop | null; defect: { readonly error: unknown } | null } = {
		stop: null,
		defect: null,
	};
	const isEnded = () => ended.stop !== null || ended.defect !== null || signal?.aborted === true;

	function fail(entry: Entry, fault: Fault, isFatal: boolean): void {
		entry.settle({ kind: 'failed', fault });
		if (isFatal) ended.stop ??= { fault, item: entry.item };
	}

	/** In its turn, unless sending has ended before. */
	const start = (entries: readonly Entry[], task: () => Promise<void>) =>
		line.start(entries.flatMap(keysOf), async () => {
			if (isEnded()) return;
			await task().catch((error: unknown) => {
				ended.defect ??= { error };
			});
		});

	async function post(entries: readonly Small[], waiting: Waiting): Promise<void> {
		let results: Awaited<ReturnType<typeof postBatch>>;
		try {
			results = await postBatch(deps, entries, waiting);
		} catch (error) {
			// It says nothing of any one document, not even where another try is no use: the way itself is wrong.
			ended.stop ??= { fault: faultOf(error), item: entries.length === 1 ? entries[0]?.item : undefined };
			return;
		}
		const limited: { readonly entry: Small; readonly fault: Fault }[] = [];
		for (const [place, entry] of entries.entries()) {
			const result = results[place];
			const fault = result === undefined ? null : ofDocument(result);
			if (fault?.code === 'rate_limited') limited.push({ entry, fault });
			else if (fault !== null) fail(entry, fault, fault.retryable);
			else if (result?.receipt !== undefined) entry.settle({ kind: 'receipt', receipt: result.receipt });
			else throw new Error('a document of a batch without an answer');
		}
		if (limited.length === 0) return;
		// A limit of documents took the first ones. Sent again, the others are taken, or refused as a whole, by a 429
		// that says how long to wait.
		const others = limited.map(({ entry }) => entry);
		if (others.length < entries.length && !isEnded()) return post(others, waiting);
		for (const { entry, fault } of limited) fail(entry, fault, true);
	}

	async function stream(entry: Large): Promise<void> {
		const head = entry.isText ? { mimeType: 'text/plain', ...entry.head } : entry.head;
		let isGone = false;
		const open = async () => {
			const body = await entry.open();
			isGone = body === null;
			if (body === null) throw new ItemFailure(vanished);
			return body;
		};
		try {
			entry.settle({ kind: 'receipt', receipt: await putContent(deps, head, open, entry) });
		} catch (error) {
			if (isGone) return entry.settle({ kind: 'vanished' });
			const failure = isApiFailure(error) ? error : unreadFault(error);
			const fault = failure.code === changedSince.code ? changedSince : failure;
			fail(entry, fault, fault.retryable || !blamesDocument(fault));
		}
	}

	/** The batch that is being filled. */
	const batch: { entries: Small[]; size: BatchSize } = { entries: [], size: emptyBatch };

	async function flush(): Promise<void> {
		const { entries } = batch;
		const [first] = entries;
		Object.assign(batch, { entries: [], size: emptyBatch });
		if (first !== undefined) await start(entries, () => post(entries, first));
	}

	async function add(entry: Small): Promise<void> {
		const [first] = batch.entries;
		const waitsAlike =
			first === undefined || (first.priority === entry.priority && first.coalesced === entry.coalesced);
		let size = withEntry(batch.size, entry, entry.bytes);
		if (!waitsAlike || !fits(size, maxBytes)) {
			await flush();
			size = withEntry(emptyBatch, entry, entry.bytes);
		}
		batch.entries.push(entry);
		batch.size = size;
		if (batch.entries.length >= deps.maxDocuments) await flush();
	}

	async function take(entry: Entry, op: BatchEntry['op'], loaded: Loaded): Promise<void> {
		switch (loaded.kind) {
			case 'vanished':
				return entry.settle(loaded);
			case 'unread':
				return fail(entry, loaded.fault, loaded.fault.retryable);
			case 'small':
				return add({ ...entry, ...loaded, op });
			case 'large':
				// What waits in the batch of the same document goes first.
				if (batch.entries.some((one) => keysOf(one).some((key) => keysOf(entry).includes(key))))
					await flush();
				return start([entry], () => stream({ ...entry, ...loaded }));
		}
	}

	const places = changes.entries();
	for await (const { entry, result } of readAhead(
		places,
		([, { content, ifSha256 }]) => loadContent(content, maxBytes, ifSha256),
		filesAhead,
	)) {
		if (isEnded()) break;
		const [place, { item, head, ifSha256, priority, coalesced, content }] = entry;
		const settle = (outcome: SendOutcome) => void (outcomes[place] = outcome);
		await take(
			{ item, head, ifSha256, priority, coalesced, settle },
			content === null ? 'delete' : 'put',
			result,
		);
	}
	await flush();
	await line.idle();

	for (const [place, { item, previous: head, priority, coalesced }] of changes.entries()) {
		const successor = outcomes[place];
		if (isEnded()) break;
		if (successor?.kind === 'receipt' && successor.receipt.previous !== undefined)
			previous[place] = { kind: 'receipt', receipt: successor.receipt.previous };
		if (head === null || successor?.kind !== 'failed' || isOthersName(successor.fault)) continue;
		const settle = (outcome: SendOutcome) => void (previous[place] = outcome);
		await add({
			item,
			head,
			ifSha256: null,
			priority,
			coalesced,
			settle,
			op: 'delete',
			content: null,
			bytes: 0,
		});
	}
	await flush();
	await line.idle();
	signal?.throwIfAborted();
	if (ended.defect !== null) throw ended.defect.error;
	return { outcomes, previous, stop: ended.stop };
}
