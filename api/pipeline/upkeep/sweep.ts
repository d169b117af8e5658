import type { Clock, DocStore } from '../../ports/index.ts';
import type { Log } from '../../telemetry.ts';

/** Forgets old receipts and tombstones, a few at a time, so that no sweep delays a change. */
const pauseMs = 60_000;
const rowsASweep = 500;

export function startSweeper(deps: {
	readonly docStore: DocStore;
	readonly clock: Clock;
	readonly now: () => number;
	readonly log: Log;
	readonly signal: AbortSignal;
	readonly tombstoneMs: number;
	readonly jobMs: number;
}): void {
	const { docStore, clock, now, log, signal, tombstoneMs, jobMs } = deps;
	async function loop(): Promise<void> {
		while (!signal.aborted) {
			await clock.sleep(pauseMs, signal).catch(() => {});
			if (signal.aborted) return;
			try {
				const { jobs, tombstones } = await docStore.sweep({
					now: now(),
					tombstoneMs,
					jobMs,
					limit: rowsASweep,
				});
				if (jobs + tombstones > 0)
					log.debug({ jobs, tombstones }, 'old receipts and tombstones were removed');
			} catch (error) {
				log.warn({ error }, 'old receipts could not be removed; the next sweep tries again');
			}
		}
	}
	void loop();
}
