/**
 * A bound on what many callers use up together: bytes of bodies in memory, previews, searches. Whoever finds too little
 * waits a short time for a turn, and is refused after it; nothing is queued without an end.
 *
 * Invariants:
 *  1. What is held never exceeds `total`.
 *  2. Of one tenant no more is held than three times what it leaves free, unless it holds nothing else: one alone gets
 *     three quarters, and something is always left for the next one.
 *  3. Among those who wait the turn goes by what their tenants have received (domain/fair-share.ts), not by how many
 *     of them wait.
 */
import { createFairShare, leavesEnough } from '../../domain/index.ts';
import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';

export interface AllotmentSettings {
	/** Of what, for messages: `previews at a time`. */
	readonly what: string;
	readonly total: number;
	/** Longest wait for a turn, ms. */
	readonly waitMs: number;
}

export interface Allotment {
	/**
	 * Resolves with what gives it back (once, however often it is called). Rejects with `rate_limited` after the wait,
	 * with the signal's reason where the caller gave up.
	 */
	take(tenant: string, amount: number, signal?: AbortSignal): Promise<() => void>;
	/** The same where there is no wait; else null, and nothing is taken. */
	takeNow(tenant: string, amount: number): (() => void) | null;
	/** What is held now. */
	held(): number;
}

interface Wish {
	readonly amount: number;
	grant(): void;
}

interface State {
	readonly settings: AllotmentSettings;
	readonly share: ReturnType<typeof createFairShare>;
	readonly heldBy: Map<string, number>;
	/** By tenant, in order of arrival; none is empty. */
	readonly waiting: Map<string, Set<Wish>>;
	free: number;
}

/** Told to come back in so much: what is asked for is held for seconds, not minutes. */
const retryAfterMs = 2_000;

export function createAllotment(
	settings: AllotmentSettings,
	deps: { readonly clock: Clock; readonly weightOf?: ((tenant: string) => number) | undefined },
): Allotment {
	const state: State = {
		settings,
		share: createFairShare(deps.weightOf),
		heldBy: new Map(),
		waiting: new Map(),
		free: settings.total,
	};
	return {
		async take(tenant, asked, signal) {
			signal?.throwIfAborted();
			const now = takeNow(state, tenant, asked);
			if (now !== null) return now;
			const amount = amountOf(state, asked);
			await turn(state, { tenant, amount, signal, clock: deps.clock });
			return held(state, tenant, amount);
		},
		takeNow: (tenant, asked) => takeNow(state, tenant, asked),
		held: () => settings.total - state.free,
	};
}

/** What is larger than all there is goes alone. */
const amountOf = ({ settings }: State, asked: number): number => Math.min(asked, settings.total);

function takeNow(state: State, tenant: string, asked: number): (() => void) | null {
	const amount = amountOf(state, asked);
	if (state.waiting.has(tenant) || !fits(state, tenant, amount)) return null;
	hold(state, tenant, amount);
	return held(state, tenant, amount);
}

/** Gives back what is held, once. */
function held(state: State, tenant: string, amount: number): () => void {
	let isHeld = true;
	return () => {
		if (isHeld) giveBack(state, tenant, amount);
		isHeld = false;
	};
}

function fits({ heldBy, free }: State, tenant: string, amount: number): boolean {
	const held = heldBy.get(tenant) ?? 0;
	return amount <= free && (held === 0 || leavesEnough(held + amount, free - amount));
}

function hold(state: State, tenant: string, amount: number): void {
	state.free -= amount;
	state.heldBy.set(tenant, (state.heldBy.get(tenant) ?? 0) + amount);
	state.share.charge({ tenant, class: 0 }, Math.max(amount, 1));
}

function giveBack(state: State, tenant: string, amount: number): void {
	state.free += amount;
	const left = (state.heldBy.get(tenant) ?? 0) - amount;
	if (left > 0) state.heldBy.set(tenant, left);
	else state.heldBy.delete(tenant);
	grantNext(state);
}

function grantNext(state: State): void {
	while (state.waiting.size > 0) {
		const ready = [...state.waiting].flatMap(([tenant, [first]]) =>
			first !== undefined && fits(state, tenant, first.amount) ? [{ tenant, class: 0 as const, first }] : [],
		);
		const next = state.share.next(ready);
		if (next === null) return;
		leave(state, next.tenant, next.first);
		hold(state, next.tenant, next.first.amount);
		next.first.grant();
	}
}

function leave(state: State, tenant: string, wish: Wish): void {
	const own = state.waiting.get(tenant);
	own?.delete(wish);
	if (own?.size === 0) state.waiting.delete(tenant);
}

async function turn(
	state: State,
	{
		tenant,
		amount,
		signal,
		clock,
	}: {
		readonly tenant: string;
		readonly amount: number;
		readonly signal: AbortSignal | undefined;
		readonly clock: Clock;
	},
): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const wish: Wish = { amount, grant: resolve };
	const own = state.waiting.get(tenant) ?? new Set();
	state.waiting.set(tenant, own.add(wish));
	const giveUp = (reason: unknown) => {
		leave(state, tenant, wish);
		reject(reason);
		// Who stood behind it may need less.
		grantNext(state);
	};
	const cancel = clock.after(state.settings.waitMs, () => giveUp(refusal(state, tenant)));
	const abandon = () => giveUp(signal?.reason);
	signal?.addEventListener('abort', abandon, { once: true });
	try {
		await promise;
	} finally {
		cancel();
		signal?.removeEventListener('abort', abandon);
	}
}

function refusal({ settings, heldBy }: State, tenant: string): DocDropError {
	const { what, total } = settings;
	const held = heldBy.get(tenant) ?? 0;
	const message =
		held > 0
			? `of ${total} ${what} this caller has its part, ${held}`
			: `all of ${total} ${what} are taken by other callers`;
	return new DocDropError('rate_limited', message, { retryAfterMs, ...(held > 0 && { field: 'tenant' }) });
}
