/**
 * Tells the API how the folders of an active trigger node are, so that its `docdrop status` and `docdrop explain` know
 * them: once a minute, and soon after something changed. What does not arrive is told again by the next report, and
 * keeps nothing else waiting. Used by watching.ts where the node has a credential.
 */
import type { FolderReport, ReportedRoot } from '../../api/contract/folder-report-schema.ts';
import { limits } from '../../api/contract/limits.ts';
import type { Clock } from '../watch/clock.ts';
import type { RootStatus, WatchStatus } from '../watch/watch-status.ts';

export interface Telling {
	/** Something may be other than it was told. */
	changed(): void;
	/** Says that there will be nothing more to tell; waits for that a moment at most. */
	end(): Promise<void>;
}

export interface TellingDeps {
	readonly clock: Clock;
	/** What the reports begin with. */
	readonly head: Pick<FolderReport, 'sender' | 'tenant' | 'name'>;
	/** Null between two engines. */
	readonly status: () => WatchStatus | null;
	/** Resolves with the number of others that tell of the same source. */
	readonly send: (report: FolderReport, signal: AbortSignal) => Promise<number>;
	/** There were others, and there are none any more. */
	readonly onLeftAlone: () => void;
	/** A report did not arrive. */
	readonly onFailed: (error: unknown) => void;
}

/** Times in ms. */
const EVERY = 60_000;
const AFTER_CHANGE = 5_000;
const LAST_WAIT = 1_000;
/** Files of a kind that are named, where the report is small enough with as many. */
const NAMED = [limits.reportedFiles, 3, 0] as const;
const MOST_ROOTS = 50;
const REASON_CHARS = 300;

interface TellingState {
	readonly closing: AbortController;
	/** When the next report is due, monotonic ms. */
	dueAt: number;
	cancel: () => void;
	sending: Promise<void> | null;
	others: number;
}

export function createTelling(deps: TellingDeps): Telling {
	const { clock } = deps;
	const state: TellingState = {
		closing: new AbortController(),
		...{ dueAt: Infinity, cancel: () => {}, sending: null, others: 0 },
	};
	plan(deps, state, clock.monotonic() + AFTER_CHANGE);
	return {
		changed: () => plan(deps, state, clock.monotonic() + AFTER_CHANGE),
		async end() {
			state.closing.abort(new Error('the trigger closes'));
			state.cancel();
			const late = new AbortController();
			const nothing = { roots: [], delivery: { failures: 0, lastFailure: null }, isLast: true };
			const last = deps.send({ ...deps.head, ...nothing }, late.signal).catch(() => {});
			await Promise.race([last, clock.sleep(LAST_WAIT, late.signal).catch(() => {})]);
			late.abort(new Error('the trigger closes'));
		},
	};
}

/** Reports at `at`, unless one is due before. */
function plan(deps: TellingDeps, state: TellingState, at: number): void {
	if (state.closing.signal.aborted || state.sending !== null || at >= state.dueAt) return;
	state.cancel();
	state.dueAt = at;
	state.cancel = deps.clock.after(Math.max(0, at - deps.clock.monotonic()), () => {
		state.dueAt = Infinity;
		state.sending = tell(deps, state).finally(() => {
			state.sending = null;
			plan(deps, state, deps.clock.monotonic() + EVERY);
		});
	});
}

async function tell(deps: TellingDeps, state: TellingState): Promise<void> {
	const status = deps.status();
	if (status === null) return;
	try {
		const others = await deps.send(reportOf(deps.head, status), state.closing.signal);
		if (others === 0 && state.others > 0) deps.onLeftAlone();
		state.others = others;
	} catch (error) {
		if (!state.closing.signal.aborted) deps.onFailed(error);
	}
}

/** With as many names as the API takes. */
export function reportOf(head: TellingDeps['head'], { roots, delivery }: WatchStatus): FolderReport {
	const { failures, lastFailure } = delivery;
	const told = { failures, lastFailure: lastFailure?.slice(0, REASON_CHARS).toWellFormed() ?? null };
	const withNames = (names: number): FolderReport => ({
		...head,
		roots: roots.slice(0, MOST_ROOTS).map((root) => rootOf(root, names)),
		delivery: told,
	});
	const fits = (report: FolderReport) => Buffer.byteLength(JSON.stringify(report)) <= limits.reportBytes;
	return NAMED.map(withNames).find(fits) ?? withNames(0);
}

function rootOf(root: RootStatus, names: number): ReportedRoot {
	const away = root.unreadable.filter(({ relPath }) => relPath === '');
	const { label, mode, files, pending, inFlight, failedCount, skippedCount, lastScanAt, verifiedAt } = root;
	const remarks = (all: RootStatus['failed'], most = names) =>
		all.slice(0, most).map(({ relPath, reason }) => ({
			relPath: relPath.slice(0, limits.docIdBytes).toWellFormed(),
			reason: reason.slice(0, REASON_CHARS).toWellFormed(),
		}));
	return {
		...{ label, mode, files, pending, inFlight, failedCount, skippedCount, lastScanAt, verifiedAt },
		failed: remarks(root.failed),
		restless: root.restless
			.slice(0, names)
			.map((relPath) => relPath.slice(0, limits.docIdBytes).toWellFormed()),
		skipped: remarks(root.skipped),
		// That the folder itself is away is told of in any case.
		unreadable: [
			...remarks(away, 1),
			...remarks(root.unreadable.filter(({ relPath }) => relPath !== '')),
		].slice(0, limits.reportedFiles),
		isDelivered: root.digest === root.deliveredDigest,
		held: root.held,
	};
}
