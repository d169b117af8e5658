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

export function createContention(deps: Pick<StepDeps, 'clock' | 'log' | 'telemetry'>): Contention {
	const { clock, log, telemetry } = deps;
	const start = clock.monotonic();
	/** Only tenants that did something in the last minute, or whose level is still to be taken back. */
	const tenants = new Map<string, { readonly slots: Slot[]; level: Level }>();

	function slotOf(tenant: string): Slot {
		let known = tenants.get(tenant);
		if (known === undefined) tenants.set(tenant, (known = { slots: [], level: 'ok' }));
		const from = Math.floor(clock.monotonic() / slotMs) * slotMs;
		const last = known.slots.at(-1);
		if (last?.from === from) return last;
		const slot = { from, waits: 0, waitMs: 0, waitMaxMs: 0, documents: 0, processingMs: 0 };
		known.slots.push(slot);
		return slot;
	}

	/** Forgets what is older than the window; says once that a tenant's level has changed. */
	function look(tenant: string): Slot {
		const known = tenants.get(tenant);
		if (known === undefined) return sum([]);
		const oldest = clock.monotonic() - windowMs;
		while (known.slots[0] !== undefined && known.slots[0].from + slotMs <= oldest) known.slots.shift();
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
		if (known.slots.length === 0) tenants.delete(tenant);
		return total;
	}

	return {
		waited(tenant, ms) {
			const slot = slotOf(tenant);
			slot.waits += 1;
			slot.waitMs += ms;
			slot.waitMaxMs = Math.max(slot.waitMaxMs, ms);
			telemetry.observe('docdrop_lane_wait_seconds', {}, ms / 1000);
			look(tenant);
		},
		done(tenant, processingMs) {
			const slot = slotOf(tenant);
			slot.documents += 1;
			slot.processingMs += processingMs;
		},
		figures() {
			const each = [...tenants.keys()].map((tenant) => ({ tenant, total: look(tenant) }));
			const all = sum(each.map(({ total }) => total));
			const contended = each
				.map(({ tenant, total }) => ({ tenant, waitMeanMs: mean(total.waitMs, total.waits) }))
				.filter(({ waitMeanMs }) => waitMeanMs > warningAboveMs)
				.sort((a, b) => b.waitMeanMs - a.waitMeanMs)
				.map((one) => ({ ...one, level: levelOf(one.waitMeanMs) }));
			const seconds = Math.min(windowMs, Math.max(slotMs, clock.monotonic() - start)) / 1000;
			return {
				level: contended[0]?.level ?? 'ok',
				waitMeanMs: mean(all.waitMs, all.waits),
				waitMaxMs: all.waitMaxMs,
				processingMeanMs: mean(all.processingMs, all.documents),
				documentsPerSecond: all.documents / seconds,
				contended,
			};
		},
	};
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
