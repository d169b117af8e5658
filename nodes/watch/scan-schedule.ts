import type { Clock } from './clock.ts';
import type { WatchSettings } from './settings.ts';

/** `full` scans try again what could not be read, `quick` ones (after a burst of hints) leave it alone. */
export type ScanKind = 'full' | 'quick';

/** When to scan: after every burst of hints, every so often, and when asked; never two scans at a time. */
export interface ScanSchedule {
	/** Something happened that only a scan can make sure of. */
	hinted(): void;
	/** Scans as soon as possible; resolves with what the first scan that began after the call returned. */
	now(kind: ScanKind): Promise<number>;
	close(): Promise<void>;
}

/** `scan` must not reject; after `close` it is not called again. */
export function createScanSchedule(deps: {
	clock: Clock;
	random: () => number;
	settings: Pick<WatchSettings, 'burstQuietMs' | 'burstMaxMs'>;
	/** Time between scans when nothing happens, ms. */
	everyMs: () => number;
	scan: (kind: ScanKind) => Promise<number>;
}): ScanSchedule {
	const { clock, settings } = deps;
	let running: Promise<number> | null = null;
	let queued: Promise<number> | null = null;
	let queuedKind: ScanKind = 'quick';
	let closed = false;
	let burst: { first: number; last: number } | null = null;
	let cancelBurst = () => {};
	let cancelPeriodic = () => {};

	const run = (kind: ScanKind): Promise<number> => {
		if (closed) return Promise.resolve(0);
		cancelBurst();
		burst = null;
		running = deps.scan(kind).finally(() => {
			running = null;
			cancelPeriodic();
			const wait = deps.everyMs() * (0.75 + 0.5 * deps.random());
			cancelPeriodic = closed ? () => {} : clock.after(wait, () => void request('full'));
		});
		return running;
	};
	const request = (kind: ScanKind): Promise<number> => {
		if (running === null) return run(kind);
		// One more scan serves everybody who asks while this one runs.
		if (queued === null || kind === 'full') queuedKind = kind;
		queued ??= running.then(() => {
			queued = null;
			return run(queuedKind);
		});
		return queued;
	};
	const armBurst = () => {
		if (burst === null || closed) return;
		const at = Math.min(burst.last + settings.burstQuietMs, burst.first + settings.burstMaxMs);
		const wait = at - clock.monotonic();
		if (wait <= 0) void request('quick');
		else cancelBurst = clock.after(wait, armBurst);
	};
	return {
		hinted() {
			const now = clock.monotonic();
			if (burst !== null) {
				burst.last = now;
				return;
			}
			burst = { first: now, last: now };
			armBurst();
		},
		now: request,
		async close() {
			closed = true;
			cancelBurst();
			cancelPeriodic();
			await Promise.allSettled([running, queued]);
			cancelPeriodic();
		},
	};
}
