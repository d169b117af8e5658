import type { Failure } from '../../domain/index.ts';
import type { Claimed, DocStore } from '../../ports/index.ts';
import type { Log } from '../../telemetry.ts';

/** Gives a lease back, for another try at `retryAt`. Where the store cannot take it, the lease runs out by itself. */
export async function giveBack(
	{ lease, tenant }: Claimed,
	next: { readonly retryAt: number; readonly counted: boolean; readonly error: Failure | null },
	{ docStore, now, log }: { readonly docStore: DocStore; readonly now: () => number; readonly log: Log },
): Promise<void> {
	await docStore
		.release([{ lease, ...next }], now())
		.catch((error: unknown) =>
			log.error({ tenant, error }, 'a lease could not be given back; it will run out'),
		);
}
