import type { StoreStats } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';

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
