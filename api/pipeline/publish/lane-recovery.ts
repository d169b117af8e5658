import type { Clock } from '../../ports/time.ts';
import type { Claimed } from '../../ports/work-claims.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import { failureOf } from '../../domain/index.ts';
import type { LaneTurn } from './lane-lock.ts';
import type { Outcomes } from './lane-outcomes.ts';
import type { PublishDeps } from './publish.ts';
import { decide } from '../faults/index.ts';

/**
 * What a lane does about errors: it carries out what retry.ts decides, and buries a document that fails alone.
 * For lane.ts and lane-large.ts.
 */
export interface RecoveryDeps extends Omit<PublishDeps, 'turn' | 'crashPoint'> {
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly maxAttempts: number;
	readonly random: () => number;
	/** What is published may show fields of the attempt that was given up. */
	readonly onPartialWrite: (claimed: Claimed) => void;
}

export interface Recovery {
	/**
	 * Runs `act` until it succeeds or decides otherwise than to wait for the index. Its turn is kept meanwhile: what
	 * came later must not be written earlier. `halve` does the work again in two parts, cut at `middle`.
	 */
	run(
		documents: readonly Claimed[],
		turn: LaneTurn,
		act: () => Promise<void>,
		halve?: (middle: number) => Promise<void>,
	): Promise<void>;
	/** Removes what a document may have left in the index, then makes it a dead letter. */
	deadLetter(claimed: Claimed, error: unknown, turn: LaneTurn): Promise<void>;
}

export function createRecovery(tenant: string, outcomes: Outcomes, deps: RecoveryDeps): Recovery {
	const { docStore, vectorStore, breaker, clock, log, telemetry, random, signal, now } = deps;

	async function run(
		documents: readonly Claimed[],
		turn: LaneTurn,
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
				if (next.kind === 'wait') {
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
					if (next.kind !== 'retry') return run([], turn, () => deadLetter(claimed, error, turn));
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

	async function deadLetter(claimed: Claimed, error: unknown, turn: LaneTurn): Promise<void> {
		await turn.enter();
		// What an intent of this very attempt named is in the store, not in `claimed`: ask again.
		const { fresh, uncertain } = await docStore.orphans(claimed.lease);
		if (fresh.length > 0) await breaker.run((inner) => vectorStore.remove(tenant, fresh, inner), signal);
		const present =
			uncertain.length === 0
				? []
				: [...(await breaker.run(() => vectorStore.vectors(tenant, uncertain), signal)).keys()];
		const failure = failureOf(error);
		const [done] = await docStore.deadLetter([{ lease: claimed.lease, error: failure, present }], now());
		if (done !== true) return;
		outcomes.deadLettered(claimed, failure);
		if (claimed.published !== null) deps.onPartialWrite(claimed);
	}

	return { run, deadLetter };
}
