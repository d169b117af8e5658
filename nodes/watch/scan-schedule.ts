import type { Clock } from './clock.ts';
import type { WatchSettings } from './settings.ts';

/** `full` scans try again what could not be read, `quick` ones (after a burst of hints) leave it alone. */
export type ScanKind = 'full' | 'quick';

/** When to scan: after every burst of hints, every so often, and when asked; never two scans at a time. */
export interface ScanSchedule {
	/** Something happened that only a scan can make sure of. */
	hinted(): void;
	/** Scans without waiting for quiet, but leaves time between scans. */
	soon(): void;
	/** Scans as soon as possible; resolves with what the first scan that began after the call returned. */
	now(kind: ScanKind): Promise<number>;
	close(): Promise<void>;
}

/**
 * From so many hints on, a burst is a storm: a scan reads a directory once where hints look at its files one
 * by one, and the kernel drops what exceeds its queue (16,384 events as a rule), so the scan does not wait for
 * the end.
 */
const STORM_HINTS = 1000;
/** Scans that do not wait for quiet take at most a fifth of the time. */
const REST_SHARE = 4;

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
	/** Monotonic ms: the end of the rest that the last scan earned the others. */
	let restedAt = -Infinity;
	/** What calls for a scan that has not begun. */
	let burst: { first: number; last: number; hints: number; isUrgent: boolean } | null = null;
	let cancelBurst = () => {};
	let cancelPeriodic = () => {};

	const run = (kind: ScanKind): Promise<number> => {
		if (closed) return Promise.resolve(0);
		cancelBurst();
		burst = null;
		const startedAt = clock.monotonic();
		running = deps.scan(kind).finally(() => {
			running = null;
			const endedAt = clock.monotonic();
			restedAt = endedAt + REST_SHARE * (endedAt - startedAt);
			cancelPeriodic();
			const wait = deps.everyMs() * (0.75 + 0.5 * deps.random());
			cancelPeriodic = closed ? () => {} : clock.after(wait, () => void request('full'));
			scheduleBurst();
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
	function scheduleBurst(): void {
		cancelBurst();
		// A scan that is about to begin serves it too; the end of one that runs comes here again.
		if (burst === null || closed || running !== null || queued !== null) return;
		const quietAt = Math.min(burst.last + settings.burstQuietMs, burst.first + settings.burstMaxMs);
		const at = burst.isUrgent ? Math.min(quietAt, restedAt) : quietAt;
		const wait = at - clock.monotonic();
		if (wait <= 0) void request('quick');
		else cancelBurst = clock.after(wait, scheduleBurst);
	}
	function want(hints: number, isUrgent: boolean): void {
		const now = clock.monotonic();
		const before = burst;
		burst ??= { first: now, last: now, hints: 0, isUrgent: false };
		burst.last = now;
		burst.hints += hints;
		const becomesUrgent = !burst.isUrgent && (isUrgent || burst.hints >= STORM_HINTS);
		burst.isUrgent ||= becomesUrgent;
		// A timer that is too early sets itself again.
		if (before === null || becomesUrgent) scheduleBurst();
	}
	return {
		hinted: () => want(1, false),
		soon: () => want(0, true),
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
