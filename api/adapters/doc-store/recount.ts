import type { EngineState } from './engine-state.ts';
import { countRefusals } from './refusal-receipts.ts';

/**
 * Counts everything from the rows again. For what nobody could count one by one, which is a row that cannot be read, and
 * times that all move at once; it costs what a start costs after a crash.
 */
export function recount(engine: EngineState): void {
	const { tables } = engine;
	Object.assign(engine.counts, tables.counts());
	Object.assign(engine.refusals, countRefusals(tables));
	engine.queues.reload();
	engine.progress.reload(tables.progress());
	engine.transaction.wasRecounted = true;
}
