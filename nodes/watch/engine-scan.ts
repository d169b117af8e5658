/** What makes a running engine look: scans, watchers, and the retry of what was refused. */
import { withFreshStart } from './diff.ts';
import { errorCode, isShortage, SHORTAGE_MS, type Disk } from './disk.ts';
import { changed, offer } from './engine-changes.ts';
import type { EngineParts } from './engine-parts.ts';
import { createPollingHints } from './hints/polling.ts';
import { reconcile } from './reconcile.ts';
import { isBelow, mountsBelow, mountsOf, rootIdText } from './root-identity.ts';
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
			root.id = await askRootId(disk, root);
			root.unmounted = findUnmounted(engine, root);
			engine.deletions.scanBegins(root.label);
			const sinks = { offer: (docId: string) => offer(engine, docId), signal: closing.signal };
			found += await reconcile({ ...engine, ...sinks, startedAt, maxFileBytes }, root, kind);
			const isReplaced = (await askRootId(disk, root)) !== root.id;
			await rootScanned(engine, root, { wasAway, startedAt, isReplaced });
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

async function askRootId(disk: Disk, { dir }: RootState): Promise<string | null> {
	try {
		const [identity, mountPoints] = await Promise.all([disk.identify(dir), disk.mountPoints()]);
		return rootIdText(identity, mountsBelow(identity.realPath, mountPoints));
	} catch {
		return null;
	}
}

/** What was on such a disk is not gone: it looks so as that of a root that is away. */
function findUnmounted({ ledger }: EngineParts, { label, id }: RootState): readonly string[] {
	const there = id === null ? null : mountsOf(id);
	const missing = mountsOf(ledger.head.rootIds[label] ?? '').filter(
		(mount) => there?.includes(mount) === false,
	);
	if (missing.length === 0) return missing;
	const known = new Set<string>();
	for (const [, { root, path, seen }] of ledger.entries()) {
		if (root !== label || seen === null) continue;
		for (const mount of missing) if (isBelow(path, [mount])) known.add(mount);
	}
	return [...known];
}

/** What is known of a scan of a root that has ended. */
interface RootScan {
	readonly wasAway: boolean;
	/** Monotonic ms. */
	readonly startedAt: number;
	/** Another directory has taken its place since the scan began, or a disk came or went, and nobody knows of what the walk has told. */
	readonly isReplaced: boolean;
}

async function rootScanned(
	engine: EngineParts,
	root: RootState,
	{ wasAway, startedAt, isReplaced }: RootScan,
): Promise<void> {
	const { deletions, observer, schedule, log } = engine;
	if (root.unreadable.some(({ reason }) => isShortage(reason))) rescanSoon(engine);
	if (isReplaced) schedule.soon();
	else if (!isAway(root)) {
		deletions.scanned(root.label, startedAt);
		observer.scanned(root.label);
	}
	if (isAway(root) !== wasAway)
		log(wasAway ? 'info' : 'warn', 'root.away', { root: root.label, away: !wasAway });
	// The watcher still holds the directory that went.
	if (wasAway && !isAway(root)) await watchRoot(engine, root);
}

/** What the machine was short of it may have again at any time. */
function rescanSoon({ schedule, clock, run }: EngineParts): void {
	run.cancelRescan ??= clock.after(SHORTAGE_MS, () => {
		run.cancelRescan = null;
		schedule.soon();
	});
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
	const { ledger, emitter, clock, settings, run } = engine;
	run.cancelRetry = clock.after(settings.failedRetryMs, () => {
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row, clock.now());
			if (fresh === row) continue;
			ledger.set(docId, fresh);
			// The row of one that is gone, for now, is of a file that was: it is offered when that is decided.
			if (!emitter.isWithheld(docId)) offer(engine, docId);
		}
		retryLater(engine);
	});
}
