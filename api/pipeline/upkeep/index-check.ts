import type { Clock } from '../../ports/index.ts';
import { decide } from '../faults/index.ts';
import { unsoundTenants } from './index-verification.ts';
import type { Gap, RepairDeps, RepairTotals } from './repair.ts';
import { repairDocument, repairMarker, repairTenant, type RepairMarker } from './tenant-repair.ts';

/**
 * Verifies the index against the manifest: an index that is older than it (restored from a snapshot, back from a power
 * cut that took what was acknowledged last, deleted) is noticed and repaired. This file says when and in which order;
 * index-verification.ts says what is compared, tenant-repair.ts what is repaired.
 *
 * A check is asked for whenever the index was connected to, once more some time after that (a write that was given up
 * may be applied late), and now and then. A single document is repaired where an attempt that was given up has begun
 * to write it. All repairs are made here, one after the other: of two repairs that held the same document, the first
 * to end would end the hold of both. Accepting and publishing go on: only the document under repair is held.
 */
export interface IndexCheckDeps extends Omit<RepairDeps, 'gap' | 'totals'> {
	/** Store time, ms. */
	readonly now: () => number;
	readonly random: () => number;
	/** Between two checks that nobody asked for, ms. */
	readonly everyMs: number;
}

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
}

/** What the parts of the pipeline ask of the check, which is made after them. */
export interface CheckRequests {
	/** The index was connected to. */
	checkIndex(): void;
	/** An attempt at the document was given up, and may have left its fields on points that stay. */
	repair(tenant: string, docId: string): void;
	/** What was asked for and is not begun yet. */
	readonly open: {
		isCheckAsked: boolean;
		/** Documents to repair before anything else, by name. */
		readonly documents: Map<string, { readonly tenant: string; readonly docId: string }>;
		/** Ends the wait of the loop. */
		wake: () => void;
	};
}

/** `lateMs`: after which a write that was given up is not expected to be applied any more. */
export function createCheckRequests(clock: Clock, lateMs: number): CheckRequests {
	const open: CheckRequests['open'] = { isCheckAsked: true, documents: new Map(), wake: () => {} };
	let cancelLate = () => {};
	const askForCheck = () => {
		open.isCheckAsked = true;
		open.wake();
	};
	return {
		checkIndex() {
			askForCheck();
			cancelLate();
			cancelLate = clock.after(lateMs, askForCheck);
		},
		repair(tenant, docId) {
			open.documents.set(JSON.stringify([tenant, docId]), { tenant, docId });
			open.wake();
		},
		open,
	};
}

/** What is known of the index. */
interface Findings {
	state: IndexCheckStatus['state'];
	checkedAt: string | null;
	suspects: number;
	readonly totals: RepairTotals;
}

const mostRounds = 3;
/** After an error for which waiting does not help. */
const defectPauseMs = 60_000;

export function startIndexCheck(
	{ open }: CheckRequests,
	deps: IndexCheckDeps,
): { readonly status: () => IndexCheckStatus } {
	const totals: RepairTotals = { written: 0, removed: 0, isNewer: false };
	const findings: Findings = { state: 'unchecked', checkedAt: null, suspects: 0, totals };
	void loop(open, findings, deps);
	return {
		status() {
			const { state, checkedAt, suspects: tenants } = findings;
			return { state, checkedAt, tenants, written: totals.written, removed: totals.removed };
		},
	};
}

async function loop(
	requests: CheckRequests['open'],
	findings: Findings,
	deps: IndexCheckDeps,
): Promise<void> {
	const { docStore, clock, now, log, random, signal } = deps;
	let gap: Gap | null = null;
	let previousMs = 0;
	let dueAt = clock.monotonic();
	while (!signal.aborted) {
		// 1. Wait until there is something to do.
		await untilAsked(requests, dueAt, deps);
		if (signal.aborted) return;
		const isDue = requests.isCheckAsked || clock.monotonic() >= dueAt;
		requests.isCheckAsked = false;
		try {
			// 2. Once: the time in which this store has published nothing.
			gap ??= { from: await docStore.highestTime(), to: now() };
			const repairing = { ...deps, gap, totals: findings.totals };
			// 3. Single documents first. After a crash they are forgotten: their next change writes every point.
			for (const [name, { tenant, docId }] of requests.documents) {
				await repairDocument(tenant, docId, repairing);
				requests.documents.delete(name);
			}
			// 4. The whole index.
			if (isDue) {
				await checkIndex(findings, repairing);
				dueAt = clock.monotonic() + deps.everyMs;
			}
			previousMs = 0;
		} catch (error) {
			// 5. What failed is asked for again, after a wait.
			if (signal.aborted) return;
			const next = decide(error, {
				documents: 1,
				attempts: 0,
				maxAttempts: 1,
				othersServed: false,
				previousMs,
				random,
			});
			previousMs = next.kind === 'wait' ? next.afterMs : defectPauseMs;
			log.warn({ error, waitMs: previousMs }, 'the index could not be held against the manifest');
			requests.isCheckAsked ||= isDue;
			await clock.sleep(previousMs, signal).catch(() => {});
		}
	}
}

async function untilAsked(
	requests: CheckRequests['open'],
	dueAt: number,
	deps: IndexCheckDeps,
): Promise<void> {
	if (requests.isCheckAsked || requests.documents.size > 0) return;
	const { clock, signal } = deps;
	const asked = new Promise<void>((resolve) => (requests.wake = resolve));
	const waiting = new AbortController();
	const ms = Math.max(0, dueAt - clock.monotonic());
	const time = clock.sleep(ms, AbortSignal.any([signal, waiting.signal]));
	await Promise.race([asked, time.catch(() => {})]);
	waiting.abort();
}

async function checkIndex(findings: Findings, deps: IndexCheckDeps & RepairDeps): Promise<void> {
	const { docStore, now, log, telemetry, totals } = deps;
	const suspect = (tenants: number) => {
		findings.suspects = tenants;
		telemetry.set('docdrop_index_unsound_tenants', {}, tenants);
	};
	// 1. Verify all tenants; a check that was interrupted by a restart has left a marker.
	if (findings.state !== 'unchecked') findings.state = 'checking';
	totals.isNewer = false;
	const marker = await docStore.marker(repairMarker);
	const progress = marker === null ? null : (JSON.parse(marker) as RepairMarker);
	let failed = await unsoundTenants(null, deps);
	// 2. Repair those that are unsound and verify them again, in a few rounds.
	for (let round = 1; failed.size > 0 && round <= mostRounds && !totals.isNewer; round += 1) {
		findings.state = 'mending';
		suspect(failed.size);
		const before = { ...totals };
		log.warn({ tenants: failed.size }, 'the index is not what the manifest says; it is mended');
		for (const tenant of failed) {
			const after = round === 1 && progress?.tenant === tenant ? progress.after : '';
			await repairTenant({ tenant, after }, deps);
			findings.suspects -= 1;
		}
		const written = totals.written - before.written;
		const removed = totals.removed - before.removed;
		log.warn({ tenants: failed.size, written, removed }, 'the index was mended');
		failed = await unsoundTenants(failed, deps);
	}
	// 3. Say what came of it.
	suspect(failed.size);
	await docStore.setMarker(repairMarker, null);
	findings.checkedAt = new Date(now()).toISOString();
	findings.state = totals.isNewer ? 'newer' : failed.size > 0 ? 'unsound' : 'sound';
	if (findings.state === 'newer')
		log.error({}, 'the index holds what the document store has never seen; nothing of it was touched');
	else if (findings.state === 'unsound') log.error({ tenants: failed.size }, 'the index could not be mended');
}
