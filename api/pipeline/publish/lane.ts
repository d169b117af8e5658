import type { Claimed } from '../../ports/index.ts';
import type { Lane, LaneItem } from '../prepare/index.ts';
import { autobatch, type Batch, type BatchLimits } from './autobatch.ts';
import { createBatchWriter } from './lane-batch.ts';
import type { LaneDeps } from './lane-deps.ts';
import { createLargeWriter } from './lane-large.ts';
import { createLaneLock } from './lane-lock.ts';
import { createOutcomes } from './lane-outcomes.ts';
import { createRecovery } from './lane-recovery.ts';

/**
 * A tenant's lane: prepared documents go into the index in bulk writes, one at a time. Lanes of different
 * tenants run side by side, and a bulk write never mixes them. While one batch is written, a full one behind it
 * already makes its intent durable, and the one before it its manifest: the document store and the index work
 * at the same time. Their documents are different ones, so the protocol does not mind.
 *
 * A lane keeps its batch while the index is away: the documents stay leased (the worker renews) and nothing
 * is prepared or embedded twice.
 */
interface DeadLetter {
	readonly claimed: Claimed;
	readonly error: unknown;
}

/** What waits in the lane, and how much of it is on its way. */
interface LaneQueue {
	items: readonly LaneItem[];
	readonly deadLetters: DeadLetter[];
	/** Batches and dead letters on their way. */
	open: number;
	/** Somebody looks again when the oldest item has waited long enough. */
	isTimed: boolean;
}

/** Batches of one lane between intent and manifest: one is written, one before it and one behind it are not. */
const mostOpen = 3;

/**
 * Where an item stands in its lane: an edit goes before what has become ready up to a second ago for an
 * onboarding or a retry. As the lead is a time, nothing is passed over for longer.
 */
const interactiveLead = 1_000;
const placeOf = ({ readyAt, prepared }: LaneItem): number =>
	readyAt + (prepared.claimed.class === 0 ? 0 : interactiveLead);

export function createLane(tenant: string, deps: LaneDeps): Lane {
	const { clock, log, telemetry, contention, limits, signal } = deps;
	const queue: LaneQueue = { items: [], deadLetters: [], open: 0, isTimed: false };
	const lock = createLaneLock(() => clock.monotonic());
	const outcomes = createOutcomes(tenant, deps);
	const recovery = createRecovery(tenant, outcomes, deps);
	const writeBatch = createBatchWriter(tenant, recovery, outcomes, deps);
	const writeLarge = createLargeWriter(lock, recovery, outcomes, deps);

	function run(): void {
		while (queue.open < mostOpen && !signal.aborted) {
			const next = takeNext(queue, limits, clock.monotonic(), !deps.isMoreComing());
			if (next === null) return lookAgainLater();
			queue.open += 1;
			('batch' in next ? write(next) : deadLetter(next))
				// Only a defect ends here: what has left the lane is done with, the rest is begun again by the next call.
				.catch((error: unknown) => log.error({ tenant, error }, 'a lane stopped unexpectedly'))
				.finally(() => {
					queue.open -= 1;
					run();
				});
		}
	}

	function lookAgainLater(): void {
		if (queue.open > 0 || queue.items.length === 0 || queue.isTimed) return;
		queue.isTimed = true;
		clock.after(limits.ageMs, () => {
			queue.isTimed = false;
			run();
		});
	}

	function deadLetter({ claimed, error }: DeadLetter): Promise<void> {
		const turn = lock.turn();
		return recovery.runAndRelease([claimed], turn, async () => [
			await recovery.deadLetter(claimed, error, turn),
		]);
	}

	function write({ batch, flushReason }: Batch<LaneItem>): Promise<void> {
		const turn = lock.turn(() => {
			// Before it was free last, the lane wrote something else; what came since has not waited for it.
			for (const { readyAt } of batch) contention.waited(tenant, Math.max(0, lock.freedAt() - readyAt));
		});
		const documents = batch.map(({ prepared }) => prepared.claimed);
		return recovery.runAndRelease(documents, turn, () => {
			telemetry.count('docdrop_batches_total', { closed_by: flushReason });
			return writeBatch(batch, flushReason, turn);
		});
	}

	return {
		add(item) {
			const at = queue.items.findIndex((other) => placeOf(other) > placeOf(item));
			queue.items = queue.items.toSpliced(at < 0 ? queue.items.length : at, 0, item);
			run();
		},
		deadLetter(claimed, error) {
			queue.deadLetters.push({ claimed, error });
			run();
		},
		addLarge: (large) => void writeLarge(large),
		nudge: () => queue.items.length > 0 && run(),
	};
}

/** Dead letters go first; null where nothing is to be done yet. */
function takeNext(
	queue: LaneQueue,
	limits: BatchLimits,
	now: number,
	isLast: boolean,
): DeadLetter | Batch<LaneItem> | null {
	const letter = queue.deadLetters.shift();
	if (letter !== undefined) return letter;
	const closed = autobatch(queue.items, limits, now, isLast);
	if (closed === null) return null;
	const isFull = closed.flushReason === 'points' || closed.flushReason === 'bytes';
	// What is not full gathers company for as long as another batch is on its way.
	if (queue.open > 0 && !isFull) return null;
	queue.items = closed.rest;
	return closed;
}
