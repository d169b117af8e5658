/** What follows in a running engine from a change: an offer, a save, word to those who wait or look on. */
import { errorCode } from './disk.ts';
import type { EngineParts } from './engine-parts.ts';
import { takeStatus, type WatchStatus } from './watch-status.ts';

/** Times in ms. */
const STATUS_EVERY = 250;
const SAVE_AFTER = 1000;

/** Sends what the path's row asks for; of a new file, after its name before was looked for. */
export function offer(engine: EngineParts, docId: string): void {
	const { moves, emitter, run } = engine;
	const join = moves.consider(docId);
	if (join === null) return emitter.offer(docId);
	run.joining += 1;
	void join.then(() => {
		run.joining -= 1;
		emitter.offer(docId);
		changed(engine);
	});
}

/** Whether nothing is pending or in flight. */
export const isQuiet = ({ observer, emitter, snapshot, run }: EngineParts): boolean =>
	observer.busyCount === 0 && run.joining === 0 && emitter.isEmpty() && !snapshot.isBusy();

export const statusOf = (engine: EngineParts): WatchStatus =>
	takeStatus({ ...engine, scanning: engine.run.scanning });

export function changed(engine: EngineParts): void {
	const { snapshot, closing, run, clock } = engine;
	if (isQuiet(engine)) snapshot.consider();
	if (isQuiet(engine) || closing.signal.aborted) {
		for (const wake of run.idleWaiters) wake();
		run.idleWaiters.clear();
	}
	const { onStatus } = engine.deps;
	if (onStatus === undefined || closing.signal.aborted) return;
	run.cancelStatus ??= clock.after(STATUS_EVERY, () => {
		run.cancelStatus = null;
		onStatus(statusOf(engine));
	});
}

export function saveSoon({ ledger, closing, run, clock, log }: EngineParts): void {
	if (closing.signal.aborted) return;
	run.cancelSave ??= clock.after(SAVE_AFTER, () => {
		run.cancelSave = null;
		ledger.flush().catch((error: unknown) => log('error', 'state.commit_failed', { code: errorCode(error) }));
	});
}
