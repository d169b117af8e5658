import type { Failure } from '../../domain/index.ts';
import type { RepairDeps, RepairTotals } from './repair.ts';
import { markerOf, namedBy, repairMarker, repairTenant, type RepairMarker } from './tenant-repair.ts';
import { unsoundTenants } from './index-verification.ts';

export interface IndexCheckStatus {
	/** `newer`: the index holds versions that the store has never seen. */
	readonly state: 'unchecked' | 'checking' | 'mending' | 'sound' | 'newer' | 'unsound';
	/** ISO 8601; of the last check that came to its end. */
	readonly checkedAt: string | null;
	/** Tenants that are being repaired, or could not be. */
	readonly tenants: number;
	/** Since the start. */
	readonly written: number;
	readonly removed: number;
	/** Documents that could not be mended for what they are, and why the first of them. */
	readonly unmended: number;
	readonly error: Failure | null;
}

/** What is known of the index. */
export interface Findings {
	state: IndexCheckStatus['state'];
	checkedAt: string | null;
	/** Store time at which the last check that came to its end began; null: there was none. */
	lookedAt: number | null;
	suspects: number;
	readonly totals: RepairTotals;
}

interface CheckDeps extends RepairDeps {
	/** Store time, ms. */
	readonly now: () => number;
}

const mostRounds = 3;

/**
 * All tenants, a few at a time. Between them the check rests for a multiple of what they took, so that it is at work for
 * the same part of every minute, however many there are.
 */
const tenantsAtOnce = 200;
const restShare = 9;

/** `isAsked`: the index may be another one than at the last check. `rest` lasts until a monotonic time. */
export async function checkIndex(
	isAsked: boolean,
	findings: Findings,
	rest: (until: number) => Promise<void>,
	deps: CheckDeps,
): Promise<void> {
	const { docStore, clock, now, log, totals, signal } = deps;
	// 1. A repair that did not come to its end, by an error or a restart, has left a marker.
	if (findings.state !== 'unchecked') findings.state = 'checking';
	totals.isNewer = false;
	const lookedAt = now();
	const since = isAsked ? null : findings.lookedAt;
	const marker = await docStore.marker(repairMarker);
	const progress = marker === null ? null : (JSON.parse(marker) as RepairMarker);
	// 2. Verify and repair some, rest, go on.
	let unsound = 0;
	for (let after = ''; !totals.isNewer && !signal.aborted;) {
		const tenants = await docStore.tenants({ after, limit: tenantsAtOnce });
		const startedAt = clock.monotonic();
		const failed = await unsoundTenants(tenants, since, deps);
		const tookMs = clock.monotonic() - startedAt;
		// Half repaired, it may have the right number of points by chance.
		if (progress !== null && tenants.includes(progress.tenant)) failed.add(progress.tenant);
		deps.telemetry.count('docdrop_index_check_seconds_total', {}, tookMs / 1_000);
		unsound += await mendTenants(failed, { progress, unsound }, findings, deps);
		const last = tenants.at(-1);
		if (last === undefined || tenants.length < tenantsAtOnce) break;
		after = last;
		await rest(clock.monotonic() + tookMs * restShare);
	}
	signal.throwIfAborted();
	// 3. Say what came of it. A document that could not be mended is tried again by its name, after a restart with its tenant.
	const [owed] = unmendedTenants(totals);
	await docStore.setMarker(repairMarker, owed === undefined ? null : markerOf(owed));
	findings.checkedAt = new Date(now()).toISOString();
	findings.lookedAt = lookedAt;
	findings.state = totals.isNewer ? 'newer' : unsound + totals.unmended.size > 0 ? 'unsound' : 'sound';
	if (findings.state === 'newer')
		log.error({}, 'the index holds what the document store has never seen; nothing of it was touched');
	else if (findings.state === 'unsound')
		log.error({ tenants: unsound, documents: totals.unmended.size }, 'the index could not be mended');
}

/** Of documents that were passed by, because they could not be mended. */
const unmendedTenants = ({ unmended }: RepairTotals): Set<string> =>
	new Set(Array.from(unmended.keys(), (name) => namedBy(name)[0]));

/** Repairs those that are unsound and verifies them again, in a few rounds; how many could not be mended. */
async function mendTenants(
	unsound: ReadonlySet<string>,
	check: {
		readonly progress: RepairMarker | null;
		/** Of those before. */
		readonly unsound: number;
	},
	findings: Findings,
	deps: CheckDeps,
): Promise<number> {
	const { log, telemetry, totals } = deps;
	const suspect = (count: number) => {
		findings.suspects = check.unsound + count;
		telemetry.set('docdrop_index_unsound_tenants', {}, findings.suspects);
	};
	let failed = new Set(unsound);
	for (let round = 1; failed.size > 0 && round <= mostRounds && !totals.isNewer; round += 1) {
		findings.state = 'mending';
		suspect(failed.size);
		const before = { ...totals };
		log.warn({ tenants: failed.size }, 'the index is not what the manifest says; it is mended');
		for (const tenant of failed) {
			const after = round === 1 && check.progress?.tenant === tenant ? check.progress.after : '';
			await repairTenant({ tenant, after }, deps);
			findings.suspects -= 1;
		}
		const written = totals.written - before.written;
		const removed = totals.removed - before.removed;
		log.warn({ tenants: failed.size, written, removed }, 'the index was mended');
		const repaired = failed;
		failed = await unsoundTenants([...repaired], null, deps);
		// What was left may be as many points too few as others are too many.
		for (const tenant of unmendedTenants(totals)) if (repaired.has(tenant)) failed.add(tenant);
		// Another round would find the same.
		if (written + removed === 0 && totals.unmended.size > 0) break;
	}
	suspect(failed.size);
	return failed.size;
}
