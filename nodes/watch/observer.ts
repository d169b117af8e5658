/**
 * From "this path may have changed" to a row that tells the truth: look, settle, read, or wait out the grace
 * of a deletion. Hints and scans both end here; owned by the engine. Nothing is sent from here: `offer` is told
 * of every path whose row may now differ from what the consumer knows.
 */
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { Deletions } from './deletions.ts';
import { compare, sameStat, withContent, withoutContent } from './diff.ts';
import { errorCode, isGone, type Disk, type FileStat } from './disk.ts';
import { createDueQueue } from './due-queue.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Identity, Place } from './identity.ts';
import type { Ledger } from './ledger.ts';
import type { Look, Reader } from './reader/reader-port.ts';
import type { WatchSettings } from './settings.ts';
import { afterUnstable, isOldEnough, settle, settledStat, type Attention } from './settle.ts';
import { createWorkQueue } from './work-queue.ts';

export interface Observer {
	/** Looks at a path soon; for hints. */
	lookSoon(docId: string): void;
	/**
	 * Takes in that a scan that began at `scanStart` (monotonic ms) did not meet the file of a row. Returns
	 * whether it is on its way out: false for one that is held.
	 */
	missed(docId: string, scanStart: number): boolean;
	/** A scan of the root has ended: deletions that waited for it are decided. */
	scanned(label: string): void;
	/** The brake let go of the root's deletions. */
	resumed(label: string): void;
	/** Keeps a file that is gone out of the deletions: it goes with the change of `to`. */
	markMoved(docId: string, to: string): void;
	/** Ends that: the file is looked at anew. */
	unmarkMoved(docId: string): void;
	/**
	 * Takes in a file that a scan met. Returns whether that was news: false for one that equals its row, is
	 * being seen to already, or is parked until a `full` scan.
	 */
	met(docId: string, stat: FileStat, full: boolean): boolean;
	attention(docId: string): Attention | undefined;
	/** Paths that are not at rest, parked and held ones apart. */
	busy(): Iterable<string>;
	readonly busyCount: number;
	parked(): Iterable<[docId: string, reason: string]>;
	close(): Promise<void>;
}

export function createObserver(deps: {
	disk: Pick<Disk, 'checkRoot'>;
	dirOf: (label: string) => string;
	/** Whether what stands at a place belongs to the watched set. */
	isWanted: (place: Place, stat: FileStat) => boolean;
	/** Whether the disk of a root has the machine's clock. */
	isLocal: (label: string) => boolean;
	identity: Identity;
	ledger: Ledger;
	deletions: Deletions;
	/** Looks at single files, and reads them. */
	reader: Reader;
	clock: Clock;
	settings: WatchSettings;
	/** The row of this path may now differ from what the consumer knows, or no longer. */
	offer: (docId: string) => void;
	/** The file is gone, for now: its unsent changes must wait until that is sure. */
	withhold: (docId: string) => void;
	/** A path came to rest. */
	onRest: () => void;
}): Observer {
	const { disk, reader, identity, ledger, deletions, clock, settings } = deps;
	const attentions = new Map<string, Attention>();
	/** Known, and waited for by nobody: parked and held. */
	let quietCount = 0;
	/** Gone, their grace over, until a scan has ended. */
	const awaitingScan = new Set<string>();
	const queue = createWorkQueue({ parallel: settings.parallelReads, run: look, onRest: deps.onRest });
	const due = createDueQueue({ clock, onDue: queue.push });

	function setAttention(docId: string, attention: Attention | null, wakeMs: number | null): void {
		const before = attentions.get(docId);
		quietCount += (isQuiet(attention ?? undefined) ? 1 : 0) - (isQuiet(before) ? 1 : 0);
		if (attention === null) attentions.delete(docId);
		else attentions.set(docId, attention);
		if (wakeMs === null) due.delete(docId);
		else due.set(docId, wakeMs);
		awaitingScan.delete(docId);
		const lost = (isLost(attention ?? undefined) ? 1 : 0) - (isLost(before) ? 1 : 0);
		const label = lost === 0 ? undefined : identity.locate(docId)?.label;
		if (label !== undefined) deletions.count(label, lost === 1 ? 1 : -1);
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
		const hashedAt = clock.now();
		let seen: Look;
		try {
			seen = await reader.look(
				dir,
				place.relPath,
				settledStat(attentions.get(docId), clock.monotonic(), settings.quietMs),
			);
		} catch (error) {
			if (isGone(error)) await missing(docId, place.label);
			else park(docId, null, errorCode(error));
			return;
		}
		const { stat } = seen;
		if (!deps.isWanted(place, stat)) return missing(docId, place.label);
		const row = ledger.get(docId);
		if (compare(row, stat) === 'same') return rest(docId);
		const step = settle(attentions.get(docId), stat, clock.monotonic(), settings.quietMs);
		if (step.kind === 'wait') setAttention(docId, step.attention, step.ms);
		else if (seen.fingerprint !== null) take(docId, seen.fingerprint, stat, hashedAt, step.unstable);
		else await read(docId, join(dir, place.relPath), stat, step.unstable);
	}

	/** A scan met a file that nothing is known of, or not any more. */
	function settleAnew(docId: string, stat: FileStat): void {
		const now = clock.monotonic();
		const label = identity.locate(docId)?.label;
		if (label !== undefined && deps.isLocal(label) && isOldEnough(stat, clock.now(), settings.quietMs)) {
			const since = now - settings.quietMs;
			setAttention(docId, { kind: 'settling', stat, since, unstable: 0 }, null);
			return queue.push(docId);
		}
		const step = settle(undefined, stat, now, settings.quietMs);
		if (step.kind === 'wait') setAttention(docId, step.attention, step.ms);
	}

	async function read(docId: string, path: string, stat: FileStat, unstable: number): Promise<void> {
		const hashedAt = clock.now();
		take(docId, await reader.fingerprint(path, stat), stat, hashedAt, unstable);
	}

	/** `hashedAt`: wall ms before the read began. */
	function take(
		docId: string,
		result: Fingerprint,
		stat: FileStat,
		hashedAt: number,
		unstable: number,
	): void {
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
	async function missing(docId: string, label: string): Promise<void> {
		const row = ledger.get(docId);
		if (row === undefined || row.seen === null) return rest(docId);
		if (attentions.get(docId)?.kind === 'moved') return;
		deps.withhold(docId);
		// A file that nobody ever heard of needs no grace: it never was.
		if (row.seq > 0) {
			const since = lostSince(docId);
			const left = since + settings.deletionDelayMs - clock.monotonic();
			if (left > 0) return setAttention(docId, { kind: 'gone', since }, left);
		}
		// Asked after the file was found gone: a root that is away takes all its files with it.
		try {
			await disk.checkRoot(deps.dirOf(label));
		} catch {
			// Its changes stay withheld; the next scan that can read the root decides anew.
			return setAttention(docId, null, null);
		}
		// Read again: it may have been acknowledged, or joined to its new name, meanwhile.
		const known = ledger.get(docId) ?? row;
		if (attentions.get(docId)?.kind === 'moved') return;
		if (known.seq > 0 && !mayGo(docId, label)) return;
		const gone = withoutContent(known);
		if (gone === null) ledger.remove(docId);
		else ledger.set(docId, gone);
		rest(docId);
	}

	function lostSince(docId: string): number {
		const attention = attentions.get(docId);
		return attention !== undefined && isLost(attention) ? attention.since : clock.monotonic();
	}

	/** Whether a deletion whose grace is over may be told now; if not, it waits for what it waits for. */
	function mayGo(docId: string, label: string): boolean {
		const since = lostSince(docId);
		if (!isLost(attentions.get(docId))) setAttention(docId, { kind: 'gone', since }, null);
		const verdict = deletions.verdict(label, since);
		if (verdict === 'go') return true;
		setAttention(docId, { kind: verdict === 'pause' ? 'paused' : 'gone', since }, null);
		if (verdict === 'await scan') awaitingScan.add(docId);
		return false;
	}

	return {
		lookSoon(docId) {
			// A settling path is looked at anyway when it comes due.
			if (attentions.get(docId)?.kind !== 'settling') queue.push(docId);
		},
		missed(docId, scanStart) {
			const kind = attentions.get(docId)?.kind;
			if (kind === 'paused') return false;
			if (kind === 'gone' || kind === 'moved') return true;
			deps.withhold(docId);
			// Marked at once: when the scan has ended, all that it missed must have been counted.
			if ((ledger.get(docId)?.seq ?? 0) > 0) {
				setAttention(docId, { kind: 'gone', since: scanStart }, settings.deletionDelayMs);
			}
			// It may have come after its directory was listed.
			queue.push(docId);
			return true;
		},
		scanned(label) {
			for (const docId of [...awaitingScan]) if (identity.locate(docId)?.label === label) queue.push(docId);
		},
		resumed(label) {
			for (const [docId, { kind }] of attentions) {
				if (kind === 'paused' && identity.locate(docId)?.label === label) queue.push(docId);
			}
		},
		markMoved: (docId, to) => {
			deps.withhold(docId);
			setAttention(docId, { kind: 'moved', to, since: clock.monotonic() }, null);
		},
		unmarkMoved(docId) {
			setAttention(docId, null, null);
			queue.push(docId);
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
			settleAnew(docId, stat);
			return true;
		},
		attention: (docId) => attentions.get(docId),
		*busy() {
			for (const [docId, attention] of attentions) if (!isQuiet(attention)) yield docId;
			for (const docId of queue.names()) {
				const attention = attentions.get(docId);
				if (attention === undefined || isQuiet(attention)) yield docId;
			}
		},
		get busyCount() {
			return attentions.size - quietCount + queue.size;
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

const isQuiet = (attention: Attention | undefined) =>
	attention?.kind === 'parked' || attention?.kind === 'paused';

const isLost = (
	attention: Attention | undefined,
): attention is Extract<Attention, { kind: 'gone' | 'paused' }> =>
	attention?.kind === 'gone' || attention?.kind === 'paused';
