/**
 * From "this path may have changed" to a row that tells the truth: look, settle, read, or wait out the grace
 * of a deletion. Hints and scans both end here; owned by the engine. Nothing is sent from here: `offer` is told
 * of every path whose row may now differ from what the consumer knows.
 */
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { compare, sameStat, withContent, withoutContent } from './diff.ts';
import { errorCode, isGone, type Disk, type FileStat } from './disk.ts';
import { createDueQueue } from './due-queue.ts';
import type { Filter } from './filter.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Identity } from './identity.ts';
import type { Ledger } from './ledger.ts';
import type { WatchSettings } from './settings.ts';
import { afterUnstable, settle, type Attention } from './settle.ts';
import { createWorkQueue } from './work-queue.ts';

export interface Observer {
	/** Looks at a path soon; for hints, and for rows that a scan did not meet. */
	suspect(docId: string): void;
	/**
	 * Takes in a file that a scan met. Returns whether that was news: false for one that equals its row, is
	 * being seen to already, or is parked until a `full` scan.
	 */
	met(docId: string, stat: FileStat, full: boolean): boolean;
	attention(docId: string): Attention | undefined;
	/** Paths that are not at rest, parked ones apart. */
	busy(): Iterable<string>;
	readonly busyCount: number;
	parked(): Iterable<[docId: string, reason: string]>;
	close(): Promise<void>;
}

export function createObserver(deps: {
	disk: Disk;
	dirOf: (label: string) => string;
	filter: Filter;
	identity: Identity;
	ledger: Ledger;
	fingerprint: (path: string, before: FileStat) => Promise<Fingerprint>;
	clock: Clock;
	settings: WatchSettings;
	/** The row of this path may now differ from what the consumer knows, or no longer. */
	offer: (docId: string) => void;
	/** The file is gone, for now: its unsent changes must wait until that is sure. */
	withhold: (docId: string) => void;
	/** A path came to rest. */
	onRest: () => void;
}): Observer {
	const { disk, filter, identity, ledger, clock, settings } = deps;
	const attentions = new Map<string, Attention>();
	let parkedCount = 0;
	const queue = createWorkQueue({ parallel: settings.parallelReads, run: look, onRest: deps.onRest });
	const due = createDueQueue({ clock, onDue: queue.push });

	function setAttention(docId: string, attention: Attention | null, wakeMs: number | null): void {
		if (attentions.get(docId)?.kind === 'parked') parkedCount -= 1;
		if (attention?.kind === 'parked') parkedCount += 1;
		if (attention === null) attentions.delete(docId);
		else attentions.set(docId, attention);
		if (wakeMs === null) due.delete(docId);
		else due.set(docId, wakeMs);
	}
	function rest(docId: string): void {
		setAttention(docId, null, null);
		deps.offer(docId);
	}
	function park(docId: string, stat: FileStat | null, code: string): void {
		const reason = `it cannot be read (${code})`;
		setAttention(docId, { kind: 'parked', stat, reason, retry: 'full scan' }, null);
	}

	/** One look at one path; never rejects. */
	async function look(docId: string): Promise<void> {
		const place = identity.locate(docId);
		if (place === null) return;
		const dir = deps.dirOf(place.label);
		let stat: FileStat;
		try {
			stat = await disk.find(dir, place.relPath);
		} catch (error) {
			if (isGone(error)) await missing(docId, dir);
			else park(docId, null, errorCode(error));
			return;
		}
		const wanted =
			stat.kind === 'file' &&
			stat.size <= settings.maxFileBytes &&
			filter.wants(place.relPath) &&
			identity.fault(place.label, place.relPath) === null;
		if (!wanted) return missing(docId, dir);
		const row = ledger.get(docId);
		if (compare(row, stat) === 'same') return rest(docId);
		const step = settle(attentions.get(docId), stat, clock.monotonic(), settings.quietMs);
		if (step.kind === 'wait') setAttention(docId, step.attention, step.ms);
		else await read(docId, join(dir, place.relPath), stat, step.unstable);
	}

	async function read(docId: string, path: string, stat: FileStat, unstable: number): Promise<void> {
		const hashedAt = clock.now();
		const result = await deps.fingerprint(path, stat);
		const place = identity.locate(docId);
		if (place === null) return;
		switch (result.kind) {
			case 'content': {
				const file = { root: place.label, path: place.relPath };
				ledger.set(docId, withContent(ledger.get(docId), file, result.content, stat, hashedAt));
				return rest(docId);
			}
			case 'unstable': {
				const next = afterUnstable(stat, unstable, clock.monotonic(), settings.unstableMs);
				return setAttention(docId, next.attention, next.ms);
			}
			case 'gone':
				return queue.push(docId);
			case 'unreadable':
				return park(docId, stat, result.code);
		}
	}

	/** The path holds no file of the watched set. */
	async function missing(docId: string, dir: string): Promise<void> {
		const row = ledger.get(docId);
		if (row === undefined || row.seen === null) return rest(docId);
		const attention = attentions.get(docId);
		const since = attention?.kind === 'gone' ? attention.since : clock.monotonic();
		deps.withhold(docId);
		// A file that nobody ever heard of needs no grace: it never was.
		const left = row.seq === 0 ? 0 : since + settings.graceMs - clock.monotonic();
		if (left > 0) return setAttention(docId, { kind: 'gone', since }, left);
		// Asked after the file was found gone: a root that is away takes all its files with it.
		try {
			await disk.checkRoot(dir);
		} catch {
			// Its changes stay withheld; the next scan that can read the root decides anew.
			return setAttention(docId, null, null);
		}
		// Read again: it may have been acknowledged meanwhile.
		const known = ledger.get(docId) ?? row;
		const gone = withoutContent(known);
		if (gone === null) ledger.remove(docId);
		else ledger.set(docId, gone);
		rest(docId);
	}

	return {
		suspect(docId) {
			// A settling path is looked at anyway when it comes due.
			if (attentions.get(docId)?.kind !== 'settling') queue.push(docId);
		},
		met(docId, stat, full) {
			const attention = attentions.get(docId);
			if (queue.has(docId)) return true;
			if (compare(ledger.get(docId), stat) === 'same') {
				if (attention !== undefined) queue.push(docId);
				else deps.offer(docId);
				return attention !== undefined;
			}
			if (attention?.kind === 'settling') return true;
			if (attention?.kind === 'parked' && !full && attention.retry === 'full scan') {
				if (attention.stat !== null && sameStat(attention.stat, stat)) return false;
			}
			const step = settle(undefined, stat, clock.monotonic(), settings.quietMs);
			if (step.kind === 'wait') setAttention(docId, step.attention, step.ms);
			return true;
		},
		attention: (docId) => attentions.get(docId),
		*busy() {
			for (const [docId, { kind }] of attentions) if (kind !== 'parked') yield docId;
			for (const docId of queue.names()) {
				const kind = attentions.get(docId)?.kind;
				if (kind === undefined || kind === 'parked') yield docId;
			}
		},
		get busyCount() {
			return attentions.size - parkedCount + queue.size;
		},
		*parked() {
			for (const [docId, it] of attentions) if (it.kind === 'parked') yield [docId, it.reason];
		},
		async close() {
			due.clear();
			await queue.close();
			due.clear();
		},
	};
}
