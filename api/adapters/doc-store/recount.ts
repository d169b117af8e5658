import type { EngineState } from './engine-state.ts';
import { countRefusals } from './refusal-receipts.ts';

/**
 * Counts everything from the rows again, where the times of all of them have moved at once. It costs what a start costs
 * after a crash, and is done at a start alone.
 */
export function recount(engine: EngineState): void {
	const { tables } = engine;
	Object.assign(engine.counts, tables.counts());
	Object.assign(engine.refusals, countRefusals(tables));
	engine.queues.reload();
	engine.progress.reload(tables.progress());
	engine.points.reload(tables.points());
	engine.transaction.wasRecounted = true;
}
