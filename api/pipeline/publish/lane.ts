import type { Claimed, DocKey } from '../../ports/work-claims.ts';
import { autobatch, type BatchLimits, type FlushReason } from './autobatch.ts';
import { failureOf } from '../../domain/index.ts';
import { createLargeWriter, type LargeDeps } from './lane-large.ts';
import { createLaneLock, type LaneTurn } from './lane-lock.ts';
import { createOutcomes, type OutcomesDeps } from './lane-outcomes.ts';
import { createRecovery, type RecoveryDeps } from './lane-recovery.ts';
import {
	prepareDeletion,
	type Lane,
	type LaneHooks,
	type LaneItem,
	type Prepared,
} from '../prepare/index.ts';
import { publish } from './publish.ts';

/**
 * A tenant's lane: prepared documents go into the index in bulk writes, one at a time. Lanes of different
 * tenants run side by side, and a bulk write never mixes them. While one batch is written, a full one behind it
 * already makes its intent durable, and the one before it its manifest: the document store and the index work
 * at the same time. Their documents are different ones, so the protocol does not mind.
 *
 * A lane holds its batch while the index is away: the documents stay leased (the worker renews) and nothing
 * is prepared or embedded twice. A batch that the index refuses is halved until the refused document stands
 * alone; that one is buried, after its strays were removed.
 *
 * What moved away is part of the bulk write that carries its successor: as soon as that is committed, the lane takes
 * the old names on and removes them, before anything else. A reader sees both for no longer than that, whatever waits.
 */
export interface LaneDeps extends LaneHooks, RecoveryDeps, OutcomesDeps, LargeDeps {
	readonly limits: BatchLimits;
	readonly leaseMs: number;
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
	const { docStore, clock, log, telemetry, contention, limits, signal, now } = deps;
	let items: readonly LaneItem[] = [];
	const deadLetters: { readonly claimed: Claimed; readonly error: unknown }[] = [];
	const lock = createLaneLock(() => clock.monotonic());
	const outcomes = createOutcomes(tenant, deps);
	const recovery = createRecovery(tenant, outcomes, deps);
	const { deadLetter } = recovery;
	const writeLarge = createLargeWriter(tenant, lock, recovery, outcomes, deps);
	/** Batches and burials on their way. */
	let open = 0;
	let cancelTimer: (() => void) | null = null;

	function run(): void {
		while (open < mostOpen && !signal.aborted) {
			const act = nextAct();
			if (act === null) return;
			open += 1;
			act()
				// Only a defect ends here: what has left the lane is done with, the rest is begun again by the next call.
				.catch((error: unknown) => log.error({ tenant, error }, 'a lane stopped unexpectedly'))
				.finally(() => {
					open -= 1;
					run();
				});
		}
	}

	function nextAct(): (() => Promise<void>) | null {
		const letter = deadLetters.shift();
		if (letter !== undefined) {
			const { claimed, error } = letter;
			return () =>
				runAndRelease([claimed], (turn) => recovery.run([], turn, () => deadLetter(claimed, error, turn)));
		}
		const closed = autobatch(items, limits, clock.monotonic(), !deps.isMoreComing());
		// What would travel in part gathers company for as long as another batch is on its way.
		if (open > 0 && closed?.flushReason !== 'points' && closed?.flushReason !== 'bytes') return null;
		if (closed === null) {
			if (items.length > 0 && cancelTimer === null) {
				cancelTimer = clock.after(limits.ageMs, () => {
					cancelTimer = null;
					run();
				});
			}
			return null;
		}
		items = closed.rest;
		return () =>
			runAndRelease(
				closed.batch.map(({ prepared }) => prepared.claimed),
				async (turn) => {
					telemetry.count('docdrop_batches_total', { closed_by: closed.flushReason });
					await write(closed.batch, closed.flushReason, turn);
				},
				lock.turn(() => {
					// Before it was free last, the lane wrote something else; what came since has not waited for it.
					for (const { readyAt } of closed.batch)
						contention.waited(tenant, Math.max(0, lock.freedAt() - readyAt));
				}),
			);
	}

	/**
	 * Everything that leaves `items` or `letters` goes through here, and so is done with once, whatever happens:
	 * a document that nobody is done with would have its lease renewed for ever.
	 */
	async function runAndRelease(
		documents: readonly Claimed[],
		act: (turn: LaneTurn) => Promise<void>,
		turn = lock.turn(),
	): Promise<void> {
		try {
			await act(turn);
		} catch (error) {
			// Only a defect, for everything expected is decided in `settle`. The leases run out, and the work is done again.
			log.error({ tenant, error }, 'the work of a lane failed unexpectedly');
		} finally {
			turn.leave();
			for (const claimed of documents) deps.onDone(claimed);
		}
	}

	const write = (batch: readonly LaneItem[], closedBy: FlushReason, turn: LaneTurn) =>
		recovery.run(
			batch.map(({ prepared }) => prepared.claimed),
			turn,
			() => writeOnce(batch, closedBy, turn),
			async (middle) => {
				await write(batch.slice(0, middle), 'points', turn);
				await write(batch.slice(middle), 'points', turn);
			},
		);

	async function writeOnce(
		batch: readonly LaneItem[],
		closedBy: FlushReason,
		turn: LaneTurn,
		start = clock.monotonic(),
	): Promise<void> {
		// No other batch comes between the new names and the old ones.
		const left = batch.flatMap(({ prepared }) => namesLeft(prepared));
		const byLease = new Map(batch.map((item) => [item.prepared.claimed.lease, item]));
		const { published, lost } = await publish(
			batch.map((item) => item.prepared),
			({ claimed, plan, reused }) => {
				const item = byLease.get(claimed.lease);
				return {
					added: plan.added.length,
					kept: plan.kept.length,
					removed: plan.gone.length,
					embedded: plan.added.length - reused,
					...(reused > 0 && { reused }),
					closedBy,
					...(item !== undefined && {
						waitMs: Math.round(item.waitMs),
						prepareMs: Math.round(item.prepareMs),
					}),
					publishMs: Math.round(clock.monotonic() - start),
				};
			},
			{ ...deps, turn: left.length > 0 ? { enter: turn.enter, leave: () => {} } : turn },
		);
		outcomes.written(start, lost.length);
		for (const { claimed, plan } of published) {
			const chunks = { added: plan.added.length, kept: plan.kept.length, removed: plan.gone.length };
			const { prepareMs = 0 } = byLease.get(claimed.lease) ?? {};
			outcomes.published(claimed, chunks, prepareMs + clock.monotonic() - start);
		}
		if (left.length > 0) await removeLeft(published.flatMap(namesLeft), closedBy, turn, start);
	}

	const namesLeft = ({ claimed }: Prepared): DocKey[] =>
		claimed.moveSources.filter((one) => one.tenant === tenant).map(({ doc }) => doc);

	/** The names that published documents had before. What fails here is begun again by itself: they wait no more. */
	async function removeLeft(
		leaving: readonly DocKey[],
		closedBy: FlushReason,
		turn: LaneTurn,
		start: number,
	): Promise<void> {
		const { leaseMs } = deps;
		let taken: Claimed[];
		try {
			const request = {
				now: now(),
				limit: leaving.length,
				maxBytes: Infinity,
				leaseMs,
				onlyDeletionsOf: leaving,
			};
			taken = await docStore.claim(request);
		} catch (error) {
			return log.warn({ tenant, code: failureOf(error).code }, 'moved documents leave a little later');
		}
		// What does not fit into one removal is claimed again, by the worker, as a large document.
		const paged = taken.filter(({ isPaged }) => isPaged);
		const giveBack = paged.map(({ lease }) => ({ lease, retryAt: now(), counted: false, error: null }));
		if (paged.length > 0) await docStore.release(giveBack, now()).catch(() => {});
		taken = taken.filter(({ isPaged }) => !isPaged);
		if (taken.length === 0) return;
		for (const claimed of taken) deps.onTaken(claimed);
		const items = taken.map((claimed): LaneItem => {
			const prepared = prepareDeletion(claimed);
			const waitMs = Math.max(0, now() - claimed.acceptedAt);
			const points = prepared.plan.gone.length;
			return { prepared, points, bytes: 0, readyAt: clock.monotonic(), prepareMs: 0, waitMs };
		});
		await runAndRelease(
			taken,
			() => recovery.run(taken, turn, () => writeOnce(items, closedBy, turn, start)),
			turn,
		);
	}

	return {
		add(item) {
			const at = items.findIndex((other) => placeOf(other) > placeOf(item));
			items = items.toSpliced(at < 0 ? items.length : at, 0, item);
			run();
		},
		deadLetter(claimed, error) {
			deadLetters.push({ claimed, error });
			run();
		},
		addLarge: (large) => void writeLarge(large),
		nudge: () => items.length > 0 && run(),
	};
}
