/**
 * What a watch engine is made of: everything is created here, in one order. A part is given those that are there
 * already; what it leads to in the others it tells `on()`, the engine's handlers (watch-engine.ts), as they come last.
 */
import { join, resolve } from 'node:path';
import type { Clock } from './clock.ts';
import { createDeletions, type PausedDeletions } from './deletions.ts';
import { withFreshStart } from './diff.ts';
import { createNodeDisk, type Disk, type FileStat } from './disk.ts';
import { createEmitter } from './emitter.ts';
import type { Deliver } from './file-change.ts';
import { createFilter } from './filter.ts';
import { settleFirstRoot } from './first-root.ts';
import type { HintsFactory } from './hints/hints-port.ts';
import { createIdentity, type FilePlace, type Root } from './identity.ts';
import { openLedger } from './ledger.ts';
import { createMoves } from './moves.ts';
import { createObserver } from './observer.ts';
import { createReadVerifier } from './read-verifier.ts';
import { createDiskReader } from './reader/reader-on-disk.ts';
import type { ReaderFactory } from './reader/reader-port.ts';
import { compareRoots, isBelow } from './root-identity.ts';
import { newRootState, type RootState } from './root-state.ts';
import { createScanSchedule, type ScanKind } from './scan-schedule.ts';
import { createDiskScanner } from './scan/scanner-on-disk.ts';
import type { ScannerFactory } from './scan/scanner-port.ts';
import { DEFAULT_SETTINGS, type WatchSettings } from './settings.ts';
import { isLost } from './settle.ts';
import { createSnapshotCloser, type TakeSnapshot } from './snapshot.ts';
import type { FileState } from './state/file-state-port.ts';
import type { WatchStatus } from './watch-status.ts';
import { createWatchers } from './watchers.ts';

export interface WatchEngineDeps {
	/** At least one. One has bare paths as docIds (first-root.ts), the others `label/path`. */
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

/** What a part leads to in others; explained where a part asks for it. */
export interface EngineHandlers {
	offer(docId: string): void;
	withhold(docId: string): void;
	isInFlight(docId: string): boolean;
	atRest(): void;
	scan(kind: ScanKind): Promise<number>;
	scanWanted(): void;
	paused(label: string, paused: PausedDeletions | null): void;
	whole(label: string): void;
	changed(): void;
}

export type EngineParts = Awaited<ReturnType<typeof openParts>>;

export async function openParts(deps: WatchEngineDeps, on: () => EngineHandlers) {
	const base = await openBase(deps);
	const { clock, log, settings, roots, filter, identity, ledger, closing } = base;
	const deletions = createDeletions({
		...{ clock, settings },
		files: (label) => ledger.totals(label).files,
		rootChange(label) {
			const known = ledger.head.rootIds[label];
			const now = base.rootIdOf(label);
			return known === undefined || now === null ? 'same' : compareRoots(known, now);
		},
		isAnyLeft(label, since) {
			for (const [docId, row] of ledger.entries()) {
				if (row.root !== label || row.seen === null || row.delivered === null) continue;
				if ((row.deliveredAt ?? 0) < since && !isLost(observer.attention(docId))) return true;
			}
			return false;
		},
		wantScan: () => on().scanWanted(),
		onPaused: (label, paused) => on().paused(label, paused),
		onWhole: (label) => on().whole(label),
	});
	const observer = createObserver({
		...{ ...base, deletions },
		isUnmounted: ({ label, relPath }) => isBelow(relPath, base.unmountedOf(label)),
		isLocal: (label) => roots.some((root) => root.label === label && root.mode === 'watch'),
		offer: (docId) => on().offer(docId),
		withhold: (docId) => on().withhold(docId),
		onRest: () => on().atRest(),
	});
	const { attention, markMoved, unmarkMoved } = observer;
	const isInFlight = (docId: string) => on().isInFlight(docId);
	const moves = createMoves({ ...base, isInFlight, attention, markMoved, unmarkMoved });
	const emitter = createEmitter({
		...{ ...base, moves },
		pathOf: (row) => join(base.dirOf(row.root), row.path),
		deliver: deps.deliver,
		verifier: deps.outcomesAreFinal === true ? null : createReadVerifier(base),
		lookSoon: observer.lookSoon,
		log: (event, data) => log('warn', event, data),
		onChange: () => on().changed(),
	});
	const everyMs = () =>
		roots.some((root) => root.mode === 'poll')
			? Math.min(settings.pollEveryMs, settings.scanEveryMs)
			: settings.scanEveryMs;
	const schedule = createScanSchedule({ ...base, everyMs, scan: (kind) => on().scan(kind) });
	const watchers = createWatchers({
		...base,
		/** Its path is worth a look, and every burst of hints a scan. */
		onHint({ label }, { relPath, kind }) {
			const isWanted = kind === 'file' && filter.wants(relPath) && identity.fault(label, relPath) === null;
			if (isWanted) observer.lookSoon(identity.docId(label, relPath));
			schedule.hinted();
		},
		onTrouble: () => schedule.hinted(),
	});
	const snapshot = createSnapshotCloser({
		...{ ledger, clock, settings, log, signal: closing.signal },
		take: deps.snapshot ?? null,
		isComplete: () =>
			!base.run.scanning && roots.every((root) => isScanned(root) && deletions.paused(root.label) === null),
		there: () => [...Array.from(observer.parked(), ([docId]) => docId), ...observer.restless()],
		onChange: () => on().changed(),
	});
	return { ...base, deletions, observer, moves, emitter, schedule, watchers, snapshot };
}

/** What every part may need: settings, roots, what was remembered, and the ways to the disk. */
async function openBase(deps: WatchEngineDeps) {
	const { clock, log, random = Math.random } = deps;
	const settings: WatchSettings = { ...DEFAULT_SETTINGS, ...deps.settings };
	const { include, exclude, followLinks } = settings;
	const disk = deps.disk ?? createNodeDisk({ followLinks });
	const filter = createFilter(settings);
	const roots = deps.roots.map(({ label, dir }) => newRootState(label, resolve(dir)));
	const byLabel = new Map(roots.map((root) => [root.label, root]));
	const { identity, ledger } = await openRows(deps);
	const reader = await (deps.reader ?? createDiskReader)({ disk, followLinks, clock, log });
	const rules = { include, exclude, followLinks };
	const scanner = (deps.scanner ?? createDiskScanner)({ rules, disk, clock, log });
	return {
		...{ deps, clock, log, random, settings, disk, filter, roots, identity, ledger, reader, scanner },
		dirOf: (label: string) => byLabel.get(label)?.dir ?? '',
		rootIdOf: (label: string) => byLabel.get(label)?.id ?? null,
		unmountedOf: (label: string) => byLabel.get(label)?.unmounted ?? [],
		isWanted: ({ label, relPath }: FilePlace, stat: FileStat) =>
			stat.kind === 'file' && filter.wants(relPath) && identity.fault(label, relPath) === null,
		closing: new AbortController(),
		run: {
			scanning: false,
			/** The last scan found something: another one has to prove that it was seen to. */
			proofDue: false,
			/** New files whose name before is being looked for. */
			joining: 0,
			idleWaiters: new Set<() => void>(),
			cancelRetry: () => {},
			cancelRescan: null as (() => void) | null,
			cancelStatus: null as (() => void) | null,
			cancelSave: null as (() => void) | null,
		},
	};
}

/** Closes the state where it cannot be read. */
async function openRows({ state, clock, roots }: WatchEngineDeps) {
	const head = await state.open();
	try {
		const settled = await settleFirstRoot(state, head, roots);
		const { firstRoot } = settled;
		const identity = createIdentity(roots, firstRoot);
		const ledger = await openLedger({ state: settled.state, head: { ...head, firstRoot }, identity });
		for (const [docId, row] of ledger.entries()) {
			const fresh = withFreshStart(row, clock.now());
			if (fresh !== row) ledger.set(docId, fresh);
		}
		return { identity, ledger };
	} catch (error) {
		await state.close();
		throw error;
	}
}

const isScanned = (root: RootState) => root.lastScanAt !== null && root.unreadable.length === 0;
