import type { Claimed, Release } from '../../ports/index.ts';
import type { StepDeps } from './step-deps.ts';

/** Gives a lease back, for another try at `retryAt`. Where the store cannot take it, the lease runs out by itself. */
export async function giveBack(
	{ lease, tenant }: Claimed,
	next: Omit<Release, 'lease'>,
	{ docStore, now, log }: Pick<StepDeps, 'docStore' | 'now' | 'log'>,
): Promise<void> {
	await docStore
		.release([{ lease, ...next }], now())
		.catch((error: unknown) =>
			log.error({ tenant, error }, 'a lease could not be given back; it will run out'),
		);
}
