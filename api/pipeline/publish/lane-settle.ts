import type { Clock } from '../../ports/time.ts';
import type { Claimed } from '../../ports/claims.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import { failureOf } from '../../domain/index.ts';
import type { Turn } from './lane-lock.ts';
import type { Outcomes } from './lane-outcomes.ts';
import type { PublishDeps } from './publish.ts';
import { decide } from '../faults/index.ts';

/**
 * What a lane does about errors: it carries out what retry.ts decides, and buries a document that fails alone.
 * For lane.ts and lane-large.ts.
 */
export interface SettleDeps extends Omit<PublishDeps, 'turn' | 'pass'> {
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly maxAttempts: number;
	readonly random: () => number;
	/** What is published may show fields of the attempt that was given up. */
	readonly onMarred: (claimed: Claimed) => void;
}

export interface Settling {
	/**
	 * Runs `act` until it succeeds or decides otherwise than to wait for the index. Its turn is kept meanwhile: what
	 * came later must not be written earlier. `halve` does the work again in two parts, cut at `middle`.
	 */
	settle(
		documents: readonly Claimed[],
		turn: Turn,
		act: () => Promise<void>,
		halve?: (middle: number) => Promise<void>,
	): Promise<void>;
	/** Removes what a document may have left in the index, then makes it a dead letter. */
	bury(claimed: Claimed, error: unknown, turn: Turn): Promise<void>;
}

export function createSettling(tenant: string, outcomes: Outcomes, deps: SettleDeps): Settling {
	const { docStore, vectorStore, breaker, clock, log, telemetry, random, signal, now } = deps;

	async function settle(
		documents: readonly Claimed[],
		turn: Turn,
		act: () => Promise<void>,
		halve?: (middle: number) => Promise<void>,
	): Promise<void> {
		let previousMs = 0;
		for (;;) {
			try {
				return await act();
			} catch (error) {
				if (signal.aborted) return;
				const { attempts = 0 } = documents[0] ?? {};
				const next = decide(error, {
					documents: Math.max(1, documents.length),
					attempts,
					maxAttempts: deps.maxAttempts,
					previousMs,
					random,
				});
				const { code } = failureOf(error);
				telemetry.count('docdrop_retries_total', { code });
				if (code === 'internal') log.error({ tenant, error }, 'a bulk write failed unexpectedly');
				if (next.kind === 'hold') {
					log.warn(
						{ tenant, code, waitMs: next.afterMs, documents: documents.length },
						'the lane waits for the index',
					);
					previousMs = next.afterMs;
					await clock.sleep(next.afterMs, signal).catch(() => {});
				} else if (documents.length === 0) {
					// A burial that fails for good: its strays stay in mayExist, and the next generation removes them.
					log.error({ tenant, code }, 'the remains of a failed document could not be removed');
					return;
				} else if (next.kind === 'split' && halve !== undefined) {
					return halve(documents.length >> 1);
				} else {
					const [claimed] = documents;
					if (claimed === undefined) return;
					if (next.kind !== 'retry') return settle([], turn, () => bury(claimed, error, turn));
					const { lease } = claimed;
					const { counted, afterMs } = next;
					await docStore
						.release([{ lease, retryAt: now() + afterMs, counted, error: failureOf(error) }], now())
						.catch((reason: unknown) =>
							log.error({ tenant, error: reason }, 'a lease could not be given back; it will run out'),
						);
					return;
				}
			}
		}
	}

	async function bury(claimed: Claimed, error: unknown, turn: Turn): Promise<void> {
		await turn.enter();
		// What an intent of this very attempt named is in the store, not in `claimed`: ask again.
		const { fresh, unsettled } = await docStore.strays(claimed.lease);
		if (fresh.length > 0) await breaker.run((inner) => vectorStore.remove(tenant, fresh, inner), signal);
		const present =
			unsettled.length === 0
				? []
				: [...(await breaker.run(() => vectorStore.vectors(tenant, unsettled), signal)).keys()];
		const failure = failureOf(error);
		const [done] = await docStore.bury([{ lease: claimed.lease, error: failure, present }], now());
		if (done !== true) return;
		outcomes.buried(claimed, failure);
		if (claimed.published !== null) deps.onMarred(claimed);
	}

	return { settle, bury };
}
