import { type DocState, keptEpochs, type KnownEpoch, mayForget, orderOfUnknown } from '../../domain/index.ts';
import type { EngineState } from './engine-state.ts';
import type { Tables } from './tables.ts';

/**
 * Sources' epochs. Anybody can name epochs without end, so that one is written down only with a change that is taken,
 * and each one that is written down pays for a look at others that may be forgotten.
 */
type Epoch = Pick<DocState, 'sourceId' | 'epoch'>;

/** Looked at for each epoch that comes: with more than one, garbage cannot grow faster than it goes. */
const lookedAt = 2;

/** Asking writes nothing down. */
export const epochOrderOf = (tables: Tables, { sourceId, epoch }: Epoch, now: number): number =>
	tables.epochOrder(sourceId, epoch) ??
	orderOfUnknown(epoch, {
		newest: () => tables.newestEpochs(sourceId, keptEpochs).map((one) => one.epoch),
		next: tables.nextEpochOrder(),
		now,
	});

/** Before a document's row says that it is of the epoch. `name`: what people know the source by, where it is said. */
export function noteEpoch(
	engine: EngineState,
	{ sourceId, epoch, epochOrder }: Pick<DocState, 'sourceId' | 'epoch' | 'epochOrder'>,
	name: string | null,
): void {
	const { tables } = engine;
	if (tables.epochOrder(sourceId, epoch) !== undefined) {
		if (name !== null) tables.nameEpoch(sourceId, epoch, name);
		return;
	}
	sweepEpochs(engine, lookedAt);
	tables.insertEpoch({ sourceId, epoch, epochOrder }, name);
}

/** Looks at the next `limit` epochs, round and round, and forgets those that nothing is lost with. */
export function sweepEpochs({ tables, sweep }: EngineState, limit: number): void {
	const page = tables.epochsPage(sweep.epochsAfter, limit);
	sweep.epochsAfter = page.length < limit ? 0 : (page.at(-1)?.key ?? 0);
	const next = tables.nextEpochOrder();
	const known = new Map<string, readonly KnownEpoch[]>();
	for (const one of page) {
		if (tables.isEpochUsed(one.key)) continue;
		const newest = known.get(one.sourceId) ?? tables.newestEpochs(one.sourceId, keptEpochs);
		known.set(one.sourceId, newest);
		const isSourceUsed = () => newest.some(({ key }) => tables.isEpochUsed(key));
		if (mayForget(one, { newest, isSourceUsed, next })) tables.removeEpoch(one.key);
	}
}
