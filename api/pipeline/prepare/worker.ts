import type { Claimed } from '../../ports/index.ts';
import { type Blame, decide } from '../faults/index.ts';
import { type EmbedStep, replaced } from './embed.ts';
import { createGate, type Gate } from './fair-queue.ts';
import { giveBack } from './give-back.ts';
import { createInWork, type InWork } from './in-work.ts';
import { isDocDropError } from '../../errors.ts';
import { capacityLeft, failureOf } from '../../domain/index.ts';
import type { Lane, LaneItem, LargeItem, OpenLane } from './lane-handover.ts';
import { prepare } from './prepare.ts';
import { isLarge, prepareLarge } from './prepare-large.ts';
import { isPatch, preparePatch, preparePatchLarge } from './prepare-patch.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * Claims documents that are due, prepares many at a time, and hands them to their tenant's lane. Owns the
 * leases: it renews them for as long as a document is in work, and memory is bounded by how much may be.
 */
export interface WorkerSettings {
	/** Documents in work at a time, and their bytes. */
	readonly maxDocuments: number;
	readonly maxBytes: number;
	/** Documents in the extractor at a time: enough to keep it busy, and no more. */
	readonly maxReading: number;
	readonly leaseMs: number;
	/** Longest time of one document in the extractor. */
	readonly stallMs: number;
	readonly maxAttempts: number;
	/** Of the index; 1 by default. */
	readonly shards?: number;
}

export interface WorkerDeps extends StepDeps {
	readonly embed: EmbedStep;
	/** Of texts. */
	readonly blame: Blame;
	readonly settings: WorkerSettings;
	readonly openLane: OpenLane;
}

export interface ChangedDocument {
	readonly tenant: string;
	readonly docId: string;
}

export interface Worker {
	/** Something may have become due: newer changes of these documents, or whatever. */
	wake(changed?: readonly ChangedDocument[]): void;
	inWork(): number;
	/** No new claims; resolves when nothing is in work. */
	drain(): Promise<void>;
}

/**
 * Of large documents one is worked on at a time, and no other is claimed. One that turned out to be large at the claim
 * gives its lease back for so long.
 */
const largePauseMs = 1_000;
/** Longest sleep without looking: a wake-up that was missed costs this much, not a document. */
const longestSleepMs = 1_000;

interface WorkerState {
	readonly inWork: InWork;
	/** Places at the extractor. */
	readonly reading: Gate;
	isDraining: boolean;
	/** Ends the sleep of the claim loop. */
	wakeUp: () => void;
	drained: () => void;
}

export function startWorker(deps: WorkerDeps): Worker {
	const { settings, openLane } = deps;
	const onFinish = () => {
		worker.wakeUp();
		if (inWork.count() === 0) worker.drained();
	};
	const inWork = createInWork({ openLane, shards: settings.shards ?? 1, notes: deps.notes, onFinish });
	const reading = createGate(settings.maxReading, deps.weightOf);
	const worker: WorkerState = { inWork, reading, isDraining: false, wakeUp: () => {}, drained: () => {} };
	void claimLoop(worker, deps);
	void renewLoop(inWork, deps);
	return {
		wake(changed = []) {
			for (const { tenant, docId } of changed) {
				const jobId = inWork.jobOf(tenant, docId);
				if (jobId !== null) deps.embed.replace(jobId);
			}
			worker.wakeUp();
		},
		inWork: () => inWork.count(),
		drain: () => {
			worker.isDraining = true;
			return new Promise((resolve) => {
				worker.drained = resolve;
				if (inWork.count() === 0) resolve();
			});
		},
	};
}

async function claimLoop(worker: WorkerState, deps: WorkerDeps): Promise<void> {
	await deps.begins;
	while (!deps.signal.aborted) {
		const woken = new Promise<void>((resolve) => (worker.wakeUp = resolve));
		const sleepMs = await claim(worker, deps);
		if (sleepMs === 0) continue;
		const sleeping = new AbortController();
		await Promise.race([woken, deps.clock.sleep(sleepMs, sleeping.signal).catch(() => {})]);
		sleeping.abort();
	}
}

/** Takes on what there is capacity for. Returns after how many ms to look again; 0 where more may be due. */
async function claim(worker: WorkerState, deps: WorkerDeps): Promise<number> {
	const { docStore, now, crashPoint, log, settings } = deps;
	const inWork = worker.inWork.usage();
	const limits = { documents: settings.maxDocuments, bytes: settings.maxBytes };
	const { documents: limit, bytes: maxBytes, mayExceed } = capacityLeft(limits, inWork);
	if (worker.isDraining || limit <= 0) return longestSleepMs;
	try {
		const at = now();
		const { leaseMs } = settings;
		const mostLarge = worker.inWork.hasLarge() ? 0 : 1;
		const bounds = { limit, maxBytes, mayExceed, mostLarge };
		const claimed = await docStore.claim({ now: at, ...bounds, leaseMs, inWork });
		if (claimed.length > 0) {
			crashPoint('after-lease');
			for (const one of claimed) void workOn(one, worker, deps);
			return 0;
		}
		const due = await docStore.nextDueAt();
		// What is due and was not claimed waits for capacity: every document that is finished with wakes the loop.
		if (due !== null && due > at) return Math.min(longestSleepMs, Math.max(1, due - now()));
	} catch (error) {
		log.error({ error }, 'the document store could not be asked for work');
	}
	return longestSleepMs;
}

async function renewLoop(inWork: InWork, deps: WorkerDeps): Promise<void> {
	const { docStore, clock, now, log, settings, signal } = deps;
	while (!signal.aborted) {
		await clock.sleep(settings.leaseMs / 3, signal).catch(() => {});
		const leases = inWork.leases();
		if (signal.aborted || leases.length === 0) continue;
		await docStore
			.renew(leases, now() + settings.leaseMs)
			.catch((error: unknown) => log.error({ error }, 'leases could not be renewed'));
	}
}

/** From the claim of a document to its lane, or back. */
async function workOn(claimed: Claimed, worker: WorkerState, deps: WorkerDeps): Promise<void> {
	const { inWork, reading } = worker;
	if (isLarge(claimed) && inWork.hasLarge()) {
		const retryAt = deps.now() + largePauseMs;
		return giveBack(claimed, { retryAt, counted: false, error: null }, deps);
	}
	const own = inWork.take(claimed);
	// A batch of its lane waits for a document that is being prepared, but not for a large one: that may take minutes.
	const isAwaited = !isLarge(claimed);
	if (isAwaited) own.preparing += 1;
	const result = await prepareItem(claimed, reading, deps);
	if (isAwaited) own.preparing -= 1;
	if (result.kind === 'item') own.lane.add(result.item);
	else if (result.kind === 'large') own.lane.addLarge(result.item);
	else if (!deps.signal.aborted) await afterFailure(claimed, result.error, own.lane, inWork, deps);
	if (isAwaited) own.lane.nudge();
}

type Preparation =
	| { readonly kind: 'item'; readonly item: LaneItem }
	| { readonly kind: 'large'; readonly item: LargeItem }
	| { readonly kind: 'failed'; readonly error: unknown };

async function prepareItem(claimed: Claimed, reading: Gate, deps: WorkerDeps): Promise<Preparation> {
	const { clock, now, crashPoint, telemetry, settings } = deps;
	const startedAt = clock.monotonic();
	const waitMs = Math.max(0, now() - claimed.acceptedAt);
	telemetry.observe('docdrop_wait_seconds', {}, waitMs / 1000);
	const measured = () => {
		crashPoint('after-embed');
		const readyAt = clock.monotonic();
		telemetry.observe('docdrop_prepare_seconds', {}, (readyAt - startedAt) / 1000);
		return { waitMs, readyAt, prepareMs: readyAt - startedAt };
	};
	try {
		if (isLarge(claimed)) {
			const prepared = isPatch(claimed)
				? await preparePatchLarge(claimed, deps)
				: await prepareLarge(claimed, { ...deps, reading });
			deps.blame.forget(claimed.lease.doc);
			return { kind: 'large', item: { prepared, ...measured() } };
		}
		const prepared = isPatch(claimed)
			? await preparePatch(claimed, deps)
			: await prepare(claimed, { ...deps, reading, stallMs: settings.stallMs });
		deps.blame.forget(claimed.lease.doc);
		const times = measured();
		const points = prepared.plan.added.length + prepared.plan.gone.length;
		const bytes = prepared.points.reduce(
			(sum, point) => sum + point.content.length + point.vector.byteLength,
			0,
		);
		return { kind: 'item', item: { prepared, points, bytes, ...times } };
	} catch (error) {
		return { kind: 'failed', error };
	}
}

/** Carries out what retry.ts decides about a document that could not be prepared. */
async function afterFailure(
	claimed: Claimed,
	error: unknown,
	lane: Lane,
	inWork: InWork,
	deps: WorkerDeps,
): Promise<void> {
	const { now, random, log, telemetry, settings, blame } = deps;
	const { attempts, tenant, docId, lease } = claimed;
	if (error === replaced) {
		await giveBack(claimed, { retryAt: now(), counted: false, error: null }, deps);
		return inWork.finish(claimed);
	}
	const isOwn = isDocDropError(error) && error.isOwn;
	const { othersServed, failures } = isOwn ? blame.failed(lease.doc) : { othersServed: true, failures: 0 };
	const next = decide(error, {
		documents: 1,
		attempts,
		maxAttempts: settings.maxAttempts,
		othersServed,
		previousMs: 500 * 3 ** Math.max(attempts, failures),
		random,
	});
	if (next.kind === 'dead') blame.forget(lease.doc);
	const failure = failureOf(error);
	telemetry.count('docdrop_retries_total', { code: failure.code });
	if (failure.code === 'internal')
		log.error({ tenant, docId, error }, 'preparing a document failed unexpectedly');
	if (next.kind === 'dead' || next.kind === 'split') return lane.deadLetter(claimed, error);
	if (next.kind === 'wait' || isOwn)
		log.warn({ tenant, docId, code: failure.code, waitMs: next.afterMs }, 'a document waits to be prepared');
	const retryAt = now() + next.afterMs;
	const counted = next.kind === 'retry' && next.counted;
	await giveBack(claimed, { retryAt, counted, error: failure }, deps);
	inWork.finish(claimed);
}
