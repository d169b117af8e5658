/**
 * A FileState in n8n's workflow static data, for folders of up to about a thousand files. Used by the trigger
 * node, whose workflow it is in; it is the only writer of its key.
 *
 * What differs from the port, because n8n stores static data in its own time and whole:
 *  - A commit is in memory when it resolves. It is durable from n8n's next save on: at the next emit (see
 *    `touchStaticData`) and at an activation. A crash loses what was committed since; those files are sent
 *    again. A seq is never given out twice all the same: the text holds a ceiling `SEQ_MARGIN` above the next
 *    seq, `open` goes on from there, and by `SEQ_PER_MS` further for the time since, so that of two lives that
 *    begin with the same text the later one has the higher numbers. Limits: fewer than `SEQ_MARGIN` given out
 *    since the last save, in a life that was never saved, or whose text was put back, fewer than 500 a
 *    second, and a clock that is not set back.
 *  - A state that is missing, damaged or another node's is a lost one: `open` makes a new epoch of the same
 *    source, and never rejects but for `state_newer`. So it does when the epoch's numbers run out.
 *  - Whoever else writes the key in memory is found out at the next commit, which rejects with
 *    `state_overwritten`, as all further ones do. Close the engine (its `close` may reject with the same error) and
 *    start one with a fresh state: that is a new epoch, and a scan tells the consumer everything again.
 *  - An older text of our own that was put back while the process was down is believed. A file that has meanwhile
 *    gone back to what it was then, or was made and deleted since, is not told of again; and where the process
 *    was restarted between that text and its return, numbers may lie below those given out since. Where other
 *    nodes of the workflow write static data, SQLite is the better place.
 */
import { v4 as uuid, v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import { StateError, type FileState, type StateHead } from './file-state-port.ts';
import {
	keyOf,
	readBlob,
	readRow,
	writeRow,
	writeState,
	type BlobHead,
	type RowTexts,
} from './static-data-blob.ts';

/** n8n's global static data of a workflow: it sees that a key was set, and nothing that happens inside a value. */
export type StaticData = Record<string, unknown>;

/**
 * What the states of this process have written last, by the state's name. n8n reads static data anew at each activation,
 * and may read what was stored before the last commits; what this process knows to come after it is better.
 */
export type NewestTexts = Map<string, { readonly lives: readonly string[]; readonly text: string }>;

/** Seqs that a crash may make unknown. */
export const SEQ_MARGIN = 100_000;
/** A quarter of all numbers lasts longer than any life: an epoch that has less left is not taken up again. */
const LAST_START = 3 * 2 ** 30;
/** 75 days pass before an epoch is used up by time alone; then a new one tells everything again. */
const SEQ_PER_MS = 0.5;
const PAGE_ROWS = 500;

/** Makes n8n save what was committed. Call it in the turn of each emit, before it: an earlier save that ends between commit and emit would hide the commit from the next. */
export function touchStaticData(data: StaticData, key: string): void {
	if (key in data) data[key] = data[key];
}

export function createStaticDataFileState(deps: {
	data: StaticData;
	/** `docdrop:<node id>`. */
	key: string;
	clock: Clock;
	/** Names the state in `newest`, where two of one process may be of one source; else its sourceId does. */
	name?: string;
	/** A stored state of another source is not taken over. */
	sourceId?: string;
	newest?: NewestTexts;
}): FileState {
	const { data, key, clock, newest = new Map() as NewestTexts } = deps;
	let open: Open | null = null;
	let isLost = false;
	const nameOf = (head: Pick<StateHead, 'sourceId'>) => deps.name ?? head.sourceId;
	const opened = (): Open => {
		if (open === null) throw new Error('the state is not open');
		return open;
	};

	/** The one assignment of a commit. */
	function write(head: StateHead, rows: RowTexts, lives: readonly string[]): void {
		const { nextSeq, ...rest } = head;
		const blob = { ...rest, life: lives.at(-1) ?? '', ceiling: nextSeq + SEQ_MARGIN, at: clock.now() };
		const text = writeState(blob, rows);
		data[key] = text;
		newest.set(nameOf(head), { lives, text });
		open = { head, rows, lives, text };
	}

	return {
		async open() {
			if (open !== null) return open.head;
			isLost = false;
			const found = findState(data[key], deps.sourceId, (head) => newest.get(nameOf(head)));
			const start = found === null ? Infinity : startOf(found.head, clock.now());
			if (found === null || start > LAST_START) {
				const sourceId = deps.sourceId ?? found?.head.sourceId ?? uuid();
				write({ ...EMPTY, sourceId, epoch: uuidv7({ msecs: clock.now() }) }, new Map(), [uuid()]);
			} else {
				const { sourceId, epoch, firstRoot, rootIds, snapshotClosed } = found.head;
				const head = { sourceId, epoch, nextSeq: start, firstRoot, rootIds, snapshotClosed };
				write(head, found.rows, [...found.lives, uuid()]);
			}
			return opened().head;
		},
		async *rows() {
			const texts = [...opened().rows.values()];
			for (let at = 0; at < texts.length; at += PAGE_ROWS) {
				if (at > 0) await new Promise((resolve) => setImmediate(resolve));
				yield texts.slice(at, at + PAGE_ROWS).map(readRow);
			}
		},
		async commit({ put = [], remove = [], ...headChange }) {
			const { head, rows, lives, text } = opened();
			if (isLost || data[key] !== text) {
				// Whatever is there now, an older state of ours included: the next state is a fresh one.
				if (!isLost) {
					delete data[key];
					newest.delete(nameOf(head));
				}
				isLost = true;
				throw new StateError(
					'state_overwritten',
					"the folder's state was overwritten in the workflow's static data",
				);
			}
			const next = { ...head, ...structuredClone(headChange) };
			if (next.nextSeq < head.nextSeq) throw new Error('nextSeq must not go back');
			if (next.nextSeq + SEQ_MARGIN > MAX_SEQ) throw new Error('the epoch has no more numbers');
			const changed = new Map(rows);
			for (const row of put) changed.set(keyOf(row), writeRow(row));
			for (const row of remove) changed.delete(keyOf(row));
			write(next, changed, lives);
		},
		async close() {
			open = null;
		},
	};
}

interface Open {
	readonly head: StateHead;
	readonly rows: RowTexts;
	/** Of this process, one after the other: the states that this one came from, and itself. */
	readonly lives: readonly string[];
	/** What must still be there at the next commit. */
	readonly text: string;
}

const MAX_SEQ = 2 ** 32 - 1;
const EMPTY = { nextSeq: 1, firstRoot: null, rootIds: {}, snapshotClosed: false };

/** The state to go on with; null where there is none. */
function findState(
	value: unknown,
	sourceId: string | undefined,
	newestOf: (head: BlobHead) => ReturnType<NewestTexts['get']>,
) {
	const found = readBlob(value);
	if (found.kind === 'newer') {
		throw new StateError(
			'state_newer',
			"the folder's state in the workflow's static data was written by a newer DocDrop",
		);
	}
	if (found.kind !== 'state') return null;
	if (sourceId !== undefined && found.head.sourceId !== sourceId) return null;
	const known = newestOf(found.head);
	if (known === undefined || !known.lives.includes(found.head.life)) return { ...found, lives: [] };
	const better = readBlob(known.text);
	return better.kind === 'state' ? { ...better, lives: known.lives } : null;
}

function startOf({ ceiling, at }: BlobHead, nowMs: number): number {
	return ceiling + Math.floor(Math.max(0, nowMs - at) * SEQ_PER_MS);
}
