/**
 * One scan of a root held against the rows: every file that is there is shown to the observer, every row that
 * was not met is made suspect, and a scan that finds nothing at all is the proof behind `verifiedAt`. A scan
 * decides nothing by itself; it may run while files change.
 */
import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Filter } from './filter.ts';
import type { Identity } from './identity.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';
import { REMARKS_LISTED, type Remark, type RootState } from './root-state.ts';
import type { ScanKind } from './scan-schedule.ts';
import { scanRoot } from './scan.ts';

/** Resolves with the number of differences found; rejects only when aborted. */
export async function reconcile(
	deps: {
		disk: Disk;
		filter: Filter;
		identity: Identity;
		ledger: Ledger;
		observer: Observer;
		offer: (docId: string) => void;
		clock: Clock;
		maxFileBytes: number;
		signal: AbortSignal;
	},
	root: RootState,
	kind: ScanKind,
): Promise<number> {
	const { identity, ledger, observer, clock } = deps;
	const { label } = root;
	const startedAt = clock.now();
	const started = clock.monotonic();
	const restless = () => any(observer.busy(), (docId) => identity.locate(docId)?.label === label);
	let proven = true;
	let found = 0;
	const met = new Set<string>();
	const skipped: Remark[] = [];
	let skippedCount = 0;
	const unreadable: Remark[] = [];

	const skip = (relPath: string, reason: string) => {
		skippedCount += 1;
		if (skipped.length < REMARKS_LISTED) skipped.push({ relPath, reason });
	};
	await scanRoot(
		{ disk: deps.disk, dir: root.dir, filter: deps.filter, signal: deps.signal },
		{
			file(relPath, stat) {
				const fault = identity.fault(label, relPath);
				if (fault !== null) return skip(relPath, fault);
				if (stat.size > deps.maxFileBytes) return skip(relPath, 'the file is larger than the limit');
				const docId = identity.docId(label, relPath);
				met.add(docId);
				if (observer.met(docId, stat, kind === 'full')) found += 1;
			},
			skipped: skip,
			unreadable: (relPath, code) => void unreadable.push({ relPath, reason: code }),
		},
	);

	const isHidden = (path: string) =>
		unreadable.some(({ relPath: it }) => it === '' || path === it || path.startsWith(`${it}/`));
	for (const [docId, row] of ledger.entries()) {
		if (row.root !== label || met.has(docId) || isHidden(row.path)) continue;
		if (row.seen === null) deps.offer(docId);
		else {
			found += 1;
			observer.suspect(docId);
		}
	}
	for (const [docId] of observer.parked()) {
		const place = identity.locate(docId);
		if (place?.label !== label) continue;
		proven = false;
		if (!met.has(docId) && !isHidden(place.relPath)) observer.suspect(docId);
	}

	if (proven && found === 0 && unreadable.length === 0 && !restless()) root.verifiedAt = startedAt;
	root.lastScanAt = startedAt;
	root.scanMs = clock.monotonic() - started;
	root.skipped = skipped;
	root.skippedCount = skippedCount;
	root.unreadable = unreadable;
	return found;
}

function any<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
	for (const item of items) if (test(item)) return true;
	return false;
}
