import type { Clock } from '../../ports/index.ts';
import { decide } from '../faults/index.ts';
import type { AuditDeps } from './audit-step.ts';
import { createAudits, type Audits } from './audits.ts';
import type { Gap } from './document-difference.ts';
import type { RepairDeps, RepairTotals } from './repair.ts';
import { repairOrLeave, retryUnmended } from './tenant-repair.ts';
import { checkIndex, type Findings, type IndexCheckStatus } from './whole-check.ts';

/**
 * Verifies the index against the manifest: an index that is older than it (restored from a snapshot, back from a power
 * cut that took what was acknowledged last, deleted) is noticed and repaired. This file says when; whole-check.ts in
 * which order, index-verification.ts what is compared, tenant-repair.ts what is repaired.
 *
 * A check is asked for whenever the index was connected to, once more some time after that (a write that was given up
 * may be applied late), and now and then. A single document is repaired where an attempt that was given up has begun
 * to write it. All repairs are made here, one after the other: of two repairs that held the same document, the first
 * to end would end the hold of both. Accepting and publishing go on: only the document under repair is held.
 */
export interface IndexCheckDeps extends Omit<RepairDeps, 'gap' | 'totals' | 'readsContents' | 'mends'> {
	/** Store time, ms. */
	readonly now: () => number;
	/** Between two checks that nobody asked for, ms. */
	readonly everyMs: number;
	/** See StepDeps. */
	readonly begins?: Promise<void>;
	/** What the audits of this loop need beside. */
	readonly audit: Pick<AuditDeps, 'fingerprintOf' | 'folders'> & {
		/** See AuditsDeps. */
		readonly everyMs: number;
		/** Whether anybody waits for work of the pipeline: an audit steps back then. */
		readonly isBusy: () => boolean;
	};
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

/** After an error for which waiting does not help, a document's own included. */
const defectPauseMs = 60_000;

export function startIndexCheck(
	{ open }: CheckRequests,
	deps: IndexCheckDeps,
): {
	readonly status: () => IndexCheckStatus;
	readonly audits: Omit<Audits, 'load' | 'step' | 'isUnderWay'>;
} {
	const totals: RepairTotals = { written: 0, removed: 0, isNewer: false, unmended: new Map() };
	const findings: Findings = {
		...{ state: 'unchecked', checkedAt: null, lookedAt: null, suspects: 0 },
		totals,
	};
	const audits = createAudits({
		...{ ...deps, everyMs: deps.audit.everyMs, wake: () => open.wake() },
		checkIndex: () => (open.isCheckAsked = true),
	});
	void loop(open, findings, audits, deps);
	return {
		audits,
		status() {
			const { state, checkedAt, suspects: tenants } = findings;
			const { written, removed, unmended } = totals;
			const [first] = unmended.values();
			return { state, checkedAt, tenants, written, removed, unmended: unmended.size, error: first ?? null };
		},
	};
}

async function loop(
	requests: CheckRequests['open'],
	findings: Findings,
	audits: Audits,
	deps: IndexCheckDeps,
): Promise<void> {
	const { docStore, clock, now, log, random, signal } = deps;
	let gap: Gap | null = null;
	let previousMs = 0;
	const { unmended } = findings.totals;
	let dueAt = clock.monotonic();
	/** When documents that could not be mended are tried again. */
	let retryAt = Infinity;
	await deps.begins;
	while (!signal.aborted) {
		// 1. Wait until there is something to do.
		const isAnythingAsked = () => requests.isCheckAsked || requests.documents.size > 0 || audits.isUnderWay();
		await sleepUntil(Math.min(dueAt, retryAt), requests, isAnythingAsked, deps);
		if (signal.aborted) return;
		const isAsked = requests.isCheckAsked;
		let isDue = isAsked || clock.monotonic() >= dueAt;
		requests.isCheckAsked = false;
		try {
			// 2. Once: the time in which this store has published nothing.
			gap ??= { from: await docStore.highestTime(), to: now() };
			const marks = { readsContents: false, mends: true };
			const repairing = { ...deps, ...marks, gap, totals: findings.totals };
			// 3. Single documents first.
			await repairAsked(requests, repairing);
			if (clock.monotonic() >= retryAt) {
				await retryUnmended(repairing);
				retryAt = Infinity;
				// Then the whole index can be called sound.
				requests.isCheckAsked ||= unmended.size === 0;
			}
			// 4. The whole index.
			if (isDue) {
				await checkIndex(isAsked, findings, (until) => rest(until, requests, repairing), repairing);
				dueAt = clock.monotonic() + deps.everyMs;
				isDue = false;
			}
			// 5. One step of an audit; whatever else is asked for comes before the next one.
			await audits.load();
			if (audits.isUnderWay()) await stepBack(audits, requests, repairing);
			if (unmended.size > 0 && retryAt === Infinity) retryAt = clock.monotonic() + defectPauseMs;
			previousMs = 0;
		} catch (error) {
			// 6. What failed is asked for again, after a wait.
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

/** While others wait for the pipeline an audit is at work for a quarter of the time. */
const auditRestShare = 3;

async function stepBack(
	audits: Audits,
	requests: CheckRequests['open'],
	deps: IndexCheckDeps & RepairDeps,
): Promise<void> {
	const { clock, audit } = deps;
	const startedAt = clock.monotonic();
	await audits.step({ ...deps, ...audit });
	const tookMs = clock.monotonic() - startedAt;
	if (audit.isBusy()) await rest(clock.monotonic() + tookMs * auditRestShare, requests, deps);
}

/** After a crash they are forgotten: their next change writes every point. */
async function repairAsked({ documents }: CheckRequests['open'], deps: RepairDeps): Promise<void> {
	for (const [name, { tenant, docId }] of documents) {
		await repairOrLeave(tenant, docId, deps);
		documents.delete(name);
	}
}

/** Until that monotonic time; single documents do not wait for it. */
async function rest(
	until: number,
	requests: CheckRequests['open'],
	deps: IndexCheckDeps & RepairDeps,
): Promise<void> {
	while (deps.clock.monotonic() < until && !deps.signal.aborted) {
		await sleepUntil(until, requests, () => requests.documents.size > 0, deps);
		await repairAsked(requests, deps);
	}
}

/** Until that monotonic time, or, woken, until there is something to do. */
async function sleepUntil(
	until: number,
	requests: CheckRequests['open'],
	isSomethingToDo: () => boolean,
	{ clock, signal }: Pick<IndexCheckDeps, 'clock' | 'signal'>,
): Promise<void> {
	while (!signal.aborted && !isSomethingToDo() && clock.monotonic() < until) {
		const asked = new Promise<void>((resolve) => (requests.wake = resolve));
		const waiting = new AbortController();
		const ms = Math.max(1, until - clock.monotonic());
		const time = clock.sleep(ms, AbortSignal.any([signal, waiting.signal]));
		await Promise.race([asked, time.catch(() => {})]);
		waiting.abort();
	}
}
