import type { LaneDeps } from './lane-deps.ts';
import type { LaneLock } from './lane-lock.ts';
import type { Outcomes } from './lane-outcomes.ts';
import type { Recovery } from './lane-recovery.ts';
import type { LargeItem } from '../prepare/index.ts';
import { largeSteps } from './publish-large.ts';

/**
 * A large document's way through its lane: slice by slice, each with a turn of its own, so that the batches of
 * other documents go in between. For lane.ts. The promise never rejects.
 */
export function createLargeWriter(
	tenant: string,
	lock: LaneLock,
	{ run }: Recovery,
	outcomes: Outcomes,
	deps: LaneDeps,
): (large: LargeItem) => Promise<void> {
	const { clock, log } = deps;
	return async ({ prepared, prepareMs, waitMs }) => {
		const { claimed, spool, plan } = prepared;
		const start = clock.monotonic();
		const progress = { isLost: false, isCommitted: false };
		const detail = () => ({
			waitMs: Math.round(waitMs),
			prepareMs: Math.round(prepareMs),
			publishMs: Math.round(clock.monotonic() - start),
		});
		try {
			for (const step of largeSteps(prepared, detail, progress, deps)) {
				const turn = lock.turn();
				const isDone = await run([claimed], turn, () => step(turn)).finally(() => turn.leave());
				if (!isDone) break;
			}
			if (progress.isCommitted || progress.isLost) outcomes.written(start, progress.isLost ? 1 : 0);
		} catch (error) {
			log.error({ tenant, error }, 'the work of a lane failed unexpectedly');
		} finally {
			await spool?.close().catch(() => {});
			if (progress.isCommitted) {
				const chunks = { added: plan.chunks - plan.kept, kept: plan.kept, removed: plan.gone };
				outcomes.published(claimed, chunks, null);
			}
			deps.onDone(claimed);
		}
	};
}
