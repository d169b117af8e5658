import type { Claimed } from '../../ports/index.ts';
import { isDocDropError } from '../../errors.ts';
import { failureOf } from '../../domain/index.ts';
import { decide, type RetryDecision } from '../faults/index.ts';
import { giveBack } from '../prepare/index.ts';
import type { LaneDeps } from './lane-deps.ts';
import type { LaneTurn } from './lane-lock.ts';
import { type Ended, leftOver, type Outcomes } from './lane-outcomes.ts';

/**
 * What a lane does about errors: it carries out what retry.ts decides, makes a document that fails alone a dead letter,
 * and sees to it that every document leaves the lane with one outcome. For lane.ts, lane-batch.ts and lane-large.ts.
 */
export type Recovery = ReturnType<typeof createRecovery>;

export interface ActFailure {
	readonly kind: 'failed';
	readonly next: Exclude<RetryDecision, { kind: 'wait' }>;
	readonly error: unknown;
}

/** What the attempts at one act ended in. */
export type ActEnd<T> =
	{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'stopping' } | ActFailure;

/**
 * Failures of a document's own for which it keeps its turn, as long as nobody else is served: an index that takes no
 * write at all, and still answers the control question, is waited for with what is prepared.
 */
const heldTries = 3;
/** After a failure that nobody decides about. */
const defectPauseMs = 1_000;

export function createRecovery(tenant: string, outcomes: Outcomes, deps: LaneDeps) {
	const { docStore, vectorStore, breaker, blame, log, signal, now } = deps;

	/**
	 * Tries `act` until it succeeds or retry.ts decides otherwise than to wait for the index. While it waits, the turn of
	 * these documents is kept: what came later must not be written earlier. `mayHold`: also for one that fails by itself,
	 * while nobody else is served.
	 */
	async function attempt<T>(
		documents: readonly Claimed[],
		act: () => Promise<T>,
		mayHold = true,
	): Promise<ActEnd<T>> {
		for (let previousMs = 0; ;) {
			try {
				const value = await act();
				for (const { lease } of documents) blame.forget(lease.doc);
				return { kind: 'done', value };
			} catch (error) {
				if (signal.aborted) return { kind: 'stopping' };
				const next = judge(documents, error, { previousMs, mayHold }, deps);
				if (next.kind !== 'wait') return { kind: 'failed', next, error };
				previousMs = next.afterMs;
				await waitForIndex(tenant, documents, error, previousMs, deps);
			}
		}
	}

	/** A document that failed alone goes back, or is a dead letter. */
	async function settle(claimed: Claimed, failure: ActFailure, turn: LaneTurn): Promise<Ended> {
		return failure.next.kind === 'retry'
			? returned(claimed, failure.next, failure.error)
			: deadLetter(claimed, failure.error, turn);
	}

	async function returned(
		claimed: Claimed,
		{ counted, afterMs }: Extract<RetryDecision, { kind: 'retry' }>,
		error: unknown,
	): Promise<Ended> {
		await giveBack(claimed, { retryAt: now() + afterMs, counted, error: failureOf(error) }, deps);
		return { claimed, outcome: 'returned' };
	}

	/** Removes what a document may have left in the index, then makes it a dead letter. */
	async function deadLetter(claimed: Claimed, error: unknown, turn: LaneTurn): Promise<Ended> {
		const end = await attempt([claimed], () => removeAndDeadLetter(claimed, error, turn));
		if (end.kind === 'done') return { claimed, outcome: end.value };
		if (end.kind === 'stopping') return { claimed, outcome: 'left' };
		// Its orphan points stay known to the store, and its next try, or the next generation, removes them.
		const { code } = failureOf(end.error);
		log.error({ tenant, code }, 'the remains of a failed document could not be removed');
		const afterMs = end.next.kind === 'retry' ? end.next.afterMs : defectPauseMs;
		return returned(claimed, { kind: 'retry', afterMs, counted: false }, error);
	}

	async function removeAndDeadLetter(
		claimed: Claimed,
		error: unknown,
		turn: LaneTurn,
	): Promise<'failed' | 'lost'> {
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
		if (done !== true) return 'lost';
		outcomes.deadLettered(claimed, failure);
		if (claimed.published !== null) deps.onPartialWrite(claimed);
		return 'failed';
	}

	/**
	 * Everything that a lane does for documents ends here, and so they leave it once, whatever happens: a document
	 * that stayed would have its lease renewed for ever, and one that left without an outcome would wait for its end.
	 */
	async function runAndRelease(
		documents: readonly Claimed[],
		turn: LaneTurn,
		act: () => Promise<readonly Ended[]>,
	): Promise<void> {
		let open = documents;
		try {
			open = leftOver(documents, await act());
			if (open.length > 0) throw new Error('the work of a lane did not account for every document');
		} catch (error) {
			// A defect: `attempt` decides everything expected.
			log.error({ tenant, error }, 'the work of a lane failed unexpectedly');
			const retry = { kind: 'retry', afterMs: defectPauseMs, counted: true } as const;
			if (!signal.aborted) for (const claimed of open) await returned(claimed, retry, error);
		} finally {
			turn.leave();
			for (const claimed of documents) deps.onDone(claimed);
		}
	}

	return { attempt, settle, deadLetter, runAndRelease };
}

/** Whose fault an error is, and what follows. */
function judge(
	documents: readonly Claimed[],
	error: unknown,
	{ previousMs, mayHold }: { readonly previousMs: number; readonly mayHold: boolean },
	deps: LaneDeps,
): RetryDecision {
	const { blame, log, telemetry, random, maxAttempts } = deps;
	const [first] = documents;
	const { code } = failureOf(error);
	telemetry.count('docdrop_retries_total', { code });
	if (code === 'internal') log.error({ tenant: first?.tenant, error }, 'a bulk write failed unexpectedly');
	const isOwn = isDocDropError(error) && error.isOwn;
	const { othersServed, failures } =
		isOwn && first !== undefined && documents.length === 1
			? blame.failed(first.lease.doc)
			: { othersServed: true, failures: 0 };
	const next = decide(error, {
		documents: documents.length,
		attempts: first?.attempts ?? 0,
		...{ maxAttempts, othersServed, random },
		previousMs: failures === 0 ? previousMs : 500 * 3 ** (failures - 1),
	});
	// Given back, it is embedded once more, and paid for: not before others had the time to be served.
	const isHeld = mayHold && next.kind === 'retry' && !othersServed && failures <= heldTries;
	return isHeld ? { kind: 'wait', afterMs: next.afterMs } : next;
}

async function waitForIndex(
	tenant: string,
	documents: readonly Claimed[],
	error: unknown,
	waitMs: number,
	{ clock, log, notes, signal }: LaneDeps,
): Promise<void> {
	const { code } = failureOf(error);
	log.warn({ tenant, code, waitMs, documents: documents.length }, 'the lane waits for the index');
	for (const { jobId } of documents) notes.waits(jobId, error);
	await clock.sleep(waitMs, signal).catch(() => {});
	for (const { jobId } of documents) notes.goesOn(jobId);
}
