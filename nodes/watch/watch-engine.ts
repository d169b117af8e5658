/**
 * The engine of a folder: hint or scan -> settle -> fingerprint -> diff -> join moves -> mass-delete guard -> window ->
 * send -> commit.
 *
 * The scan is the truth, a hint only makes it early. One engine watches the roots of one source and owns its
 * FileState. Used by the trigger node and by the folder source; it knows nothing of either.
 */
import { changed, isQuiet, offer, saveSoon, statusOf } from './engine-changes.ts';
import { openParts, type EngineHandlers, type EngineParts, type WatchEngineDeps } from './engine-parts.ts';
import { proveIfAtRest, retryLater, scanRoots, watchRoot } from './engine-scan.ts';
import { createIdentity } from './identity.ts';
import { isBelow, mountsOf, withMounts } from './root-identity.ts';
import type { RootState } from './root-state.ts';
import type { FileRow } from './state/file-state-port.ts';
import { explainPath, type Explanation, type WatchStatus } from './watch-status.ts';

export interface WatchEngine {
	/** Resolves when the engine runs, before its first scan has ended. Rejects with a StateError where the state does not open. */
	start(): Promise<void>;
	/** Scans all roots; resolves when a scan that began after the call has ended. */
	scanNow(): Promise<void>;
	/**
	 * Resolves when a scan that began after the call found nothing new and nothing is pending or in flight;
	 * what the consumer refused, what cannot be read, and what never stands still is not waited for. Rejects when the
	 * engine closes.
	 */
	idle(): Promise<void>;
	status(): WatchStatus;
	/** Lets the deletions go that the mass-delete guard pauses now, of one root or of all; returns how many. */
	release(label?: string): number;
	/** What is known of one file, by its docId (for the first root: its path under the root). */
	explain(docId: string): Explanation;
	/** What is remembered of one file: the same object as long as nothing of it has changed. */
	row(docId: string): FileRow | undefined;
	/** Of all files; they may change while they are walked through. */
	rows(): Iterable<readonly [docId: string, FileRow]>;
	/** Forgets that the consumer has the file, and sends it once more; false where it is not there, or is on its way. */
	tellAgain(docId: string): boolean;
	/** Ends everything, waits for what is in flight, and closes the state. What was not acknowledged is sent at the next start. */
	close(): Promise<void>;
}

export function createWatchEngine(deps: WatchEngineDeps): WatchEngine {
	const [first] = deps.roots;
	if (first === undefined) throw new TypeError('a watch engine needs at least one root');
	createIdentity(deps.roots, first.label);
	let engine: EngineParts | null = null;
	let starting: Promise<EngineParts> | null = null;
	const running = () => {
		if (engine === null) throw new Error('the watch engine is not running');
		return engine;
	};
	return {
		async start() {
			starting ??= openEngine(deps);
			engine = await starting;
		},
		scanNow: async () => void (await running().schedule.now('full')),
		idle: async () => idle(running()),
		status: () => statusOf(running()),
		release: (label) => release(running(), label),
		explain: (docId) => explainPath(running(), docId),
		row: (docId) => running().ledger.get(docId),
		rows: () => running().ledger.entries(),
		tellAgain: (docId) => tellAgain(running(), docId),
		async close() {
			// A start that failed has closed its state itself.
			await starting?.then(close, () => {});
		},
	};
}

async function openEngine(deps: WatchEngineDeps): Promise<EngineParts> {
	let handlers: EngineHandlers | null = null;
	const engine = await openParts(deps, () => {
		if (handlers === null) throw new Error('a part of the watch engine acted before all were there');
		return handlers;
	});
	handlers = handlersOf(engine);
	// Watched before the first scan: what changes between the two is met by one or the other.
	for (const root of engine.roots) await watchRoot(engine, root);
	void engine.schedule.now('full');
	retryLater(engine);
	return engine;
}

function handlersOf(engine: EngineParts): EngineHandlers {
	const { observer, emitter, schedule, log } = engine;
	return {
		offer: (docId) => offer(engine, docId),
		withhold: emitter.withhold,
		isInFlight: (docId) => emitter.inFlight().has(docId),
		atRest() {
			proveIfAtRest(engine);
			saveSoon(engine);
			changed(engine);
		},
		scan: (kind) => scanRoots(engine, kind),
		scanWanted: () => void schedule.now('quick'),
		paused(root, paused) {
			if (paused === null) {
				log('info', 'deletions.released', { root });
				observer.resumed(root);
			} else log('warn', 'deletions.held', { root, reason: paused.reason });
			changed(engine);
		},
		whole(label) {
			const now = engine.rootIdOf(label);
			if (now !== null)
				noteRoot(engine, label, withMounts(now, [...mountsOf(now), ...engine.unmountedOf(label)]));
		},
		changed: () => changed(engine),
	};
}

/** Remembers which directory the root is, and which disks are below it. */
function noteRoot(engine: EngineParts, label: string, id: string): void {
	const { rootIds } = engine.ledger.head;
	if (rootIds[label] === id) return;
	engine.ledger.setHead({ rootIds: { ...rootIds, [label]: id } });
	saveSoon(engine);
}

function tellAgain(engine: EngineParts, docId: string): boolean {
	const { ledger, emitter } = engine;
	const row = ledger.get(docId);
	if (row === undefined || row.seen === null) return false;
	if (emitter.isWithheld(docId) || emitter.inFlight().has(docId)) return false;
	ledger.set(docId, { ...row, delivered: null, note: 'told again: the consumer has lost it' });
	offer(engine, docId);
	return true;
}

function release(engine: EngineParts, label: string | undefined): number {
	const { roots, deletions, snapshot } = engine;
	const chosen = roots.filter((root) => label === undefined || root.label === label);
	let released = snapshot.confirm();
	for (const root of chosen) released += deletions.release(root.label) + forgetDisks(engine, root);
	changed(engine);
	return released;
}

/** A person says that the disks that are not mounted stay away; returns how many files were on them. */
function forgetDisks(engine: EngineParts, root: RootState): number {
	const { unmounted, label } = root;
	const known = engine.ledger.head.rootIds[label];
	if (unmounted.length === 0 || known === undefined) return 0;
	root.unmounted = [];
	noteRoot(
		engine,
		label,
		withMounts(
			known,
			mountsOf(known).filter((mount) => !unmounted.includes(mount)),
		),
	);
	engine.schedule.soon();
	const isOnThem = ([, { root: own, path, seen }]: readonly [string, FileRow]) =>
		own === label && seen !== null && isBelow(path, unmounted);
	return [...engine.ledger.entries()].filter(isOnThem).length;
}

async function idle(engine: EngineParts): Promise<void> {
	const { schedule, closing, ledger, run } = engine;
	for (;;) {
		if (!isQuiet(engine)) await new Promise<void>((wake) => run.idleWaiters.add(wake));
		// Quick: a file that cannot be read must not be tried again and again for the sake of waiting.
		const found = await schedule.now('quick');
		closing.signal.throwIfAborted();
		if (found === 0 && isQuiet(engine)) return ledger.flush();
	}
}

async function close(engine: EngineParts): Promise<void> {
	const { closing, run, watchers, schedule, scanner, observer, reader, emitter, ledger } = engine;
	if (closing.signal.aborted) return;
	closing.abort(new Error('the watch engine closes'));
	run.cancelStatus?.();
	run.cancelSave?.();
	run.cancelRetry();
	run.cancelRescan?.();
	await watchers.close();
	await Promise.all([schedule.close(), scanner.close()]);
	await observer.close();
	await reader.close();
	await emitter.close();
	changed(engine);
	try {
		await ledger.flush();
	} finally {
		await engine.deps.state.close();
	}
}
