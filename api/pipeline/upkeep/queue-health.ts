import type { DocStore, Progress } from '../../ports/index.ts';
import type { StepDeps } from '../prepare/index.ts';

/**
 * How the queue is: how much waits, how fast it goes, when it is through, and whether too much waits or fails.
 * Looks every few seconds and whenever it is asked; says once in the log that an alert began or ended.
 */
export interface HealthLimits {
	readonly pending: number;
	/** Share of the changes that ended in the last minute, 0 to 1. */
	readonly errors: number;
}

export interface QueueFigures {
	readonly pending: number;
	readonly failed: number;
	readonly perMinute: number;
	/** Null where something waits and nothing moves. */
	readonly secondsLeft: number | null;
	readonly errorRate: number;
}

export type QueueAlert = keyof HealthLimits;
const alerts: readonly QueueAlert[] = ['pending', 'errors'];

/** One failure among the first few changes of a minute is no rate. */
const fewestForRate = 10;
/** An alert ends below this part of its limit: a figure that wavers about the limit is no news each time. */
const endsBelow = 0.9;

export function figuresOf(progress: Progress): QueueFigures {
	const { pending, failed, doneLately, failedLately, latelyMs } = progress;
	const ended = doneLately + failedLately;
	const perMinute = (ended * 60_000) / latelyMs;
	return {
		pending,
		failed,
		perMinute: Math.round(perMinute * 10) / 10,
		secondsLeft: pending === 0 ? 0 : ended === 0 ? null : Math.ceil((pending * 60) / perMinute),
		errorRate: ended < fewestForRate ? 0 : failedLately / ended,
	};
}

/** The alerts that are on now, by what was on before. */
export function alertsOf(
	{ pending, errorRate }: QueueFigures,
	limits: HealthLimits,
	before: ReadonlySet<QueueAlert>,
): ReadonlySet<QueueAlert> {
	const values = { pending, errors: errorRate };
	return new Set(
		alerts.filter((name) =>
			before.has(name) ? values[name] >= limits[name] * endsBelow : values[name] > limits[name],
		),
	);
}

export interface QueueHealth {
	look(): Promise<QueueFigures & { readonly alerts: readonly QueueAlert[] }>;
}

const everyMs = 5_000;

interface HealthDeps extends Pick<StepDeps, 'clock' | 'now' | 'log' | 'telemetry' | 'signal'> {
	readonly docStore: Pick<DocStore, 'progress'>;
	readonly healthLimits: HealthLimits;
}

export function startQueueHealth(deps: HealthDeps): QueueHealth {
	const { docStore, clock, now, log, telemetry, healthLimits: limits, signal } = deps;
	let on: ReadonlySet<QueueAlert> = new Set();

	async function look() {
		const figures = figuresOf(await docStore.progress(null, now()));
		const next = alertsOf(figures, limits, on);
		for (const alert of alerts) {
			telemetry.set('docdrop_queue_alert', { alert }, next.has(alert) ? 1 : 0);
			if (next.has(alert) === on.has(alert)) continue;
			const fields = { alert, limit: limits[alert], ...figures };
			if (next.has(alert)) log.warn(fields, 'the queue needs a look');
			else log.info(fields, 'the queue is well again');
		}
		on = next;
		telemetry.set('docdrop_queue_error_rate', {}, figures.errorRate);
		telemetry.set('docdrop_queue_changes_per_minute', {}, figures.perMinute);
		telemetry.set('docdrop_queue_left_seconds', {}, figures.secondsLeft ?? -1);
		return { ...figures, alerts: [...next] };
	}

	async function loop(): Promise<void> {
		while (!signal.aborted) {
			await look().catch((error: unknown) => log.debug({ error }, 'the queue could not be looked at'));
			await clock.sleep(everyMs, signal).catch(() => {});
		}
	}
	void loop();
	return { look };
}
