/**
 * One scan of a root, compared with the rows: every file that is there is shown to the observer, every row that
 * was not met is reported as missed, and a scan that finds nothing at all is the proof behind `verifiedAt`. A scan
 * decides nothing by itself; it may run while files change.
 *
 * It never holds the event loop for long: the scanner reports in portions, and what goes over all rows does so
 * in slices, between which rows come and go.
 */
import type { Clock } from './clock.ts';
import { compare, needsSend } from './diff.ts';
import type { FileStat } from './disk.ts';
import type { Identity } from './identity.ts';
import type { FileLedger } from './ledger.ts';
import type { Observer } from './observer.ts';
import { REMARKS_LISTED, TOO_LARGE, type Remark, type RootState } from './root-state.ts';
import type { ScanKind } from './scan-schedule.ts';
import type { Scanner } from './scan/scanner-port.ts';
import type { FileRow } from './state/file-state-port.ts';
import type { Watchers } from './watchers.ts';

/** What one walk reported. */
interface ScanTally {
	readonly met: Set<string>;
	found: number;
	directories: number;
	readonly skipped: Remark[];
	skippedCount: number;
	/** Codes by path under the root. */
	readonly unreadable: Map<string, string>;
}

/** Resolves with the number of differences found; rejects only when aborted. */
export async function reconcile(
	deps: {
		scanner: Scanner;
		identity: Identity;
		ledger: FileLedger;
		observer: Observer;
		watchers: Pick<Watchers, 'cover' | 'scanned'>;
		offer: (docId: string) => void;
		clock: Clock;
		/** Monotonic ms. */
		startedAt: number;
		maxFileBytes: number;
		signal: AbortSignal;
	},
	root: RootState,
	kind: ScanKind,
): Promise<number> {
	const { scanner, identity, ledger, observer, watchers, clock, signal } = deps;
	const { label } = root;
	const startedAt = clock.now();
	const started = deps.startedAt;
	const restless = () =>
		Iterator.from(observer.busy()).some((docId) => identity.locate(docId)?.label === label);
	let proven = true;
	let tally = newTally();

	const skip = (relPath: string, reason: string) => {
		tally.skippedCount += 1;
		if (tally.skipped.length < REMARKS_LISTED) tally.skipped.push({ relPath, reason });
	};
	const isKnown = (row: FileRow | undefined) => row?.root === label && row.seen !== null;
	const asItWas = (row: FileRow | undefined, docId: string, stat: FileStat) =>
		// A folder of the first root may be called like another root.
		row?.root === label &&
		compare(row, stat) === 'same' &&
		!needsSend(row) &&
		observer.attention(docId) === undefined;
	await scanner.scan(
		root.dir,
		{
			begin: () => void (tally = newTally()),
			directory(relPath) {
				tally.directories += 1;
				watchers.cover(label, relPath);
			},
			file(relPath, stat) {
				const docId = identity.docId(label, relPath);
				const isTooLarge = stat.size > deps.maxFileBytes;
				if (isTooLarge && !isKnown(ledger.get(docId))) return skip(relPath, TOO_LARGE);
				if (isTooLarge) {
					if (observer.attention(docId)?.kind !== 'parked') {
						observer.lookSoon(docId);
						tally.found += 1;
					}
				}
				// Nearly all files of nearly all scans: what is done for them is done a million times.
				else if (!asItWas(ledger.get(docId), docId, stat)) {
					const fault = identity.fault(label, relPath);
					if (fault !== null) return skip(relPath, fault);
					if (observer.met(docId, stat, kind === 'full')) tally.found += 1;
				}
				tally.met.add(docId);
			},
			skipped: skip,
			unreadable: (relPath, code) => void tally.unreadable.set(relPath, code),
		},
		signal,
	);

	const { met, unreadable } = tally;
	for (const mount of root.unmounted) unreadable.set(mount, 'unmounted');
	const slices = { clock, signal };
	await inSlices(slices, ledger.entries(), ([docId, row]) => {
		if (row.root !== label || met.has(docId) || isHidden(unreadable, row.path)) return;
		if (row.seen === null) deps.offer(docId);
		else if (observer.missed(docId, started)) tally.found += 1;
		else proven = false;
	});
	await inSlices(slices, observer.parked(), ([docId]) => {
		const place = identity.locate(docId);
		if (place?.label !== label) return;
		proven = false;
		if (!met.has(docId) && !isHidden(unreadable, place.relPath)) observer.lookSoon(docId);
	});

	if (proven && tally.found === 0 && unreadable.size === 0 && !restless()) root.verifiedAt = startedAt;
	root.lastScanAt = startedAt;
	root.scanMs = clock.monotonic() - started;
	root.skipped = tally.skipped;
	root.skippedCount = tally.skippedCount;
	root.unreadable = Array.from(unreadable, ([relPath, reason]) => ({ relPath, reason }));
	watchers.scanned(label, { files: met.size, directories: tally.directories });
	return tally.found;
}

const newTally = (): ScanTally => ({
	met: new Set(),
	found: 0,
	directories: 0,
	skipped: [],
	skippedCount: 0,
	unreadable: new Map(),
});

/** Whether a path, or a directory on the way to it, could not be read. */
function isHidden(unreadable: ReadonlyMap<string, string>, path: string): boolean {
	if (unreadable.size === 0) return false;
	if (unreadable.has('') || unreadable.has(path)) return true;
	for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
		if (unreadable.has(path.slice(0, slash))) return true;
	}
	return false;
}

/** Longest stretch of work without a turn for everybody else, ms, and how often the time is asked for. */
const SLICE_MS = 8;
const SLICE_ITEMS = 128;

async function inSlices<T>(
	{ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
	items: Iterable<T>,
	work: (item: T) => void,
): Promise<void> {
	let count = 0;
	let until = clock.monotonic() + SLICE_MS;
	for (const item of items) {
		work(item);
		if ((count += 1) % SLICE_ITEMS !== 0 || clock.monotonic() < until) continue;
		await new Promise((resolve) => setImmediate(resolve));
		signal.throwIfAborted();
		until = clock.monotonic() + SLICE_MS;
	}
}
