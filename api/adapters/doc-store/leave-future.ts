import type { EngineState } from './engine-state.ts';
import { restartSweep } from './sweep-rows.ts';

/** Brings the times back that a wrong clock has written. What is kept of times beside the rows is read or made anew. */
export function leaveFuture(engine: EngineState, now: number): void {
	engine.tables.leaveDocsFuture(now);
	engine.tables.leaveJobsFuture(now);
	engine.queues.reload();
	restartSweep(engine);
}
