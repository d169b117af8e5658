import type { DocStore, Spools } from '../../ports/index.ts';
import type { StepDeps } from '../prepare/index.ts';

/**
 * Removes the spools of documents that nobody will go on with: at the start those that a crash left behind, later
 * those of changes that were canceled.
 */
const pauseMs = 60_000;
const onTheWay: readonly string[] = ['accepted', 'processing', 'retrying'];

export async function sweepSpools(docStore: DocStore, spools: Spools): Promise<void> {
	for (const { tenant, docId } of await spools.list()) {
		const document = await docStore.document(tenant, docId);
		if (document === null || !onTheWay.includes(document.state)) await spools.remove(tenant, docId);
	}
}

type SpoolSweepDeps = Pick<StepDeps, 'docStore' | 'spools' | 'clock' | 'log' | 'signal'>;

export function startSpoolSweep(deps: SpoolSweepDeps): void {
	const { docStore, spools, clock, log, signal } = deps;
	async function loop(): Promise<void> {
		while (!signal.aborted) {
			await sweepSpools(docStore, spools).catch((error: unknown) =>
				log.warn({ error }, 'old checkpoints could not be removed; the next sweep tries again'),
			);
			await clock.sleep(pauseMs, signal).catch(() => {});
		}
	}
	void loop();
}
