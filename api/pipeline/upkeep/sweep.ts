import type { StepDeps } from '../prepare/index.ts';

/** Forgets old receipts and tombstones, a few at a time, so that no sweep delays a change. */
const pauseMs = 60_000;
const rowsASweep = 500;

interface SweepDeps extends Pick<StepDeps, 'docStore' | 'clock' | 'now' | 'log' | 'signal'> {
	readonly tombstoneMs: number;
	readonly jobMs: number;
	/** Store time before which no tombstone goes. */
	readonly tombstonesFrom: number;
}

export function startSweeper(deps: SweepDeps): void {
	const { docStore, clock, now, log, signal, tombstonesFrom, jobMs } = deps;
	async function loop(): Promise<void> {
		while (!signal.aborted) {
			await clock.sleep(pauseMs, signal).catch(() => {});
			if (signal.aborted) return;
			try {
				const tombstoneMs = now() < tombstonesFrom ? Infinity : deps.tombstoneMs;
				const request = { now: now(), tombstoneMs, jobMs, limit: rowsASweep };
				const { jobs, tombstones } = await docStore.sweep(request);
				if (jobs + tombstones > 0)
					log.debug({ jobs, tombstones }, 'old receipts and tombstones were removed');
			} catch (error) {
				log.warn({ error }, 'old receipts could not be removed; the next sweep tries again');
			}
		}
	}
	void loop();
}
