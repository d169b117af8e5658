import type { DocKey } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { countRefusals } from './refusal-receipts.ts';

/** Runs calls in one durable transaction; when it is undone, memory goes back with it. */
export function inTransaction<T>(engine: EngineState, run: () => T): T {
	let result: T;
	try {
		result = engine.tables.transaction(run);
	} catch (error) {
		goBack(engine);
		throw error;
	}
	const doomed = engine.transaction.doomedBlobs;
	engine.transaction.undoSteps = [];
	engine.transaction.doomedBlobs = [];
	for (const blob of doomed) engine.blobs.remove(blob);
	return result;
}

/** Leases and ledgers go back step by step; what only counts rows is counted from them again. */
function goBack(engine: EngineState): void {
	for (const step of engine.transaction.undoSteps.reverse()) step();
	engine.transaction.undoSteps = [];
	engine.transaction.doomedBlobs = [];
	recount(engine);
	engine.queues.reload();
	engine.progress.reload();
}

/** After rows have come or gone without being counted one by one. */
export function recount(engine: EngineState): void {
	Object.assign(engine.counts, engine.tables.counts());
	Object.assign(engine.refusals, countRefusals(engine.tables));
}

/** Sets a value in memory, or removes it (null), so that an undone transaction takes it back. */
export function setUndoably<V>(
	{ transaction }: EngineState,
	map: Map<DocKey, V>,
	key: DocKey,
	value: V | null,
): void {
	const before = map.get(key);
	if (value === before || (value === null && before === undefined)) return;
	transaction.undoSteps.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)));
	if (value === null) map.delete(key);
	else map.set(key, value);
}
