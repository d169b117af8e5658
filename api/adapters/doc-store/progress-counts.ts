import { isPending } from '../../domain/index.ts';
import type { Progress } from '../../ports/index.ts';
import type { DurableState, Tables } from './tables.ts';

/**
 * How far each tenant's documents are, counted as their rows move, so that asking costs nothing. What was done
 * in the last minute is kept in memory only.
 */
interface TenantProgress {
	documents: number;
	pending: number;
	pendingBytes: number;
	failed: number;
	/** Oldest first; store time. */
	readonly slots: { readonly from: number; done: number; failed: number }[];
}

const slotMs = 5_000;
const windowMs = 60_000;

/** A document of the tenant's: one that it wants, or whose deletion is not done. */
const isCounted = (state: DurableState, pending: boolean): boolean =>
	state.wanted.op === 'put' || pending || state.failed;

export type ProgressCounts = ReturnType<typeof createProgress>;

export function createProgress(tables: Pick<Tables, 'progress'>) {
	let tallies = new Map<string, TenantProgress>();

	function of(tenant: string): TenantProgress {
		const known = tallies.get(tenant);
		if (known !== undefined) return known;
		const made: TenantProgress = { documents: 0, pending: 0, pendingBytes: 0, failed: 0, slots: [] };
		tallies.set(tenant, made);
		return made;
	}

	/** Counts the rows again: at the start, and after a transaction was undone. */
	function reload(): void {
		const before = tallies;
		tallies = new Map();
		for (const { tenant, ...counted } of tables.progress())
			tallies.set(tenant, { ...counted, slots: before.get(tenant)?.slots ?? [] });
	}

	function recent({ slots }: TenantProgress, now: number): { done: number; failed: number; sinceMs: number } {
		while (slots[0] !== undefined && slots[0].from + slotMs <= now - windowMs) slots.shift();
		const sum = { done: 0, failed: 0 };
		for (const slot of slots) {
			sum.done += slot.done;
			sum.failed += slot.failed;
		}
		const from = slots[0]?.from ?? now;
		return { ...sum, sinceMs: Math.min(windowMs, Math.max(slotMs, now - from)) };
	}

	reload();
	return {
		reload,

		/** A row with this state comes (1) or goes (-1). */
		count(tenant: string, state: DurableState, sign: 1 | -1): void {
			const pending = isPending({ ...state, lease: null });
			if (!isCounted(state, pending)) return;
			const tally = of(tenant);
			tally.documents += sign;
			if (pending) {
				tally.pending += sign;
				tally.pendingBytes += sign * state.wanted.size;
			} else if (state.failed) tally.failed += sign;
			if (tally.documents === 0 && tally.slots.length === 0) tallies.delete(tenant);
		},

		/** What waits of one tenant. */
		waiting(tenant: string): { readonly documents: number; readonly bytes: number } {
			const { pending = 0, pendingBytes = 0 } = tallies.get(tenant) ?? {};
			return { documents: pending, bytes: pendingBytes };
		},

		/** A change was worked on to its end. */
		done(tenant: string, now: number, isFailed: boolean): void {
			const { slots } = of(tenant);
			const from = Math.floor(now / slotMs) * slotMs;
			let slot = slots.at(-1);
			if (slot?.from !== from) slots.push((slot = { from, done: 0, failed: 0 }));
			if (isFailed) slot.failed += 1;
			else slot.done += 1;
			while (slots[0] !== undefined && slots[0].from + slotMs <= now - windowMs) slots.shift();
		},

		/** Of one tenant, or of all. */
		view(tenant: string | null, now: number): Progress {
			const sum = { documents: 0, pending: 0, failed: 0, doneLately: 0, failedLately: 0, latelyMs: slotMs };
			for (const name of tenant === null ? [...tallies.keys()] : [tenant]) {
				const tally = tallies.get(name);
				if (tally === undefined) continue;
				const { done, failed, sinceMs } = recent(tally, now);
				if (tally.documents === 0 && tally.slots.length === 0) tallies.delete(name);
				sum.documents += tally.documents;
				sum.pending += tally.pending;
				sum.failed += tally.failed;
				sum.doneLately += done;
				sum.failedLately += failed;
				sum.latelyMs = Math.max(sum.latelyMs, sinceMs);
			}
			return sum;
		},
	};
}
