import type { Claimed, DocKey } from '../../ports/index.ts';
import { failureOf } from '../../domain/index.ts';
import { giveBack, prepareDeletion, type LaneItem, type Prepared } from '../prepare/index.ts';
import type { FlushReason } from './autobatch.ts';
import type { LaneDeps } from './lane-deps.ts';
import type { LaneTurn } from './lane-lock.ts';
import { type Ended, endedAs, type Outcomes } from './lane-outcomes.ts';
import type { Recovery } from './lane-recovery.ts';
import { publish } from './publish.ts';

/**
 * How a lane writes one batch. A batch that the index refuses is halved until the refused document stands alone.
 *
 * The move sources of a batch follow it in a second write under the same turn of the lane's lock: as soon as their
 * successors are committed, they are claimed and removed, before anything else. A reader sees both names for no longer
 * than that, whatever waits.
 */
interface Write {
	readonly closedBy: FlushReason;
	readonly turn: LaneTurn;
	/** Monotonic ms. */
	readonly startedAt: number;
}

export function createBatchWriter(tenant: string, recovery: Recovery, outcomes: Outcomes, deps: LaneDeps) {
	const { docStore, clock, log, now, leaseMs } = deps;

	/** What fails alone is tried again when its mates are through: they may show whose fault it is, and need not wait. */
	async function write(
		batch: readonly LaneItem[],
		closedBy: FlushReason,
		turn: LaneTurn,
	): Promise<readonly Ended[]> {
		const alone: LaneItem[] = [];
		const ended = [...(await writeParts(batch, closedBy, turn, batch.length > 1 ? alone : null))];
		for (const item of alone) ended.push(...(await writeParts([item], 'points', turn, null)));
		return ended;
	}

	/** `alone`: where to leave what fails by itself; null where it is to be judged. */
	async function writeParts(
		batch: readonly LaneItem[],
		closedBy: FlushReason,
		turn: LaneTurn,
		alone: LaneItem[] | null,
	): Promise<readonly Ended[]> {
		const documents = batch.map(({ prepared }) => prepared.claimed);
		const end = await recovery.attempt(
			documents,
			() => writeOnce(batch, { closedBy, turn, startedAt: clock.monotonic() }),
			alone === null,
		);
		if (end.kind === 'done') return end.value;
		if (end.kind === 'stopping') return endedAs('left', documents);
		const [first, second] = batch;
		if (first !== undefined && second === undefined) {
			if (alone === null || end.next.kind !== 'retry')
				return [await recovery.settle(first.prepared.claimed, end, turn)];
			alone.push(first);
			return [];
		}
		const middle = batch.length >> 1;
		const ended = await writeParts(batch.slice(0, middle), 'points', turn, alone);
		return [...ended, ...(await writeParts(batch.slice(middle), 'points', turn, alone))];
	}

	async function writeOnce(batch: readonly LaneItem[], bulk: Write): Promise<readonly Ended[]> {
		const { closedBy, turn, startedAt } = bulk;
		const hasMoves = batch.some(({ prepared }) => moveSourcesOf(prepared).length > 0);
		const itemOf = new Map(batch.map((item) => [item.prepared, item]));
		const { published, lost } = await publish(
			batch.map((item) => item.prepared),
			(prepared) => {
				const { plan, reused, warnings } = prepared;
				const item = itemOf.get(prepared);
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
					publishMs: Math.round(clock.monotonic() - startedAt),
					...(warnings.length > 0 && { warnings }),
				};
			},
			// No other batch comes between a document and the removal of its move sources.
			{ ...deps, turn: hasMoves ? { enter: turn.enter, leave: () => {} } : turn },
		);
		outcomes.written(startedAt, lost.length);
		for (const prepared of published) {
			const { claimed, plan } = prepared;
			const chunks = { added: plan.added.length, kept: plan.kept.length, removed: plan.gone.length };
			const { prepareMs = 0 } = itemOf.get(prepared) ?? {};
			outcomes.published(claimed, chunks, prepareMs + clock.monotonic() - startedAt);
		}
		if (hasMoves) await removeMoveSources(published.flatMap(moveSourcesOf), bulk);
		const claimedOf = ({ claimed }: Prepared) => claimed;
		return [...endedAs('published', published.map(claimedOf)), ...endedAs('lost', lost.map(claimedOf))];
	}

	const moveSourcesOf = ({ claimed }: Prepared): DocKey[] =>
		claimed.moveSources.filter((one) => one.tenant === tenant).map(({ doc }) => doc);

	/**
	 * Documents of their own, each with its own outcome. What cannot be claimed here is claimed by the worker: these
	 * deletions wait for no successor any more.
	 */
	async function removeMoveSources(sources: readonly DocKey[], bulk: Write): Promise<void> {
		let claimed: Claimed[];
		try {
			const request = { now: now(), limit: sources.length, maxBytes: Infinity, leaseMs };
			claimed = await docStore.claim({ ...request, onlyDeletionsOf: sources });
		} catch (error) {
			return log.warn({ tenant, code: failureOf(error).code }, 'moved documents leave a little later');
		}
		// What does not fit into one removal is claimed again, by the worker, as a large document.
		const paged = claimed.filter(({ isPaged }) => isPaged);
		for (const one of paged) await giveBack(one, { retryAt: now(), counted: false, error: null }, deps);
		const taken = claimed.filter(({ isPaged }) => !isPaged);
		if (taken.length === 0) return;
		for (const one of taken) deps.onTaken(one);
		const items = taken.map((one): LaneItem => {
			const prepared = prepareDeletion(one);
			const waitMs = Math.max(0, now() - one.acceptedAt);
			const points = prepared.plan.gone.length;
			return { prepared, points, bytes: 0, readyAt: clock.monotonic(), prepareMs: 0, waitMs };
		});
		await recovery.runAndRelease(taken, bulk.turn, () => write(items, bulk.closedBy, bulk.turn));
	}

	return write;
}
