/**
 * THE FLOW of a folder: hint or scan -> settle -> fingerprint -> diff -> window -> emit -> commit.
 *
 * The scan is the truth, a hint only makes it early. One engine watches the roots of one source and owns its
 * FileState. Used by the trigger node and by the folder source; it knows nothing of either.
 */
import { join, resolve } from 'node:path';
import type { Deliver } from './change.ts';
import type { Clock } from './clock.ts';
import { withFreshStart } from './diff.ts';
import { errorCode, nodeDisk, type Disk } from './disk.ts';
import { createEmitter } from './emitter.ts';
import { createFilter } from './filter.ts';
import { createFingerprint } from './fingerprint.ts';
import type { Hints, HintsFactory } from './hints/port.ts';
import { createIdentity, type Root } from './identity.ts';
import { openLedger } from './ledger.ts';
import { createObserver } from './observer.ts';
import { reconcile } from './reconcile.ts';
import { isAway, newRootState, type RootState } from './root-state.ts';
import { createScanSchedule, type ScanKind } from './scan-schedule.ts';
import { DEFAULT_SETTINGS, type WatchSettings } from './settings.ts';
import type { FileRow, FileState } from './state/port.ts';
import { explainPath, takeStatus, type Explanation, type WatchStatus } from './status.ts';

export interface WatchEngineDeps {
	/** At least one. The first root of a new state has bare paths as docIds, the others `label/path`, for ever. */
	readonly roots: readonly Root[];
	/** Opened by `start`, closed by `close`. */
	readonly state: FileState;
	readonly hints: HintsFactory;
	readonly clock: Clock;
	readonly settings?: Partial<WatchSettings>;
	readonly deliver: Deliver;
	/** Messages hold counts, codes and the consumer's reasons; never a path, never content. */
	readonly log: (level: 'info' | 'warn' | 'error', event: string, data: Record<string, unknown>) => void;
	/** Called after something changed, at most four times a second. */
	readonly onStatus?: (status: WatchStatus) => void;
	readonly disk?: Disk;
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
	const { state, clock, log, disk = nodeDisk, random = Math.random } = deps;
	const settings: WatchSettings = { ...DEFAULT_SETTINGS, ...deps.settings };
	const filter = createFilter(settings);
	const fingerprint = await createFingerprint(disk);
	const roots = deps.roots.map(({ label, dir }) => newRootState(label, resolve(dir)));
	const dirs = new Map(roots.map(({ label, dir }) => [label, dir]));
	const dirOf = (label: string) => dirs.get(label) ?? '';

	const head = await state.open();
	const { identity, ledger } = await load().catch(async (error: unknown) => {
		await state.close();
		throw error;
	});
	async function load() {
		const identity = createIdentity(deps.roots, head.firstRoot ?? firstLabel);
		if (head.firstRoot === null) await state.commit({ firstRoot: firstLabel });
		const ledger = await openLedger({ state, head, identity });
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row);
			if (fresh !== row) ledger.set(docId, fresh);
		}
		return { identity, ledger };
	}

	// What was seen and differs from what was acknowledged leaves through the window: emit, then commit.
	const emitter = createEmitter({
		ledger,
		pathOf: (row: FileRow) => join(dirOf(row.root), row.path),
		deliver: deps.deliver,
		clock,
		random,
		settings,
		log: (event, data) => log('warn', event, data),
		onChange: () => changed(),
	});
	// A path that may have changed: settle, fingerprint, diff.
	const observer = createObserver({
		disk,
		dirOf,
		filter,
		identity,
		ledger,
		fingerprint,
		clock,
		settings,
		offer: emitter.offer,
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
	const schedule = createScanSchedule({ clock, random, settings, scan });
	async function scan(kind: ScanKind): Promise<number> {
		scanning = true;
		let found = 0;
		try {
			for (const root of roots) {
				const wasAway = isAway(root);
				const { maxFileBytes } = settings;
				const tools = { disk, filter, identity, ledger, observer, clock, maxFileBytes };
				found += await reconcile({ ...tools, offer: emitter.offer, signal: closing.signal }, root, kind);
				if (isAway(root) !== wasAway)
					log(wasAway ? 'info' : 'warn', 'root.away', { root: root.label, away: !wasAway });
				// The watcher still holds the directory that went.
				if (wasAway && !isAway(root)) await rearm(root);
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
		schedule.hinted();
	}

	// The hints: a path is worth a look, and every burst of them a scan.
	const watchers = new Map<string, Hints>();
	function arm(root: RootState): void {
		const hints = deps.hints({ dir: root.dir, excludes: filter.excludes });
		watchers.set(root.label, hints);
		// A watcher that is out of resources says so once for every directory.
		const told = new Set<string>();
		hints.start(
			({ relPath, kind }) => {
				const wanted =
					kind === 'file' && filter.wants(relPath) && identity.fault(root.label, relPath) === null;
				if (wanted) observer.suspect(identity.docId(root.label, relPath));
				schedule.hinted();
			},
			(error) => {
				const code = errorCode(error);
				if (!told.has(code)) log('warn', 'hints.failed', { root: root.label, code });
				told.add(code);
				schedule.hinted();
			},
		);
	}
	async function rearm(root: RootState): Promise<void> {
		await watchers.get(root.label)?.close();
		if (!closing.signal.aborted) arm(root);
	}

	const idleWaiters = new Set<() => void>();
	const isQuiet = () => observer.busyCount === 0 && emitter.isEmpty();
	let cancelStatus: (() => void) | null = null;
	function changed(): void {
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
	const status = () => takeStatus({ ledger, identity, observer, emitter, roots, scanning });

	// Armed before the first scan: what changes between the two is met by one or the other.
	for (const root of roots) arm(root);
	void schedule.now('full');

	return {
		status,
		explain: (docId: string) => explainPath({ ledger, identity, observer, emitter, filter, roots }, docId),
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
			await Promise.all([...watchers.values()].map((hints) => hints.close()));
			await schedule.close();
			await observer.close();
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
