/**
 * The rows of the FileState in memory, by docId, and their way to the disk. The engine reads and writes rows
 * here at once; `flush` makes everything written before it durable. Owned by the engine alone.
 */
import type { Identity } from './identity.ts';
import type { FileRow, FileState, RowKey, StateHead } from './state/port.ts';

export interface Ledger {
	readonly head: Pick<StateHead, 'sourceId' | 'epoch'>;
	get(docId: string): FileRow | undefined;
	set(docId: string, row: FileRow): void;
	remove(docId: string): void;
	entries(): IterableIterator<[string, FileRow]>;
	/** A seq that was never given out; durable with the next `flush`, which must end before the seq is shown. */
	takeSeq(): number;
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
}): Promise<Ledger> {
	const { state, head, identity } = deps;
	const rows = new Map<string, FileRow>();
	let nextSeq = head.nextSeq;
	let durableSeq = head.nextSeq;
	/** What the disk lacks: rows by docId, or the key of a row to remove. */
	const unsaved = new Map<string, FileRow | { readonly removed: RowKey }>();

	for await (const page of state.rows()) {
		for (const row of page) {
			const docId = identity.docId(row.root, row.path);
			const place = identity.locate(docId);
			if (place?.label === row.root && place.relPath === row.path) rows.set(docId, row);
		}
	}

	const save = async () => {
		// What is written meanwhile goes to the end of the map and is left to the next call.
		let left = unsaved.size;
		do {
			const part = [...take(unsaved, Math.min(left, COMMIT_ROWS))];
			left -= part.length;
			const seq = nextSeq;
			if (part.length === 0 && seq === durableSeq) return;
			const put: FileRow[] = [];
			const remove: RowKey[] = [];
			for (const [, entry] of part) {
				if ('removed' in entry) remove.push(entry.removed);
				else put.push(entry);
			}
			try {
				await state.commit({ put, remove, nextSeq: seq });
				durableSeq = seq;
			} catch (error) {
				// What was written since is newer than what failed.
				for (const [docId, entry] of part) if (!unsaved.has(docId)) unsaved.set(docId, entry);
				throw error;
			}
			// A turn for everybody else between two transactions.
			await new Promise((resolve) => setImmediate(resolve));
		} while (left > 0);
	};

	let saving: Promise<void> = Promise.resolve();
	return {
		head,
		get: (docId) => rows.get(docId),
		set(docId, row) {
			rows.set(docId, row);
			unsaved.set(docId, row);
		},
		remove(docId) {
			const row = rows.get(docId);
			if (row === undefined) return;
			rows.delete(docId);
			unsaved.set(docId, { removed: { root: row.root, path: row.path } });
		},
		entries: () => rows.entries(),
		takeSeq() {
			nextSeq += 1;
			return nextSeq - 1;
		},
		flush() {
			const run = saving.then(save);
			saving = run.catch(() => {});
			return run;
		},
	};
}

function* take<V>(from: Map<string, V>, count: number): Iterable<[string, V]> {
	for (const entry of from) {
		if (count === 0) return;
		count -= 1;
		from.delete(entry[0]);
		yield entry;
	}
}
