import type { StoreStats, SweepRequest } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { recount } from './engine-transaction.ts';
import { isHeldKey } from './repair-holds.ts';
import { sweepEpochs } from './source-epochs.ts';

export function sweep(engine: EngineState, request: SweepRequest): { jobs: number; tombstones: number } {
	const { tables, leases } = engine;
	const { now, limit } = request;
	const { removed: jobs, last } = tables.removeOldJobs(now - request.jobMs, engine.sweep.after, limit);
	engine.sweep.after = last;
	if (jobs > 0) recount(engine);
	let tombstones = 0;
	for (const doc of tables.oldTombstones(now - request.tombstoneMs, limit)) {
		if (leases.byDoc.has(doc) || isHeldKey(engine, doc)) continue;
		tables.removeDoc(doc);
		tombstones += 1;
	}
	tables.compactBodies(limit);
	sweepEpochs(engine, limit);
	return { jobs, tombstones };
}

/** Reads the queue anew, which knows of no document that becomes ready earlier than it was. */
export function leaveFuture({ tables, queues }: EngineState, now: number): void {
	tables.leaveDocsFuture(now);
	tables.leaveJobsFuture(now);
	queues.reload();
}

export function stats({ tables, counts, leases, queues, credits }: EngineState): StoreStats {
	const first = queues.first();
	return {
		...counts,
		jobs: { ...counts.jobs },
		leased: leases.byDoc.size,
		credits: credits.stats(),
		oldestPendingAt: first === null ? null : (tables.docByKey(first)?.state.wanted.acceptedAt ?? null),
	};
}
