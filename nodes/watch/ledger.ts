/**
 * The rows of the FileState in memory, by docId, their sums by root, and their way to the disk. The engine
 * reads and writes rows here at once; `flush` makes everything written before it durable. Owned by the engine.
 */
import type { Identity } from './identity.ts';
import { digestOf, EMPTY_DIGEST, withElement, withoutElement } from '../../api/contract/set-digest.ts';
import type {
	FileContent,
	FileRow,
	FileState,
	RowKey,
	StateChange,
	StateHead,
} from './state/file-state-port.ts';

/** Sums over the rows of one root. */
export interface Totals {
	/** Files that are there, as last seen; bytes are theirs. */
	readonly files: number;
	readonly bytes: number;
	/** Files that the consumer refused. */
	readonly failed: number;
	/** Set digests of what was seen and of what was acknowledged: equal where the consumer has it all. */
	readonly seen: bigint;
	readonly delivered: bigint;
}

export interface FileLedger {
	readonly head: StateHead;
	get(docId: string): FileRow | undefined;
	set(docId: string, row: FileRow): void;
	remove(docId: string): void;
	entries(): IterableIterator<[string, FileRow]>;
	totals(label: string): Totals;
	/** Documents whose acknowledged content is this. */
	deliveredAs(sha256: string): Iterable<string>;
	/** A seq that was never given out; durable with the next `flush`, which must end before the seq is shown. */
	takeSeq(): number;
	/** Changes the head; durable with the next `flush`. */
	setHead(change: Pick<StateChange, 'rootIds' | 'snapshotClosed'>): void;
	/** Resolves when everything written before the call is durable; after a rejection the next call tries it again. */
	flush(): Promise<void>;
}

/** Rows in one transaction: more would hold the event loop. */
const COMMIT_ROWS = 500;

/** Loads the rows of the roots that `identity` knows; rows of other roots stay in the state as they are. */
export async function openLedger(deps: {
	state: FileState;
	head: StateHead;
	identity: Identity;
}): Promise<FileLedger> {
	const { state, identity } = deps;
	let head = deps.head;
	let unsavedHead: Pick<StateChange, 'rootIds' | 'snapshotClosed'> = {};
	const rows = new Map<string, FileRow>();
	const sums = createSums();
	let nextSeq = head.nextSeq;
	let durableSeq = head.nextSeq;
	/** What the disk lacks: rows by docId, or the key of a row to remove. */
	const unsaved = new Map<string, FileRow | { readonly removed: RowKey }>();

	for await (const page of state.rows()) {
		for (const row of page) {
			const docId = identity.docId(row.root, row.path);
			const place = identity.locate(docId);
			if (place?.label !== row.root || place.relPath !== row.path) continue;
			rows.set(docId, row);
			sums.replace(docId, undefined, row);
		}
	}

	const save = async () => {
		// What is written meanwhile goes to the end of the map and is left to the next call.
		let left = unsaved.size;
		do {
			const part = [...take(unsaved, Math.min(left, COMMIT_ROWS))];
			left -= part.length;
			const seq = nextSeq;
			const headChange = unsavedHead;
			if (part.length === 0 && seq === durableSeq && Object.keys(headChange).length === 0) return;
			const put: FileRow[] = [];
			const remove: RowKey[] = [];
			for (const [, entry] of part) {
				if ('removed' in entry) remove.push(entry.removed);
				else put.push(entry);
			}
			unsavedHead = {};
			try {
				await state.commit({ put, remove, nextSeq: seq, ...headChange });
				durableSeq = seq;
			} catch (error) {
				// What was written since is newer than what failed.
				for (const [docId, entry] of part) if (!unsaved.has(docId)) unsaved.set(docId, entry);
				unsavedHead = { ...headChange, ...unsavedHead };
				throw error;
			}
			// A turn for everybody else between two transactions.
			await new Promise((resolve) => setImmediate(resolve));
		} while (left > 0);
	};

	let saving: Promise<void> = Promise.resolve();
	return {
		get head() {
			return head;
		},
		get: (docId) => rows.get(docId),
		set(docId, row) {
			sums.replace(docId, rows.get(docId), row);
			rows.set(docId, row);
			unsaved.set(docId, row);
		},
		remove(docId) {
			const row = rows.get(docId);
			if (row === undefined) return;
			sums.replace(docId, row, undefined);
			rows.delete(docId);
			unsaved.set(docId, { removed: { root: row.root, path: row.path } });
		},
		entries: () => rows.entries(),
		totals: sums.totals,
		deliveredAs: sums.deliveredAs,
		takeSeq() {
			nextSeq += 1;
			return nextSeq - 1;
		},
		setHead(change) {
			head = { ...head, ...change };
			unsavedHead = { ...unsavedHead, ...change };
		},
		flush() {
			const run = saving.then(save);
			saving = run.catch(() => {});
			return run;
		},
	};
}

/** What is known of all rows together, brought up to date with each. */
function createSums() {
	const byRoot = new Map<string, { -readonly [K in keyof Totals]: Totals[K] }>();
	/** Most contents are had by one document: then it stands alone, without a set. */
	const byContent = new Map<string, string | Set<string>>();
	const none: Totals = { files: 0, bytes: 0, failed: 0, seen: EMPTY_DIGEST, delivered: EMPTY_DIGEST };

	function indexContent(sha256: string, docId: string): void {
		const there = byContent.get(sha256);
		if (there === undefined) byContent.set(sha256, docId);
		else if (typeof there !== 'string') there.add(docId);
		else if (there !== docId) byContent.set(sha256, new Set([there, docId]));
	}
	function unindexContent(sha256: string, docId: string): void {
		const there = byContent.get(sha256);
		if (there === docId) byContent.delete(sha256);
		else if (typeof there === 'object') {
			there.delete(docId);
			if (there.size === 0) byContent.delete(sha256);
		}
	}

	return {
		replace(docId: string, before: FileRow | undefined, after: FileRow | undefined): void {
			const root = (after ?? before)?.root ?? '';
			let sum = byRoot.get(root);
			if (sum === undefined) byRoot.set(root, (sum = { ...none }));
			const [seenBefore, seenAfter] = [before?.seen ?? null, after?.seen ?? null];
			sum.files += (seenAfter === null ? 0 : 1) - (seenBefore === null ? 0 : 1);
			sum.bytes += (seenAfter?.size ?? 0) - (seenBefore?.size ?? 0);
			sum.failed += ((after?.failed ?? null) === null ? 0 : 1) - ((before?.failed ?? null) === null ? 0 : 1);
			sum.seen = moved(sum.seen, docId, seenBefore, seenAfter);
			const [was, is] = [before?.delivered ?? null, after?.delivered ?? null];
			if (was?.sha256 === is?.sha256) return;
			sum.delivered = moved(sum.delivered, docId, was, is);
			if (was !== null) unindexContent(was.sha256, docId);
			if (is !== null) indexContent(is.sha256, docId);
		},
		totals: (label: string): Totals => ({ ...(byRoot.get(label) ?? none) }),
		deliveredAs(sha256: string): Iterable<string> {
			const there = byContent.get(sha256);
			if (there === undefined) return [];
			return typeof there === 'string' ? [there] : [...there];
		},
	};
}

function moved(digest: bigint, docId: string, was: FileContent | null, is: FileContent | null): bigint {
	if (was?.sha256 === is?.sha256) return digest;
	const less = was === null ? digest : withoutElement(digest, digestOf(docId, was.sha256));
	return is === null ? less : withElement(less, digestOf(docId, is.sha256));
}

function* take<V>(from: Map<string, V>, count: number): Iterable<[string, V]> {
	for (const entry of from) {
		if (count === 0) return;
		count -= 1;
		from.delete(entry[0]);
		yield entry;
	}
}
