import type { Claimed } from '../../ports/index.ts';
import { failureOf } from '../../domain/index.ts';
import { decide, type RetryDecision } from '../faults/index.ts';
import { giveBack } from '../prepare/index.ts';
import type { LaneDeps } from './lane-deps.ts';
import type { LaneTurn } from './lane-lock.ts';
import type { Outcomes } from './lane-outcomes.ts';

/**
 * What a lane does about errors: it carries out what retry.ts decides, and makes a document that fails alone a dead
 * letter. For lane.ts, lane-batch.ts and lane-large.ts.
 */
export type Recovery = ReturnType<typeof createRecovery>;

/** What the attempts at one act ended in. */
type ActEnd =
	| { readonly kind: 'done' | 'stopping' }
	| {
			readonly kind: 'failed';
			readonly next: Exclude<RetryDecision, { kind: 'wait' }>;
			readonly error: unknown;
	  };

export function createRecovery(tenant: string, outcomes: Outcomes, deps: LaneDeps) {
	const { docStore, vectorStore, breaker, clock, log, telemetry, random, signal, now } = deps;

	/** Tries `act` until it succeeds or retry.ts decides otherwise than to wait for the index. */
	async function attempt(documents: readonly Claimed[], act: () => Promise<void>): Promise<ActEnd> {
		const { attempts = 0 } = documents[0] ?? {};
		const context = {
			documents: Math.max(1, documents.length),
			attempts,
			maxAttempts: deps.maxAttempts,
			random,
		};
		for (let previousMs = 0; ;) {
			try {
				await act();
				return { kind: 'done' };
			} catch (error) {
				if (signal.aborted) return { kind: 'stopping' };
				const next = decide(error, { ...context, previousMs });
				const { code } = failureOf(error);
				telemetry.count('docdrop_retries_total', { code });
				if (code === 'internal') log.error({ tenant, error }, 'a bulk write failed unexpectedly');
				if (next.kind !== 'wait') return { kind: 'failed', next, error };
				previousMs = next.afterMs;
				const fields = { tenant, code, waitMs: previousMs, documents: documents.length };
				log.warn(fields, 'the lane waits for the index');
				await clock.sleep(previousMs, signal).catch(() => {});
			}
		}
	}

	/**
	 * Runs `act` for these documents; whether it succeeded. While it waits for the index its turn is kept: what came
	 * later must not be written earlier. `halve` does the work again in two parts, cut at `middle`.
	 */
	async function run(
		documents: readonly Claimed[],
		turn: LaneTurn,
		act: () => Promise<void>,
		halve?: (middle: number) => Promise<void>,
	): Promise<boolean> {
		const end = await attempt(documents, act);
		const [claimed] = documents;
		if (end.kind !== 'failed' || claimed === undefined) return end.kind === 'done';
		const { next, error } = end;
		if (next.kind === 'split' && halve !== undefined) {
			await halve(documents.length >> 1);
		} else if (next.kind === 'retry') {
			const { counted, afterMs } = next;
			await giveBack(claimed, { retryAt: now() + afterMs, counted, error: failureOf(error) }, deps);
		} else {
			await deadLetter(claimed, error, turn);
		}
		return false;
	}

	/** Removes what a document may have left in the index, then makes it a dead letter. */
	async function deadLetter(claimed: Claimed, error: unknown, turn: LaneTurn): Promise<void> {
		const end = await attempt([], () => removeAndDeadLetter(claimed, error, turn));
		// Its orphan points stay known to the store, and the next generation removes them.
		if (end.kind === 'failed')
			log.error(
				{ tenant, code: failureOf(end.error).code },
				'the remains of a failed document could not be removed',
			);
	}

	async function removeAndDeadLetter(claimed: Claimed, error: unknown, turn: LaneTurn): Promise<void> {
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

	/**
	 * Everything that a lane does for documents ends here, and so they leave it once, whatever happens: a document
	 * that stayed would have its lease renewed for ever.
	 */
	async function runAndRelease(
		documents: readonly Claimed[],
		turn: LaneTurn,
		act: () => Promise<unknown>,
	): Promise<void> {
		try {
			await act();
		} catch (error) {
			// A defect: `attempt` decides everything expected. The leases run out, and the work is done again.
			log.error({ tenant, error }, 'the work of a lane failed unexpectedly');
		} finally {
			turn.leave();
			for (const claimed of documents) deps.onDone(claimed);
		}
	}

	return { run, deadLetter, runAndRelease };
}
