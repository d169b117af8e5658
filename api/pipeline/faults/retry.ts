/**
 * What happens to a document after an error on its way into the index. One pure function decides for every error of the
 * table; who did the work carries the decision out: lane-recovery.ts for writes, worker.ts for preparation, embed.ts for
 * calls of the embedder, index-check.ts for repairs.
 *
 * The rule behind the table: an outage says nothing about a document, so it never counts against one; a
 * refusal says something about one document, so a batch is halved until that document stands alone. What looks like an
 * outage while the peer answers others (`isOwn`, found out by breaker.ts) is the work's own: it is halved as well, and
 * counts where others were really served since (blame.ts).
 */
import { type DocDropError, isDocDropError, type ErrorCode } from '../../errors.ts';

export type RetryDecision =
	/** Try the same work again after `afterMs`; where it is counted, the failure counts towards `maxAttempts`. */
	| { readonly kind: 'retry'; readonly afterMs: number; readonly counted: boolean }
	/** Something other than the document is at fault: wait `afterMs`, without limit and without counting. */
	| { readonly kind: 'wait'; readonly afterMs: number }
	/** Do the work again at once in two halves. */
	| { readonly kind: 'split' }
	| { readonly kind: 'dead'; readonly code: ErrorCode };

export interface RetryContext {
	/** Documents that share the failed work. */
	readonly documents: number;
	/** Counted failures of the document before this one. */
	readonly attempts: number;
	/** Counted failures after which the document is dead. */
	readonly maxAttempts: number;
	/** Whether others were served since the last failure of this work: only then a failure of its own counts. */
	readonly othersServed: boolean;
	/** The wait that the last decision asked for, ms; 0 at the first failure. */
	readonly previousMs: number;
	/** 0 to below 1. */
	readonly random: () => number;
}

type Cause = 'outage' | 'throttled' | 'refused' | 'defect';

const causes: Readonly<Record<ErrorCode, Cause>> = {
	index_unavailable: 'outage',
	index_forbidden: 'outage',
	// Every document would fail alike until a person acts: a wrong index must not empty the queue into dead letters.
	index_mismatch: 'outage',
	embedder_unavailable: 'outage',
	embedder_mismatch: 'outage',
	embedder_forbidden: 'outage',
	extractor_unavailable: 'outage',
	store_unavailable: 'outage',
	store_locked: 'outage',
	store_newer: 'outage',
	store_corrupt: 'outage',
	store_lost: 'outage',
	clock_ahead: 'outage',
	installation_damaged: 'outage',
	config_invalid: 'outage',
	disk_full: 'outage',
	queue_full: 'outage',
	shutting_down: 'outage',
	search_timeout: 'outage',
	reranker_unavailable: 'outage',
	index_throttled: 'throttled',
	embedder_throttled: 'throttled',
	rate_limited: 'throttled',
	credits_exhausted: 'outage',
	index_rejected: 'refused',
	embedder_rejected: 'refused',
	reranker_rejected: 'refused',
	unreadable: 'refused',
	encrypted: 'refused',
	unsupported_encryption: 'refused',
	no_text_layer: 'refused',
	unsupported_type: 'refused',
	// No waiting brings it back: a dead letter says so, and the same content sent again is published.
	content_missing: 'refused',
	too_large: 'refused',
	invalid: 'refused',
	unauthorized: 'refused',
	forbidden: 'refused',
	not_found: 'refused',
	method_not_allowed: 'refused',
	conflict: 'refused',
	changed_since: 'refused',
	owned: 'refused',
	successor_failed: 'refused',
	internal: 'defect',
};

const baseMs = 500;
const longestMs = 60_000;
/**
 * A peer that is away is found out by its breaker's probes, at most 15 s apart. Where the breaker stays closed,
 * because others get through, whoever does not must not wait for longer than that after the peer is well again.
 */
const longestAwayMs = 15_000;

/**
 * Decorrelated jitter: min(cap, random between base and three times the previous wait). Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
function backoff(previousMs: number, random: () => number, capMs = longestMs): number {
	const top = Math.max(baseMs, previousMs * 3);
	return Math.round(Math.min(capMs, baseMs + random() * (top - baseMs)));
}

export function decide(error: unknown, context: RetryContext): RetryDecision {
	const { documents, attempts, maxAttempts, othersServed, previousMs, random } = context;
	const code = isDocDropError(error) ? error.code : 'internal';
	const isOwn = isDocDropError(error) && error.isOwn;
	const cause = isOwn ? 'defect' : causes[code];
	// A peer that names a time is taken at its word: earlier is refused again, later wastes it.
	const named = isDocDropError(error) ? error.retryAfterMs : undefined;
	if (cause === 'outage' || cause === 'throttled') {
		const capMs = trips(error) ? longestAwayMs : longestMs;
		return { kind: 'wait', afterMs: named ?? backoff(previousMs, random, capMs) };
	}
	if (documents > 1) return { kind: 'split' };
	const counted = !isOwn || othersServed;
	if (cause === 'refused' || (counted && attempts + 1 >= maxAttempts)) return { kind: 'dead', code };
	return { kind: 'retry', afterMs: backoff(previousMs, random), counted };
}

/**
 * Whether the error says that the peer is away, which is all that may open a breaker. A peer that throttles,
 * refuses or forbids is there, and waiting for it as if it were not would stop the work of others.
 */
export function trips(error: unknown): boolean {
	return isUnanswered(error) && !error.isOwn;
}

const peersAway: readonly ErrorCode[] = ['index_unavailable', 'embedder_unavailable', 'reranker_unavailable'];

/** Whether a call got no answer that could be used, whoever is at fault. */
export function isUnanswered(error: unknown): error is DocDropError {
	return isDocDropError(error) && peersAway.includes(error.code);
}
