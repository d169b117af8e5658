import type { StepDeps } from '../prepare/index.ts';

/**
 * How long documents wait for the lock of their tenant's lane, and what the lanes get done, over the last
 * minute. The worker owns one; lanes report to it, /v1/status and /metrics show it.
 *
 * Waiting is the time for which a document was ready while the lane wrote something else: company that a batch
 * waits for on purpose is none.
 */
export type Level = 'ok' | 'warning' | 'alert';

/** Mean wait of a tenant's documents, ms. */
export const warningAboveMs = 100;
export const alertAboveMs = 1_000;

export const levelOf = (meanMs: number): Level =>
	meanMs > alertAboveMs ? 'alert' : meanMs > warningAboveMs ? 'warning' : 'ok';

export interface LaneFigures {
	/** Of the tenant that waits longest. */
	readonly level: Level;
	readonly waitMeanMs: number;
	readonly waitMaxMs: number;
	/** Of one document: preparation and the bulk write that carried it. */
	readonly processingMeanMs: number;
	readonly documentsPerSecond: number;
	/** Tenants above the warning, longest waits first. */
	readonly contended: readonly {
		readonly tenant: string;
		readonly level: Level;
		readonly waitMeanMs: number;
	}[];
}

export interface Contention {
	waited(tenant: string, ms: number): void;
	done(tenant: string, processingMs: number): void;
	figures(): LaneFigures;
}

interface Slot {
	readonly from: number;
	waits: number;
	waitMs: number;
	waitMaxMs: number;
	documents: number;
	processingMs: number;
}

const slotMs = 5_000;
const windowMs = 60_000;

/** Whatever is asked costs what is contended, not how many tenants there are. */
export function createContention(deps: Pick<StepDeps, 'clock' | 'log' | 'telemetry'>): Contention {
	const { clock, log, telemetry } = deps;
	const start = clock.monotonic();
	/** Those that did something in the last minute, by when they last began a slot. */
	const tenants = new Map<string, { readonly slots: Slot[]; level: Level }>();
	/** Of them those above the warning when they were looked at last. */
	const contended = new Set<string>();
	/** Of all together. */
	const all: Slot[] = [];
	const oldest = () => clock.monotonic() - windowMs;

	function slotsOf(tenant: string): readonly Slot[] {
		const known = tenants.get(tenant) ?? { slots: [], level: 'ok' as const };
		if (isBegun(known.slots, clock.monotonic())) {
			tenants.delete(tenant);
			tenants.set(tenant, known);
			forgetOld();
		}
		isBegun(all, clock.monotonic());
		dropOld(all, oldest());
		return [known.slots.at(-1), all.at(-1)].filter((slot) => slot !== undefined);
	}
	function forgetOld(): void {
		for (const [tenant, { slots }] of tenants) {
			if (!isOld(slots.at(-1), oldest())) return;
			look(tenant);
		}
	}

	/** Forgets what is older than the window; says once that a tenant's level has changed. */
	function look(tenant: string): Slot {
		const known = tenants.get(tenant);
		if (known === undefined) return sum([]);
		dropOld(known.slots, oldest());
		const total = sum(known.slots);
		const waitMeanMs = mean(total.waitMs, total.waits);
		const level = levelOf(waitMeanMs);
		if (level !== known.level) {
			const fields = { tenant, waitMeanMs: Math.round(waitMeanMs), documents: total.waits };
			// Slowness is for an operator to look at; errors are what went wrong.
			if (level === 'alert')
				log.warn({ ...fields, alert: 'lane_wait' }, 'documents wait long for the lane of their tenant');
			else if (level === 'warning') log.warn(fields, 'documents wait for the lane of their tenant');
			else log.info(fields, 'documents no longer wait for the lane of their tenant');
			known.level = level;
		}
		if (level === 'ok') contended.delete(tenant);
		else contended.add(tenant);
		if (known.slots.length === 0) tenants.delete(tenant);
		return total;
	}

	return {
		waited(tenant, ms) {
			for (const slot of slotsOf(tenant)) {
				slot.waits += 1;
				slot.waitMs += ms;
				slot.waitMaxMs = Math.max(slot.waitMaxMs, ms);
			}
			telemetry.observe('docdrop_lane_wait_seconds', {}, ms / 1000);
			look(tenant);
		},
		done(tenant, processingMs) {
			for (const slot of slotsOf(tenant)) {
				slot.documents += 1;
				slot.processingMs += processingMs;
			}
		},
		figures() {
			forgetOld();
			dropOld(all, oldest());
			const total = sum(all);
			const waiting = Array.from(contended, (tenant) => ({ tenant, own: look(tenant) }))
				.map(({ tenant, own }) => ({ tenant, waitMeanMs: mean(own.waitMs, own.waits) }))
				.filter(({ waitMeanMs }) => waitMeanMs > warningAboveMs)
				.sort((a, b) => b.waitMeanMs - a.waitMeanMs)
				.map((one) => ({ ...one, level: levelOf(one.waitMeanMs) }));
			const seconds = Math.min(windowMs, Math.max(slotMs, clock.monotonic() - start)) / 1000;
			return {
				level: waiting[0]?.level ?? 'ok',
				waitMeanMs: mean(total.waitMs, total.waits),
				waitMaxMs: total.waitMaxMs,
				processingMeanMs: mean(total.processingMs, total.documents),
				documentsPerSecond: total.documents / seconds,
				contended: waiting,
			};
		},
	};
}

/** Whether a slot had to be begun for this time. */
function isBegun(slots: Slot[], now: number): boolean {
	const from = Math.floor(now / slotMs) * slotMs;
	if (slots.at(-1)?.from === from) return false;
	slots.push({ from, waits: 0, waitMs: 0, waitMaxMs: 0, documents: 0, processingMs: 0 });
	return true;
}

const isOld = (slot: Slot | undefined, oldest: number) => slot === undefined || slot.from + slotMs <= oldest;

function dropOld(slots: Slot[], oldest: number): void {
	while (slots.length > 0 && isOld(slots[0], oldest)) slots.shift();
}

const mean = (sumOf: number, count: number) => (count === 0 ? 0 : sumOf / count);

function sum(slots: readonly Slot[]): Slot {
	const total = { from: 0, waits: 0, waitMs: 0, waitMaxMs: 0, documents: 0, processingMs: 0 };
	for (const slot of slots) {
		total.waits += slot.waits;
		total.waitMs += slot.waitMs;
		total.waitMaxMs = Math.max(total.waitMaxMs, slot.waitMaxMs);
		total.documents += slot.documents;
		total.processingMs += slot.processingMs;
	}
	return total;
}
