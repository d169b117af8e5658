import type { Clock } from '../../ports/time.ts';
import type { DocStore } from '../../ports/doc-store.ts';
import type { Claimed, DocKey } from '../../ports/work-claims.ts';
import type { Extractor } from '../../ports/extractor.ts';
import type { Spools } from '../../ports/spool.ts';
import type { VectorStore } from '../../ports/vector-store.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import { type Breaker, decide, type ReachCrashPoint } from '../faults/index.ts';
import type { EmbedStep } from './embed.ts';
import { createGate } from './fair-queue.ts';
import { createUsage, failureOf, capacityLeft, shardOf } from '../../domain/index.ts';
import type { Lane, OpenLane } from './lane-handover.ts';
import { prepare } from './prepare.ts';
import { isLarge, prepareLarge } from './prepare-large.ts';

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

export interface WorkerDeps {
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly extractor: Extractor;
	readonly embed: EmbedStep;
	readonly spools: Spools;
	readonly breaker: Breaker;
	readonly clock: Clock;
	/** Store time, ms. */
	readonly now: () => number;
	readonly random: () => number;
	readonly crashPoint: ReachCrashPoint;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly settings: WorkerSettings;
	readonly openLane: OpenLane;
	/** A tenant's share of the work relative to the others'. */
	readonly weightOf?: ((tenant: string) => number) | undefined;
	/** Aborted when the process stops: whatever is in work is left, its leases die with the process. */
	readonly signal: AbortSignal;
}

export interface Worker {
	/** Something may have become due. */
	wake(): void;
	inWork(): number;
	/** No new claims; resolves when nothing is in work. */
	drain(): Promise<void>;
}

/** What a large document counts for, however large it is: only pages of it are in memory. */
const largeWeight = 8 * 1_048_576;
/** Of large documents one is worked on at a time; the others give their lease back for so long. */
const largePauseMs = 1_000;

const weightOf = (claimed: Claimed): number =>
	isLarge(claimed) ? largeWeight : (claimed.content?.size ?? 0);

/** Longest sleep without looking: a wake-up that was missed costs this much, not a document. */
const longestSleepMs = 1_000;

export function startWorker(deps: WorkerDeps): Worker {
	const { docStore, clock, now, crashPoint, log, telemetry, settings, signal } = deps;
	const inWork = new Map<DocKey, Claimed>();
	const lanes = new Map<string, { readonly lane: Lane; documents: number; preparing: number }>();
	const loads = createUsage();
	const reading = createGate(settings.maxReading, deps.weightOf);
	let largeInWork: Claimed | null = null;
	let isDraining = false;
	let wakeUp = () => {};
	let drained = () => {};

	/** A tenant has a lane for each shard of its index. */
	const laneKey = ({ tenant, docId }: Claimed) =>
		JSON.stringify([tenant, shardOf(docId, settings.shards ?? 1)]);

	function laneOf(claimed: Claimed) {
		const { tenant } = claimed;
		const key = laneKey(claimed);
		const known = lanes.get(key);
		if (known !== undefined) return known;
		const made = {
			lane: deps.openLane(tenant, {
				isMoreComing: () => (lanes.get(key)?.preparing ?? 0) > 0,
				onTaken: take,
				onDone: finish,
			}),
			documents: 0,
			preparing: 0,
		};
		lanes.set(key, made);
		return made;
	}

	function take(claimed: Claimed): void {
		inWork.set(claimed.lease.doc, claimed);
		loads.begin(claimed, weightOf(claimed));
		laneOf(claimed).documents += 1;
	}

	function finish(claimed: Claimed): void {
		// Where the lease was lost meanwhile, the document may have been claimed anew.
		if (inWork.get(claimed.lease.doc) === claimed) inWork.delete(claimed.lease.doc);
		loads.end(claimed, weightOf(claimed));
		if (largeInWork === claimed) largeInWork = null;
		const own = laneOf(claimed);
		own.documents -= 1;
		if (own.documents === 0) lanes.delete(laneKey(claimed));
		wakeUp();
		if (inWork.size === 0) drained();
	}

	async function begin(claimed: Claimed): Promise<void> {
		if (isLarge(claimed) && largeInWork !== null) return postpone(claimed);
		take(claimed);
		const own = laneOf(claimed);
		const start = clock.monotonic();
		const waitMs = Math.max(0, now() - claimed.acceptedAt);
		telemetry.observe('docdrop_wait_seconds', {}, waitMs / 1000);
		if (isLarge(claimed)) return beginLarge(claimed, own.lane, start, waitMs);
		own.preparing += 1;
		try {
			const prepared = await prepare(claimed, { ...deps, reading, stallMs: settings.stallMs });
			crashPoint('after-embed');
			const readyAt = clock.monotonic();
			telemetry.observe('docdrop_prepare_seconds', {}, (readyAt - start) / 1000);
			own.preparing -= 1;
			const { added, gone } = prepared.plan;
			const bytes = prepared.points.reduce(
				(sum, point) => sum + point.content.length + point.vector.byteLength,
				0,
			);
			own.lane.add({
				prepared,
				points: added.length + gone.length,
				bytes,
				readyAt,
				prepareMs: readyAt - start,
				waitMs,
			});
		} catch (error) {
			own.preparing -= 1;
			if (!signal.aborted) await giveBack(claimed, error, own.lane);
		}
		own.lane.nudge();
	}

	/** Its mates do not wait for it: it may take minutes. */
	async function beginLarge(claimed: Claimed, lane: Lane, start: number, waitMs: number): Promise<void> {
		largeInWork = claimed;
		try {
			const prepared = await prepareLarge(claimed, { ...deps, reading });
			crashPoint('after-embed');
			const prepareMs = clock.monotonic() - start;
			telemetry.observe('docdrop_prepare_seconds', {}, prepareMs / 1000);
			lane.addLarge({ prepared, prepareMs, waitMs });
		} catch (error) {
			if (!signal.aborted) await giveBack(claimed, error, lane);
		}
	}

	async function postpone({ lease, tenant }: Claimed): Promise<void> {
		await docStore
			.release([{ lease, retryAt: now() + largePauseMs, counted: false, error: null }], now())
			.catch((error: unknown) =>
				log.error({ tenant, error }, 'a lease could not be given back; it will run out'),
			);
	}

	async function giveBack(claimed: Claimed, error: unknown, lane: Lane): Promise<void> {
		const { random } = deps;
		const { attempts, lease, tenant, docId } = claimed;
		const next = decide(error, {
			documents: 1,
			attempts,
			maxAttempts: settings.maxAttempts,
			previousMs: 500 * 3 ** attempts,
			random,
		});
		const failure = failureOf(error);
		telemetry.count('docdrop_retries_total', { code: failure.code });
		if (failure.code === 'internal')
			log.error({ tenant, docId, error }, 'preparing a document failed unexpectedly');
		if (next.kind === 'dead' || next.kind === 'split') return lane.deadLetter(claimed, error);
		if (next.kind === 'wait')
			log.warn(
				{ tenant, docId, code: failure.code, waitMs: next.afterMs },
				'a document waits to be prepared',
			);
		const retryAt = now() + next.afterMs;
		await docStore
			.release([{ lease, retryAt, counted: next.kind === 'retry', error: failure }], now())
			.catch((reason: unknown) =>
				log.error({ tenant, error: reason }, 'a lease could not be given back; it will run out'),
			);
		finish(claimed);
	}

	async function loop(): Promise<void> {
		while (!signal.aborted) {
			const flows = loads.list();
			const { documents, bytes, mayExceed } = capacityLeft(
				{ documents: settings.maxDocuments, bytes: settings.maxBytes },
				flows,
			);
			let sleepMs = longestSleepMs;
			const woken = new Promise<void>((resolve) => (wakeUp = resolve));
			if (!isDraining && documents > 0) {
				try {
					const at = now();
					const claimed = await docStore.claim({
						now: at,
						limit: documents,
						maxBytes: bytes,
						leaseMs: settings.leaseMs,
						inWork: flows,
						mayExceed,
					});
					if (claimed.length > 0) {
						crashPoint('after-lease');
						for (const one of claimed) void begin(one);
						continue;
					}
					const due = await docStore.nextDueAt();
					// What is due and was not claimed waits for room: whatever is done with wakes us.
					if (due !== null && due > at) sleepMs = Math.min(longestSleepMs, Math.max(1, due - now()));
				} catch (error) {
					log.error({ error }, 'the document store could not be asked for work');
				}
			}
			const sleeping = new AbortController();
			await Promise.race([woken, clock.sleep(sleepMs, sleeping.signal).catch(() => {})]);
			sleeping.abort();
		}
	}

	async function renewLoop(): Promise<void> {
		while (!signal.aborted) {
			await clock.sleep(settings.leaseMs / 3, signal).catch(() => {});
			const leases = [...inWork.values()].map((claimed) => claimed.lease);
			if (signal.aborted || leases.length === 0) continue;
			await docStore
				.renew(leases, now() + settings.leaseMs)
				.catch((error: unknown) => log.error({ error }, 'leases could not be renewed'));
		}
	}

	void loop();
	void renewLoop();
	return {
		wake: () => wakeUp(),
		inWork: () => inWork.size,
		drain: () => {
			isDraining = true;
			return new Promise((resolve) => {
				drained = resolve;
				if (inWork.size === 0) resolve();
			});
		},
	};
}
