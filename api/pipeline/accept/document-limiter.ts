import { DocDropError } from '../../errors.ts';
import type { Allowance, Clock } from '../../ports/index.ts';
import { gcra } from '../../domain/index.ts';

/**
 * How many documents are taken a minute, of all tenants together and of each: whoever brings them, the followed
 * folder and callers on this machine included. Called by ingress.ts alone.
 *
 * What counts is a change that the store takes for work. Nobody knows before the store has looked, so the limiter
 * first reserves a place for each document of a call, the store takes at most so many and says how many it took
 * (ports/doc-store.ts, `Allowance`), and the other places are free again. A call is taken in order, up to the
 * first document of a tenant that finds no place: a call of any size gets on, and none of its documents overtakes
 * another of the same tenant.
 *
 * While places are reserved for calls on their way to the store, a call that finds too few waits for their outcome, a
 * few milliseconds, in order of arrival: refused, it would be told to wait for places that are free in a moment.
 *
 * Fairness: under the limit of all tenants together, a tenant that was refused has a turn. Until a little after the
 * time that it was told to come back at, nobody else takes the places that it was told of, and its next turn comes
 * after those of the others. So a tenant that asks all the time takes no more than one that obeys Retry-After.
 *
 * The states are in memory. After a start in a folder that has been used, all limits count as just exhausted: the
 * minute before is not known, and so no minute holds more than the limit across a restart either.
 */
export interface LimiterSettings {
	/** Documents a minute of all tenants; 0: no limit. */
	readonly total: number;
	/** Of each tenant that is not named; 0: no limit. */
	readonly eachTenant: number;
	readonly tenants: ReadonlyMap<string, number>;
}

/** Documents of a call by tenant. */
type TenantCounts = ReadonlyMap<string, number>;

export interface Permit {
	readonly allowance: Allowance;
	/** What the store took, and what it left because of the allowance. Must be called exactly once; the errors are for what was left. */
	settle(taken: TenantCounts, left: TenantCounts): ReadonlyMap<string, DocDropError>;
}

export interface LimiterStatus {
	/** Null: no limit. `free` may be taken at once. */
	readonly total: { readonly perMinute: number; readonly free: number } | null;
	readonly eachTenant: number | null;
	/** Tenants with a limit of their own. */
	readonly named: number;
	/** Tenants that were refused and have a turn now. */
	readonly turns: number;
}

export interface DocumentLimiter {
	/** Throws `rate_limited` where nothing of this tenant can be taken now. Reserves nothing: for what must be received first. */
	check(tenant: string): void;
	/** Resolves with as many places as there are, in order of the calls. */
	reserve(wanted: TenantCounts): Promise<Permit>;
	status(): LimiterStatus;
}

const windowMs = 60_000;
/** Retry-After is in whole seconds, and the way back takes its time. */
const turnGraceMs = 2_000;
/** Tenants that are remembered before those that have nothing to remember are forgotten. */
const manyTenants = 1_000;

interface Turn {
	readonly documents: number;
	readonly until: number;
}

/** Null where nothing is limited, so that it costs nothing. */
export function createDocumentLimiter(deps: {
	readonly clock: Clock;
	readonly settings: LimiterSettings;
	/** Documents may have been taken shortly before this start. */
	readonly isContinued: boolean;
}): DocumentLimiter | null {
	const { clock, settings } = deps;
	if (
		settings.total === 0 &&
		settings.eachTenant === 0 &&
		[...settings.tenants.values()].every((n) => n === 0)
	)
		return null;
	const startedAt = clock.monotonic();
	const rateFor = (limit: number): gcra.Rate | null => (limit === 0 ? null : gcra.rateOf(limit, windowMs));
	const first = (rate: gcra.Rate): gcra.RateState =>
		deps.isContinued ? gcra.exhausted(rate, startedAt) : gcra.unused;

	const total = rateFor(settings.total);
	let totalState = total === null ? gcra.unused : first(total);
	const eachTenant = rateFor(settings.eachTenant);
	const named = new Map([...settings.tenants].map(([tenant, limit]) => [tenant, rateFor(limit)]));
	const rateOfTenant = (tenant: string): gcra.Rate | null => {
		const own = named.get(tenant);
		return own === undefined ? eachTenant : own;
	};
	const states = new Map<string, gcra.RateState>();
	const stateOf = (tenant: string, rate: gcra.Rate): gcra.RateState => states.get(tenant) ?? first(rate);
	let forgetAt = manyTenants;
	/** Of tenants that were refused for all tenants' sake, in order. */
	const turns = new Map<string, Turn>();
	/** Calls that wait for what others have reserved, in order. */
	const waiting: (() => boolean)[] = [];
	/** Places of all tenants that are reserved for calls on their way to the store. */
	let reserved = 0;

	function keep(tenant: string, state: gcra.RateState): void {
		states.set(tenant, state);
		if (states.size < forgetAt) return;
		const now = clock.monotonic();
		for (const [one, { tat, reserved: places }] of states) if (places === 0 && tat <= now) states.delete(one);
		forgetAt = Math.max(manyTenants, states.size * 2);
	}

	/** Places that other tenants have been told of: those with a turn before this one's, and those behind it. */
	function promised(tenant: string, now: number): { readonly ahead: number; readonly behind: number } {
		let ahead = 0;
		let behind = 0;
		let isBehind = false;
		for (const [one, { documents, until }] of turns) {
			if (until <= now) turns.delete(one);
			else if (one === tenant) isBehind = true;
			else if (isBehind) behind += documents;
			else ahead += documents;
		}
		return { ahead, behind };
	}

	/** What is left of the common limit for the tenant: what nobody was told of, and at least its own turn. */
	function commonFor(rate: gcra.Rate, tenant: string, now: number): number {
		const { ahead, behind } = promised(tenant, now);
		const places = gcra.freeCells(rate, totalState, now) - ahead;
		return Math.max(0, Math.min(places, turns.get(tenant)?.documents ?? 0), places - behind);
	}

	/** What the tenant may take now, of its own limit and of the common one. */
	function freeFor(tenant: string, now: number): { readonly own: number; readonly common: number } {
		const rate = rateOfTenant(tenant);
		return {
			own: rate === null ? Infinity : gcra.freeCells(rate, stateOf(tenant, rate), now),
			common: total === null ? Infinity : commonFor(total, tenant, now),
		};
	}

	function refusal(scope: 'tenant' | 'all', rate: gcra.Rate, tenant: string, ms: number): DocDropError {
		const whose = scope === 'tenant' ? `of the tenant ${JSON.stringify(tenant)}` : 'of all tenants together';
		return new DocDropError('rate_limited', `at most ${rate.limit} documents ${whose} are taken a minute`, {
			retryAfterMs: Math.max(1, Math.ceil(ms)),
			hint: `Wait for the time in Retry-After, or raise ${scope === 'tenant' ? 'DOCDROP_TENANT_DOCUMENTS_PER_MINUTE' : 'DOCDROP_DOCUMENTS_PER_MINUTE'} of the API.`,
			...(scope === 'tenant' && { field: 'tenant' }),
		});
	}

	/** Why `left` documents were not taken, and when they can be, or the first burst of them. Gives the tenant a turn. */
	function refuse(tenant: string, left: number): DocDropError {
		const now = clock.monotonic();
		const rate = rateOfTenant(tenant);
		const ownMs = rate === null ? 0 : gcra.waitFor(rate, stateOf(tenant, rate), left, now);
		if (total === null) {
			if (rate === null) throw new Error('refused without a limit');
			return refusal('tenant', rate, tenant, ownMs);
		}
		const { ahead } = promised(tenant, now);
		// Shares of a burst: what all who wait were told of can be there at the same time.
		const sharers = turns.size + (turns.has(tenant) ? 0 : 1);
		const documents = Math.min(left, Math.max(1, Math.floor(total.burst / sharers)));
		const commonMs = waitForPlaces(total, ahead, documents, now);
		if (rate !== null && ownMs >= commonMs) return refusal('tenant', rate, tenant, ownMs);
		turns.set(tenant, { documents, until: now + commonMs + turnGraceMs });
		return refusal('all', total, tenant, commonMs);
	}

	/** More than a burst is never free at once: who stands far behind waits for those before to have taken theirs. */
	function waitForPlaces(rate: gcra.Rate, ahead: number, documents: number, now: number): number {
		const wanted = ahead + documents;
		const beyond = Math.max(0, wanted - rate.burst);
		return gcra.waitFor(rate, totalState, wanted - beyond, now) + beyond * rate.intervalMs;
	}

	function take(wanted: TenantCounts): { readonly granted: Map<string, number>; readonly isShort: boolean } {
		const now = clock.monotonic();
		const granted = new Map<string, number>();
		let isShort = false;
		let taken = 0;
		for (const [tenant, documents] of wanted) {
			const { own, common } = freeFor(tenant, now);
			const places = Math.max(0, Math.min(documents, own, common - taken));
			granted.set(tenant, places);
			taken += places;
			if (places < documents) isShort = true;
		}
		return { granted, isShort };
	}

	function hand(granted: ReadonlyMap<string, number>): Permit {
		let sum = 0;
		for (const [tenant, places] of granted) {
			const rate = rateOfTenant(tenant);
			if (rate !== null) keep(tenant, gcra.reserve(stateOf(tenant, rate), places));
			sum += places;
		}
		if (total !== null) totalState = gcra.reserve(totalState, sum);
		reserved += sum;
		return {
			allowance: { tenants: granted },
			settle(taken, left) {
				const now = clock.monotonic();
				let passed = 0;
				for (const [tenant, places] of granted) {
					const rate = rateOfTenant(tenant);
					const documents = taken.get(tenant) ?? 0;
					if (rate !== null) keep(tenant, gcra.confirm(rate, stateOf(tenant, rate), places, documents, now));
					passed += documents;
					// Its turn is used, and the next one is behind the others'.
					if (documents > 0) turns.delete(tenant);
				}
				if (total !== null) totalState = gcra.confirm(total, totalState, sum, passed, now);
				reserved -= sum;
				const errors = new Map([...left].map(([tenant, documents]) => [tenant, refuse(tenant, documents)]));
				while (waiting[0]?.() === true) waiting.shift();
				return errors;
			},
		};
	}

	return {
		check(tenant) {
			const { own, common } = freeFor(tenant, clock.monotonic());
			// What is reserved may be free in a moment; the call itself will wait for it.
			if (Math.min(own, common) < 1 && reserved === 0) throw refuse(tenant, 1);
		},
		reserve(wanted) {
			const attempt = (): Permit | null => {
				const { granted, isShort } = take(wanted);
				return isShort && reserved > 0 ? null : hand(granted);
			};
			const permit = waiting.length === 0 ? attempt() : null;
			if (permit !== null) return Promise.resolve(permit);
			return new Promise((resolve) => {
				waiting.push(() => {
					const later = attempt();
					if (later !== null) resolve(later);
					return later !== null;
				});
			});
		},
		status() {
			const now = clock.monotonic();
			promised('', now);
			return {
				total:
					total === null ? null : { perMinute: total.limit, free: gcra.freeCells(total, totalState, now) },
				eachTenant: eachTenant?.limit ?? null,
				named: named.size,
				turns: turns.size,
			};
		},
	};
}
