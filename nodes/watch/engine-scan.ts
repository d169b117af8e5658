/** What makes a running engine look: scans, watchers, and the retry of what was refused. */
import { withFreshStart } from './diff.ts';
import { errorCode } from './disk.ts';
import { changed, offer } from './engine-changes.ts';
import type { EngineParts } from './engine-parts.ts';
import { createPollingHints } from './hints/polling.ts';
import { reconcile } from './reconcile.ts';
import { isAway, type RootState } from './root-state.ts';
import type { ScanKind } from './scan-schedule.ts';
import { askWatchMode } from './watch-mode.ts';

/** One scan of all roots: everything that differs from its row is observed. Never rejects. */
export async function scanRoots(engine: EngineParts, kind: ScanKind): Promise<number> {
	const { clock, disk, log, closing, run } = engine;
	const { maxFileBytes } = engine.settings;
	run.scanning = true;
	let found = 0;
	try {
		for (const root of engine.roots) {
			const wasAway = isAway(root);
			const startedAt = clock.monotonic();
			root.inode = await disk
				.stat(root.dir)
				.then(({ ino }) => String(ino))
				.catch(() => null);
			const sinks = { offer: (docId: string) => offer(engine, docId), signal: closing.signal };
			found += await reconcile({ ...engine, ...sinks, startedAt, maxFileBytes }, root, kind);
			await rootScanned(engine, root, { wasAway, startedAt });
		}
	} catch (error) {
		if (!closing.signal.aborted) log('error', 'scan.failed', { code: errorCode(error) });
	}
	run.scanning = false;
	run.proofDue = found > 0;
	proveIfAtRest(engine);
	changed(engine);
	return found;
}

/** `startedAt`: when the scan of the root began, monotonic ms. */
async function rootScanned(
	engine: EngineParts,
	root: RootState,
	{ wasAway, startedAt }: { readonly wasAway: boolean; readonly startedAt: number },
): Promise<void> {
	const { deletions, observer, log } = engine;
	if (!isAway(root)) {
		deletions.scanned(root.label, startedAt);
		observer.scanned(root.label);
	}
	if (isAway(root) !== wasAway)
		log(wasAway ? 'info' : 'warn', 'root.away', { root: root.label, away: !wasAway });
	// The watcher still holds the directory that went.
	if (wasAway && !isAway(root)) await watchRoot(engine, root);
}

/** What a scan found is proven by the next one, when it has been seen to. */
export function proveIfAtRest({ observer, schedule, run }: EngineParts): void {
	if (!run.proofDue || observer.busyCount > 0) return;
	run.proofDue = false;
	const [unread] = observer.parked();
	if (unread === undefined) schedule.soon();
	// What could not be read has been waited for already; a scan may well find it changed again.
	else schedule.hinted();
}

export async function watchRoot(engine: EngineParts, root: RootState): Promise<void> {
	const { mode } = engine.settings;
	const choice = mode === 'auto' ? await askWatchMode(root.dir) : { mode, reason: 'by setting' };
	root.mode = choice.mode;
	engine.log('info', 'root.mode', { root: root.label, ...choice });
	await engine.watchers.watch(root, choice.mode === 'poll' ? createPollingHints : engine.deps.hints);
}

/** What the consumer refused for good is tried again all the same, now and then. */
export function retryLater(engine: EngineParts): void {
	const { ledger, clock, settings, run } = engine;
	run.cancelRetry = clock.after(settings.failedRetryMs, () => {
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row, clock.now());
			if (fresh === row) continue;
			ledger.set(docId, fresh);
			offer(engine, docId);
		}
		retryLater(engine);
	});
}
