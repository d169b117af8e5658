import { isPending } from '../../domain/index.ts';
import type { Progress } from '../../ports/index.ts';
import type { DurableState, TenantFigures } from './tables.ts';

/**
 * How far the documents are, of each tenant and of all together, counted as their rows move, so that asking costs
 * nothing. What was done in the last minute is kept in memory only.
 */
interface Tally {
	documents: number;
	pending: number;
	pendingBytes: number;
	failed: number;
	/** Oldest first; store time. */
	readonly slots: { readonly from: number; done: number; failed: number }[];
}

const slotMs = 5_000;
const windowMs = 60_000;
const nothing = { documents: 0, pending: 0, pendingBytes: 0, failed: 0 };

/** A document of the tenant's: one that it wants, or whose deletion is not done. */
const isCounted = (state: DurableState, pending: boolean): boolean =>
	state.published !== null || pending || state.failed;

export type ProgressCounts = ReturnType<typeof createProgress>;

export function createProgress({
	counted,
	onUndo,
}: {
	/** When it begins. */
	readonly counted: readonly TenantFigures[];
	readonly onUndo: (step: () => void) => void;
}) {
	let all: Tally = { ...nothing, slots: [] };
	let tallies = new Map<string, Tally>();
	/** What was done in the last minute stays. */
	function load(rows: readonly TenantFigures[]): void {
		const before = tallies;
		tallies = new Map();
		all = { ...nothing, slots: all.slots };
		for (const { tenant, ...figures } of rows) {
			tallies.set(tenant, { ...figures, slots: before.get(tenant)?.slots ?? [] });
			all.documents += figures.documents;
			all.pending += figures.pending;
			all.pendingBytes += figures.pendingBytes;
			all.failed += figures.failed;
		}
	}

	function of(tenant: string): Tally {
		const known = tallies.get(tenant);
		if (known !== undefined) return known;
		const made: Tally = { ...nothing, slots: [] };
		tallies.set(tenant, made);
		return made;
	}
	function forgetEmpty(tenant: string): void {
		const tally = tallies.get(tenant);
		if (tally?.documents === 0 && tally.slots.length === 0) tallies.delete(tenant);
	}

	load(counted);
	return {
		reload: load,

		/** A row with this state, and a body of so many bytes, comes (1) or goes (-1). */
		count(tenant: string, state: DurableState, bytes: number, sign: 1 | -1): void {
			const pending = isPending(state);
			if (!isCounted(state, pending)) return;
			for (const tally of [of(tenant), all]) {
				tally.documents += sign;
				if (pending) {
					tally.pending += sign;
					tally.pendingBytes += sign * bytes;
				} else if (state.failed) tally.failed += sign;
			}
			forgetEmpty(tenant);
		},

		/** What waits of one tenant. */
		waiting(tenant: string): { readonly documents: number; readonly bytes: number } {
			const { pending = 0, pendingBytes = 0 } = tallies.get(tenant) ?? {};
			return { documents: pending, bytes: pendingBytes };
		},

		/** A change was worked on to its end. */
		done(tenant: string, now: number, isFailed: boolean): void {
			for (const { slots } of [of(tenant), all]) {
				const slot = slotAt(slots, now);
				const what = isFailed ? 'failed' : 'done';
				slot[what] += 1;
				onUndo(() => void (slot[what] -= 1));
			}
		},

		/** Of every tenant that has any. */
		figures: (): TenantFigures[] =>
			Array.from(tallies, ([tenant, { documents, pending, pendingBytes, failed }]) => ({
				tenant,
				documents,
				pending,
				pendingBytes,
				failed,
			})),

		/** Of one tenant, or of all. */
		view(tenant: string | null, now: number): Progress {
			const tally = tenant === null ? all : tallies.get(tenant);
			const { documents, pending, failed, slots } = tally ?? { ...nothing, slots: [] };
			dropOld(slots, now);
			const first = slots[0]?.from ?? now;
			const sum = { doneLately: 0, failedLately: 0 };
			for (const slot of slots) {
				sum.doneLately += slot.done;
				sum.failedLately += slot.failed;
			}
			if (tenant !== null) forgetEmpty(tenant);
			const latelyMs = Math.min(windowMs, Math.max(slotMs, now - first));
			return { documents, pending, failed, ...sum, latelyMs };
		},
	};
}

function slotAt(slots: Tally['slots'], now: number): Tally['slots'][number] {
	const from = Math.floor(now / slotMs) * slotMs;
	let slot = slots.at(-1);
	if (slot?.from !== from) slots.push((slot = { from, done: 0, failed: 0 }));
	dropOld(slots, now);
	return slot;
}

function dropOld(slots: Tally['slots'], now: number): void {
	while (slots[0] !== undefined && slots[0].from + slotMs <= now - windowMs) slots.shift();
}
