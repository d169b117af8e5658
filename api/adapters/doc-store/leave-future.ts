import type { EngineState } from './engine-state.ts';
import { recount } from './recount.ts';
import { sweepAnew } from './sweep-rows.ts';

/** Reads the queue anew, which knows of no document that becomes ready earlier than it was; and no receipt is taken for swept. */
export function leaveFuture(engine: EngineState, now: number): void {
	const { tables } = engine;
	tables.leaveDocsFuture(now);
	tables.leaveJobsFuture(now);
	sweepAnew(tables);
	recount(engine);
}
