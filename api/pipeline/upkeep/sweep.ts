import type { StepDeps } from '../prepare/index.ts';

/** Forgets old receipts and tombstones once a minute, until none is left: a few at a time, so that no change waits long. */
const pauseMs = 60_000;
const rowsAStep = 500;

interface SweepDeps extends Pick<StepDeps, 'docStore' | 'clock' | 'now' | 'log' | 'signal'> {
	readonly tombstoneMs: number;
	readonly jobMs: number;
	/** Store time before which no tombstone goes. */
	readonly tombstonesFrom: number;
}

export function startSweeper(deps: SweepDeps): void {
	const { clock, log, signal } = deps;
	async function loop(): Promise<void> {
		while (!signal.aborted) {
			await clock.sleep(pauseMs, signal).catch(() => {});
			if (signal.aborted) return;
			await sweepAll(deps).catch((error: unknown) =>
				log.warn({ error }, 'old receipts could not be removed; the next sweep tries again'),
			);
		}
	}
	void loop();
}

async function sweepAll(deps: SweepDeps): Promise<void> {
	const { docStore, clock, now, log, signal, tombstonesFrom, jobMs } = deps;
	const sum = { jobs: 0, tombstones: 0 };
	for (let isMore = true; isMore && !signal.aborted;) {
		const startedAt = clock.monotonic();
		const tombstoneMs = now() < tombstonesFrom ? Infinity : deps.tombstoneMs;
		const swept = await docStore.sweep({ now: now(), tombstoneMs, jobMs, limit: rowsAStep });
		sum.jobs += swept.jobs;
		sum.tombstones += swept.tombstones;
		isMore = swept.isMore;
		// Half of the store's time at most, however much there is to remove.
		if (isMore) await clock.sleep(Math.max(1, clock.monotonic() - startedAt), signal).catch(() => {});
	}
	if (sum.jobs + sum.tombstones > 0) log.debug(sum, 'old receipts and tombstones were removed');
}
