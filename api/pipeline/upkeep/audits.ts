import type { AuditReport, AuditStatus } from '../../contract/audit-schema.ts';
import { auditKinds } from '../../contract/audit-kinds.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, DocStore } from '../../ports/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import { auditStep, type AuditDeps, type StepProgress } from './audit-step.ts';
import { beginRun, reportOf, type AuditRun } from './audit-run.ts';

/**
 * Which audit runs, which wait for it, and what the last ones found. One runs at a time, of all tenants or of one. It is
 * a marker in the store, written every so often: after a kill it goes on from the last one. The loop of index-check.ts
 * takes its steps, because all repairs are made there.
 */
interface AuditsDeps {
	readonly docStore: Pick<DocStore, 'marker' | 'setMarker'>;
	readonly clock: Clock;
	/** Store time, ms. */
	readonly now: () => number;
	readonly log: Log;
	readonly telemetry: Telemetry;
	/** Between two audits of everything that nobody asked for, which mend what they find, ms; 0: there are none. */
	readonly everyMs: number;
}

interface Asked {
	readonly tenant: string | null;
	readonly repair: boolean;
}

interface AuditsState {
	run: AuditRun | null;
	readonly waiting: Asked[];
	progress: StepProgress;
	/** Whether the running one is to end before its end. */
	isStopped: boolean;
	loading: Promise<void> | null;
	savedAt: number;
	cancelNext: () => void;
}

export interface Audits {
	/** Begins when no other one runs. Throws `conflict` where the same is under way in the other way. */
	begin(asked: Asked): AuditReport;
	/** False where none of them runs or waits. */
	stop(tenant: string | null): boolean;
	status(tenant: string | null): Promise<AuditStatus>;
	/** For the loop alone: whether a step is to be taken, and the step. */
	isUnderWay(): boolean;
	load(): Promise<void>;
	step(deps: AuditDeps): Promise<void>;
}

const runMarker = 'audit under way';
const lastMarker = (tenant: string | null) => (tenant === null ? 'audit' : `audit ${tenant}`);
/** An audit of everything that mends, as if it had been under way: the next start goes on with it. */
export const auditOwed = (startedAt: string) => ({
	name: runMarker,
	value: JSON.stringify(beginRun(null, true, startedAt)),
});

const saveEveryMs = 1_000;
const mostWaiting = 100;

/** `wake`: the loop sleeps, and there is something to do. */
export function createAudits(deps: AuditsDeps, wake: () => void): Audits {
	const state: AuditsState = {
		...{ run: null, waiting: [], progress: { looked: new Set(), walk: null }, isStopped: false },
		...{ loading: null, savedAt: 0, cancelNext: () => {} },
	};
	const begin = (asked: Asked) => {
		const report = ask(state, asked);
		wake();
		return report;
	};
	const schedule = (from: number) => {
		if (deps.everyMs === 0) return;
		const ms = Math.max(1, from + deps.everyMs - deps.now());
		state.cancelNext();
		state.cancelNext = deps.clock.after(ms, () => {
			const isAsked = [state.run, ...state.waiting].some((one) => one?.tenant === null);
			if (!isAsked) begin({ tenant: null, repair: true });
		});
	};
	const load = () =>
		(state.loading ??= loadLast(state, deps).then(schedule, (error: unknown) => {
			state.loading = null;
			throw error;
		}));
	return {
		begin,
		stop(tenant) {
			const at = state.waiting.findIndex((one) => one.tenant === tenant);
			if (at >= 0) state.waiting.splice(at, 1);
			const isRunning = state.run !== null && state.run.tenant === tenant;
			state.isStopped ||= isRunning;
			wake();
			return isRunning || at >= 0;
		},
		async status(tenant) {
			await load();
			const last = await lastOf(deps, tenant);
			return { now: nowOf(state, tenant), last };
		},
		isUnderWay: () => state.run !== null || state.waiting.length > 0,
		load,
		async step(stepDeps) {
			const ended = await takeStep(state, deps, stepDeps);
			if (ended?.tenant === null) schedule(deps.now());
		},
	};
}

/** What the process before has left; when the last audit of everything ended, store time (0: never). */
async function loadLast(state: AuditsState, deps: AuditsDeps): Promise<number> {
	const marker = await deps.docStore.marker(runMarker);
	const last = await lastOf(deps, null);
	if (marker !== null) state.run = JSON.parse(marker) as AuditRun;
	measure(last, deps.telemetry);
	return last?.endedAt == null ? 0 : Date.parse(last.endedAt);
}

function ask({ run, waiting }: AuditsState, asked: Asked): AuditReport {
	const same = [run, ...waiting].find((one) => one?.tenant === asked.tenant) ?? null;
	if (same !== null && same.repair !== asked.repair) {
		throw new DocDropError(
			'conflict',
			`repair must be ${same.repair}, as of the audit that is under way, got ${asked.repair}`,
			{ field: 'repair', hint: 'Wait for its end, or stop it: DELETE /v1/audit.' },
		);
	}
	if (same === null && waiting.length >= mostWaiting) {
		throw new DocDropError('conflict', `at most ${mostWaiting} audits may wait`, {
			hint: 'Wait for the end of one of them.',
		});
	}
	if (same === null) waiting.push(asked);
	return same !== null && same === run ? reportOf(run, 'running', null) : waitingReport(asked);
}

function nowOf({ run, waiting }: AuditsState, tenant: string | null): AuditReport | null {
	if (run !== null && run.tenant === tenant) return reportOf(run, 'running', null);
	const asked = waiting.find((one) => one.tenant === tenant);
	return asked === undefined ? null : waitingReport(asked);
}

const waitingReport = ({ tenant, repair }: Asked): AuditReport => ({
	...reportOf(beginRun(tenant, repair, ''), 'waiting', null),
	startedAt: null,
});

async function lastOf(
	{ docStore }: Pick<AuditsDeps, 'docStore'>,
	tenant: string | null,
): Promise<AuditReport | null> {
	const marker = await docStore.marker(lastMarker(tenant));
	return marker === null ? null : (JSON.parse(marker) as AuditReport);
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** One step of the audit that runs, or of the first that waits; the report of one that has ended with it. */
async function takeStep(
	state: AuditsState,
	deps: AuditsDeps,
	stepDeps: AuditDeps,
): Promise<AuditReport | null> {
	const { docStore, clock, now, log } = deps;
	const next = state.run === null ? state.waiting.shift() : undefined;
	if (next !== undefined) {
		state.run = beginRun(next.tenant, next.repair, iso(now()));
		Object.assign(state, {
			isStopped: false,
			savedAt: -Infinity,
			progress: { looked: new Set(), walk: null },
		});
		log.info({ tenant: next.tenant, repair: next.repair }, 'an audit begins');
	}
	const { run } = state;
	if (run === null) return null;
	try {
		const isAtEnd = !state.isStopped && (await auditStep(run, state.progress, stepDeps));
		if (isAtEnd || state.isStopped) return await end(state, run, isAtEnd ? 'done' : 'stopped', deps);
		if (clock.monotonic() - state.savedAt < saveEveryMs) return null;
		await docStore.setMarker(runMarker, JSON.stringify(run));
		state.savedAt = clock.monotonic();
		return null;
	} catch (error) {
		// What will be well again is waited for by the loop, and the step is taken once more.
		if (stepDeps.signal.aborted || (isDocDropError(error) && error.retryable)) throw error;
		log.error({ error }, 'an audit could not go on');
		return end(state, run, 'failed', deps);
	}
}

/** The last proof is replaced only by one that came to its end. */
async function end(
	state: AuditsState,
	run: AuditRun,
	how: 'done' | 'stopped' | 'failed',
	{ docStore, now, log, telemetry }: AuditsDeps,
): Promise<AuditReport> {
	const report = reportOf(run, how, iso(now()));
	if (how === 'done') {
		await docStore.setMarker(lastMarker(run.tenant), JSON.stringify(report));
		if (run.tenant === null) measure(report, telemetry);
	}
	await docStore.setMarker(runMarker, null);
	state.run = null;
	const { tenant, documents, points, found, mended, left } = report;
	const isSound = left === 0;
	log[isSound ? 'info' : 'error']({ tenant, how, documents, points, found, mended, left }, 'an audit ended');
	return report;
}

function measure(report: AuditReport | null, telemetry: Telemetry): void {
	const ended = report?.endedAt == null ? 0 : Date.parse(report.endedAt) / 1_000;
	telemetry.set('docdrop_audit_timestamp_seconds', {}, ended);
	telemetry.set('docdrop_audit_points', {}, report?.points ?? 0);
	telemetry.set('docdrop_audit_left_findings', {}, report?.left ?? 0);
	for (const kind of auditKinds) telemetry.set('docdrop_audit_findings', { kind }, report?.found[kind] ?? 0);
}
