import type { LaneDeps } from './lane-deps.ts';
import type { LaneLock } from './lane-lock.ts';
import { type Ended, endedAs, type Outcomes } from './lane-outcomes.ts';
import type { Recovery } from './lane-recovery.ts';
import type { LargeItem } from '../prepare/index.ts';
import { largeSteps, type LargeStep } from './publish-large.ts';

/**
 * A large document's way through its lane: slice by slice, each with a turn of its own, so that the batches of
 * other documents go in between. For lane.ts. The promise never rejects.
 */
export function createLargeWriter(
	lock: LaneLock,
	recovery: Recovery,
	outcomes: Outcomes,
	deps: LaneDeps,
): (large: LargeItem) => Promise<void> {
	const { clock } = deps;
	return async ({ prepared, prepareMs, waitMs }) => {
		const { claimed, spool, plan } = prepared;
		const start = clock.monotonic();
		const progress = { isLost: false, isCommitted: false };
		const detail = () => ({
			waitMs: Math.round(waitMs),
			prepareMs: Math.round(prepareMs),
			publishMs: Math.round(clock.monotonic() - start),
		});
		await recovery.runAndRelease([claimed], lock.turn(), async () => {
			const given = await writeSteps(largeSteps(prepared, detail, progress, deps)).finally(() =>
				spool?.close().catch(() => {}),
			);
			if (progress.isCommitted || progress.isLost) outcomes.written(start, progress.isLost ? 1 : 0);
			if (progress.isCommitted) {
				const chunks = { added: plan.chunks - plan.kept, kept: plan.kept, removed: plan.gone };
				outcomes.published(claimed, chunks, null);
				return endedAs('published', [claimed]);
			}
			return given === null ? endedAs('lost', [claimed]) : [given];
		});

		/** Null: all of them were done, or the lease was lost on the way. */
		async function writeSteps(steps: Iterable<LargeStep>): Promise<Ended | null> {
			for (const step of steps) {
				const turn = lock.turn();
				try {
					const end = await recovery.attempt([claimed], () => step(turn));
					if (end.kind === 'stopping') return { claimed, outcome: 'left' };
					// What is left to do after the commit is tidying.
					if (end.kind === 'failed')
						return progress.isCommitted ? null : await recovery.settle(claimed, end, turn);
				} finally {
					turn.leave();
				}
			}
			return null;
		}
	};
}
