import type { EngineState } from './engine-state.ts';
import { recount } from './recount.ts';

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
	engine.transaction.wasRecounted = false;
	for (const blob of doomed) engine.blobs.remove(blob);
	return result;
}

/** Whatever is known in memory goes back step by step: it costs what the transaction did, not what the store holds. */
function goBack(engine: EngineState): void {
	for (const step of engine.transaction.undoSteps.reverse()) step();
	engine.transaction.undoSteps = [];
	engine.transaction.doomedBlobs = [];
	if (engine.transaction.wasRecounted) recount(engine);
	engine.transaction.wasRecounted = false;
}
