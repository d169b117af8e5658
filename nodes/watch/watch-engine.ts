/**
 * THE FLOW of a folder: hint or scan -> settle -> fingerprint -> diff -> join moves -> brake -> window -> emit -> commit.
 *
 * The scan is the truth, a hint only makes it early. One engine watches the roots of one source and owns its
 * FileState. Used by the trigger node and by the folder source; it knows nothing of either.
 */
import { join, resolve } from 'node:path';
import type { Deliver } from './file-change.ts';
import type { Clock } from './clock.ts';
import { withFreshStart } from './diff.ts';
import { createDeletions } from './deletions.ts';
import { createNodeDisk, errorCode, type Disk, type FileStat } from './disk.ts';
import { createEmitter } from './emitter.ts';
import { createFilter } from './filter.ts';
import { createPollingHints } from './hints/polling.ts';
import type { HintsFactory } from './hints/hints-port.ts';
import { createIdentity, type Place, type Root } from './identity.ts';
import { openLedger } from './ledger.ts';
import { createMoves } from './moves.ts';
import { createObserver } from './observer.ts';
import { reconcile } from './reconcile.ts';
import { isAway, newRootState, type RootState } from './root-state.ts';
import { createDiskReader } from './reader/reader-on-disk.ts';
import type { ReaderFactory } from './reader/reader-port.ts';
import { createDiskScanner } from './scan/scanner-on-disk.ts';
import type { ScannerFactory } from './scan/scanner-port.ts';
import { createScanSchedule, type ScanKind } from './scan-schedule.ts';
import { DEFAULT_SETTINGS, type WatchSettings } from './settings.ts';
import type { FileRow, FileState } from './state/file-state-port.ts';
import { createSnapshotCloser, type TakeSnapshot } from './snapshot.ts';
import { explainPath, takeStatus, type Explanation, type WatchStatus } from './watch-status.ts';
import { askWatchMode } from './watch-mode.ts';
import { createWatchers } from './watchers.ts';
import { createReadVerifier } from './read-verifier.ts';

export interface WatchEngineDeps {
	/** At least one. The first root of a new state has bare paths as docIds, the others `label/path`, for ever. */
	readonly roots: readonly Root[];
	/** Opened by `start`, closed by `close`. */
	readonly state: FileState;
	readonly hints: HintsFactory;
	readonly clock: Clock;
	readonly settings?: Partial<WatchSettings>;
	readonly deliver: Deliver;
	/** No outcome asks for a check: nothing has to be looked at before each batch. */
	readonly outcomesAreFinal?: boolean;
	/** Told once in each epoch, when all there is was delivered. */
	readonly snapshot?: TakeSnapshot;
	/** Messages hold counts, codes and the consumer's reasons; never a path, never content. */
	readonly log: (level: 'info' | 'warn' | 'error', event: string, data: Record<string, unknown>) => void;
	/** Called after something changed, at most four times a second. */
	readonly onStatus?: (status: WatchStatus) => void;
	/** The machine's own, unless a test brings one. */
	readonly disk?: Disk;
	/** How roots are walked; in this thread where nothing is given. */
	readonly scanner?: ScannerFactory;
	/** Where single files are looked at and read; in this thread where nothing is given. */
	readonly reader?: ReaderFactory;
	/** 0 to 1; spreads scans and retries. */
	readonly random?: () => number;
}

export interface WatchEngine {
	/** Resolves when the engine runs, before its first scan has ended. Rejects with a StateError where the state does not open. */
	start(): Promise<void>;
	/** Scans all roots; resolves when a scan that began after the call has ended. */
	scanNow(): Promise<void>;
	/**
	 * Resolves when a scan that began after the call found nothing new and nothing is pending or in flight;
	 * what the consumer refused, and what cannot be read, is not waited for. Rejects when the engine closes.
	 */
	idle(): Promise<void>;
	status(): WatchStatus;
	/** Lets the deletions go that the brake holds now, of one root or of all; returns how many. */
	release(label?: string): number;
	/** What is known of one file, by its docId (for the first root: its path under the root). */
	explain(docId: string): Explanation;
	/** Ends everything, waits for what is in flight, and closes the state. What was not acknowledged is sent at the next start. */
	close(): Promise<void>;
}

/** Times in ms. */
const STATUS_EVERY = 250;
const SAVE_AFTER = 1000;

export function createWatchEngine(deps: WatchEngineDeps): WatchEngine {
	const [first] = deps.roots;
	if (first === undefined) throw new TypeError('a watch engine needs at least one root');
	createIdentity(deps.roots, first.label);
	let flow: Flow | null = null;
	let starting: Promise<Flow> | null = null;
	const running = () => {
		if (flow === null) throw new Error('the watch engine is not running');
		return flow;
	};
	return {
		async start() {
			starting ??= openFlow(deps, first.label);
			flow = await starting;
		},
		scanNow: async () => running().scanNow(),
		idle: async () => running().idle(),
		status: () => running().status(),
		release: (label) => running().release(label),
		explain: (docId) => running().explain(docId),
		async close() {
			await starting?.then(
				(it) => it.close(),
				// A start that failed has closed its state itself.
				() => {},
			);
		},
	};
}

type Flow = Awaited<ReturnType<typeof openFlow>>;

async function openFlow(deps: WatchEngineDeps, firstLabel: string) {
	const { state, clock, log, random = Math.random } = deps;
	const settings: WatchSettings = { ...DEFAULT_SETTINGS, ...deps.settings };
	const { include, exclude, followLinks } = settings;
	const disk = deps.disk ?? createNodeDisk({ followLinks });
	const filter = createFilter(settings);
	const roots = deps.roots.map(({ label, dir }) => newRootState(label, resolve(dir)));
	const dirs = new Map(roots.map(({ label, dir }) => [label, dir]));
	const dirOf = (label: string) => dirs.get(label) ?? '';

	const head = await state.open();
	const { identity, ledger } = await load().catch(async (error: unknown) => {
		await state.close();
		throw error;
	});
	const reader = await (deps.reader ?? createDiskReader)({ disk, followLinks, clock, log });
	async function load() {
		const identity = createIdentity(deps.roots, head.firstRoot ?? firstLabel);
		if (head.firstRoot === null) await state.commit({ firstRoot: firstLabel });
		const ledger = await openLedger({
			state,
			head: { ...head, firstRoot: head.firstRoot ?? firstLabel },
			identity,
		});
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row, clock.now());
			if (fresh !== row) ledger.set(docId, fresh);
		}
		return { identity, ledger };
	}

	const isWanted = ({ label, relPath }: Place, stat: FileStat): boolean =>
		stat.kind === 'file' &&
		stat.size <= settings.maxFileBytes &&
		filter.wants(relPath) &&
		identity.fault(label, relPath) === null;

	// What was seen and differs from what was acknowledged leaves through the window: emit, then commit.
	const emitter = createEmitter({
		ledger,
		pathOf: (row: FileRow) => join(dirOf(row.root), row.path),
		deliver: deps.deliver,
		moves: {
			previousOf: (docId) => moves.previousOf(docId),
			finished: (docId) => moves.finished(docId),
		},
		verifier:
			deps.outcomesAreFinal === true ? null : createReadVerifier({ reader, dirOf, identity, isWanted }),
		lookSoon: (docId) => observer.lookSoon(docId),
		clock,
		random,
		settings,
		log: (event, data) => log('warn', event, data),
		onChange: () => changed(),
	});
	// A new file whose content was known under a name that is gone: one change instead of two.
	const moves = createMoves({
		ledger,
		disk,
		dirOf,
		isInFlight: (docId) => emitter.inFlight().has(docId),
		attention: (docId) => observer.attention(docId),
		markMoved: (from, to) => observer.markMoved(from, to),
		unmarkMoved: (from) => observer.unmarkMoved(from),
	});
	let joining = 0;
	function offer(docId: string): void {
		const join = moves.consider(docId);
		if (join === null) return emitter.offer(docId);
		joining += 1;
		void join.then(() => {
			joining -= 1;
			emitter.offer(docId);
			changed();
		});
	}
	// What is gone: counted by root, braked where too much went at once.
	const deletions = createDeletions({
		clock,
		settings,
		files: (label) => ledger.totals(label).files,
		isReplaced: (label) => {
			const known = ledger.head.rootInodes[label];
			const { inode } = roots.find((root) => root.label === label) ?? {};
			return known !== undefined && inode !== undefined && inode !== null && inode !== known;
		},
		wantScan: () => void schedule.now('quick'),
		onPaused: (root, held) => {
			if (held === null) {
				log('info', 'deletions.released', { root });
				observer.resumed(root);
			} else log('warn', 'deletions.held', { root, reason: held.reason });
			changed();
		},
		onWhole: (label) => {
			const { inode } = roots.find((root) => root.label === label) ?? {};
			const { rootInodes } = ledger.head;
			if (inode === undefined || inode === null || rootInodes[label] === inode) return;
			ledger.setHead({ rootInodes: { ...rootInodes, [label]: inode } });
			saveSoon();
		},
	});
	// A path that may have changed: settle, fingerprint, diff.
	const observer = createObserver({
		disk,
		dirOf,
		isLocal: (label) => roots.some((root) => root.label === label && root.mode === 'watch'),
		isWanted,
		identity,
		ledger,
		deletions,
		reader,
		clock,
		settings,
		offer,
		withhold: emitter.withhold,
		onRest: () => {
			if (proofDue && observer.busyCount === 0) wantProof();
			saveSoon();
			changed();
		},
	});
	// The scan: everything that differs from its row is observed.
	const closing = new AbortController();
	let proofDue = false;
	let scanning = false;
	const rules = { include, exclude, followLinks };
	const scanner = (deps.scanner ?? createDiskScanner)({ rules, disk, clock, log });
	const isPolled = () => roots.some((root) => root.mode === 'poll');
	const everyMs = () =>
		isPolled() ? Math.min(settings.pollEveryMs, settings.scanEveryMs) : settings.scanEveryMs;
	const schedule = createScanSchedule({ clock, random, settings, everyMs, scan });
	async function scan(kind: ScanKind): Promise<number> {
		scanning = true;
		let found = 0;
		try {
			for (const root of roots) {
				const wasAway = isAway(root);
				const { maxFileBytes } = settings;
				const startedAt = clock.monotonic();
				root.inode = await disk
					.stat(root.dir)
					.then(({ ino }) => String(ino))
					.catch(() => null);
				const tools = { scanner, watchers, identity, ledger, observer, clock, startedAt, maxFileBytes };
				found += await reconcile({ ...tools, offer, signal: closing.signal }, root, kind);
				if (!isAway(root)) {
					deletions.scanned(root.label, startedAt);
					observer.scanned(root.label);
				}
				if (isAway(root) !== wasAway)
					log(wasAway ? 'info' : 'warn', 'root.away', { root: root.label, away: !wasAway });
				// The watcher still holds the directory that went.
				if (wasAway && !isAway(root)) await watch(root);
			}
		} catch (error) {
			if (!closing.signal.aborted) log('error', 'scan.failed', { code: errorCode(error) });
		}
		scanning = false;
		// What a scan found is proven by the next one, when it has been seen to.
		proofDue = found > 0;
		if (proofDue && observer.busyCount === 0) wantProof();
		changed();
		return found;
	}
	function wantProof(): void {
		proofDue = false;
		const [unread] = observer.parked();
		if (unread === undefined) schedule.soon();
		// What could not be read has been waited for already; a scan may well find it changed again.
		else schedule.hinted();
	}

	// The hints: a path is worth a look, and every burst of them a scan.
	const watchers = createWatchers({
		filter,
		settings,
		clock,
		onHint: (root, { relPath, kind }) => {
			const wanted = kind === 'file' && filter.wants(relPath) && identity.fault(root.label, relPath) === null;
			if (wanted) observer.lookSoon(identity.docId(root.label, relPath));
			schedule.hinted();
		},
		onTrouble: () => schedule.hinted(),
		log,
	});

	async function watch(root: RootState): Promise<void> {
		const { mode } = settings;
		const choice = mode === 'auto' ? await askWatchMode(root.dir) : { mode, reason: 'by setting' };
		root.mode = choice.mode;
		log('info', 'root.mode', { root: root.label, ...choice });
		await watchers.watch(root, choice.mode === 'poll' ? createPollingHints : deps.hints);
	}
	// What the consumer refused for good is tried again all the same, now and then.
	let cancelRetry = () => {};
	function retryFailed(): void {
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row, clock.now());
			if (fresh === row) continue;
			ledger.set(docId, fresh);
			offer(docId);
		}
		cancelRetry = clock.after(settings.failedRetryMs, retryFailed);
	}

	const idleWaiters = new Set<() => void>();
	const snapshot = createSnapshotCloser({
		ledger,
		take: deps.snapshot ?? null,
		isComplete: () =>
			!scanning &&
			roots.every(
				(root) =>
					root.lastScanAt !== null && root.unreadable.length === 0 && deletions.paused(root.label) === null,
			),
		unread: () => Array.from(observer.parked(), ([docId]) => docId),
		clock,
		settings,
		signal: closing.signal,
		log,
		onChange: () => changed(),
	});
	const isQuiet = () => observer.busyCount === 0 && joining === 0 && emitter.isEmpty() && !snapshot.isBusy();
	let cancelStatus: (() => void) | null = null;
	function changed(): void {
		if (isQuiet()) snapshot.consider();
		if (isQuiet() || closing.signal.aborted) {
			for (const wake of idleWaiters) wake();
			idleWaiters.clear();
		}
		const { onStatus } = deps;
		if (onStatus === undefined || closing.signal.aborted) return;
		cancelStatus ??= clock.after(STATUS_EVERY, () => {
			cancelStatus = null;
			onStatus(status());
		});
	}
	let cancelSave: (() => void) | null = null;
	function saveSoon(): void {
		if (closing.signal.aborted) return;
		cancelSave ??= clock.after(SAVE_AFTER, () => {
			cancelSave = null;
			ledger
				.flush()
				.catch((error: unknown) => log('error', 'state.commit_failed', { code: errorCode(error) }));
		});
	}
	const status = () =>
		takeStatus({ ledger, identity, observer, emitter, deletions, snapshot, roots, scanning });

	// Armed before the first scan: what changes between the two is met by one or the other.
	for (const root of roots) await watch(root);
	void schedule.now('full');
	cancelRetry = clock.after(settings.failedRetryMs, retryFailed);

	return {
		status,
		explain: (docId: string) => explainPath({ ledger, identity, observer, emitter, filter, roots }, docId),
		release(label?: string) {
			const labels = label === undefined ? roots.map((root) => root.label) : [label];
			const released = labels.reduce((sum, one) => sum + deletions.release(one), snapshot.confirm());
			changed();
			return released;
		},
		async scanNow() {
			await schedule.now('full');
		},
		async idle() {
			for (;;) {
				if (!isQuiet()) await new Promise<void>((wake) => idleWaiters.add(wake));
				// Quick: a file that cannot be read must not be tried again and again for the sake of waiting.
				const found = await schedule.now('quick');
				closing.signal.throwIfAborted();
				if (found === 0 && isQuiet()) return ledger.flush();
			}
		},
		async close() {
			if (closing.signal.aborted) return;
			closing.abort(new Error('the watch engine closes'));
			cancelStatus?.();
			cancelSave?.();
			cancelRetry();
			await watchers.close();
			await Promise.all([schedule.close(), scanner.close()]);
			await observer.close();
			await reader.close();
			await emitter.close();
			changed();
			try {
				await ledger.flush();
			} finally {
				await state.close();
			}
		},
	};
}
