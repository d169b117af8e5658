/**
 * The emitter's state: where each unsent change is, and how the consumer fares. Made by createEmitter, changed by
 * the steps of a batch (send-batch.ts, apply-outcomes.ts).
 */
import type { Clock } from './clock.ts';
import { isSpent, needsSend } from './diff.ts';
import type { Deliver } from './file-change.ts';
import type { FileLedger } from './ledger.ts';
import type { Moves } from './moves.ts';
import { createPoisonIsolation } from './poison-isolation.ts';
import type { ReadVerifier } from './read-verifier.ts';
import type { WatchSettings } from './settings.ts';
import type { FileRow } from './state/file-state-port.ts';
import { createWindow } from './window.ts';

export interface EmitterDeps {
	ledger: FileLedger;
	/** Absolute path of a row's file. */
	pathOf: (row: FileRow) => string;
	deliver: Deliver;
	moves: Pick<Moves, 'previousOf' | 'finished'>;
	/** For outcomes that are to be checked; null where none asks for it. */
	verifier: ReadVerifier | null;
	/** Has a file looked at that was not as told. */
	lookSoon: (docId: string) => void;
	clock: Clock;
	random: () => number;
	settings: WatchSettings;
	log: (event: string, data: Record<string, unknown>) => void;
	/** Something was sent, came back, or was dropped. */
	onChange: () => void;
}

interface ConsumerHealth {
	/** Failed deliveries in a row. */
	readonly failures: number;
	readonly lastFailure: string | null;
	/** Nothing is sent before, monotonic ms. */
	readonly blockedUntil: number;
}

/** Reasons are kept per file and shown to people. */
export const REASON_CHARS = 300;

export const HEALTHY: ConsumerHealth = { failures: 0, lastFailure: null, blockedUntil: -Infinity };

export type Outbox = ReturnType<typeof createOutbox>;

export function createOutbox(deps: EmitterDeps) {
	const { batchFiles: files, batchBytes: bytes, windowMs: waitMs } = deps.settings;
	return {
		deps,
		window: createWindow({ files, bytes, waitMs }),
		isolation: createPoisonIsolation(deps.settings),
		/** Taken out of the window, and not in flight yet. */
		departing: new Set<string>(),
		inFlight: new Set<string>(),
		/** Not to be sent until they are offered again. */
		withheld: new Set<string>(),
		/** While deliveries fail as a whole, one batch at a time goes out as a probe, after ever longer waits. */
		consumer: HEALTHY,
		/** Under way, the probe among them. */
		batches: new Set<Promise<void>>(),
		/** What left before the failure is none: an answer that never comes must not keep every other batch waiting. */
		probe: null as Promise<void> | null,
		/** Of the next batch. */
		timer: null as { readonly at: number; readonly cancel: () => void } | null,
		closing: new AbortController(),
		/** Nobody waits for outcomes any more: those changes are sent again at the next start. */
		isAbandoned: false,
	};
}

/** Puts the path where its row says it belongs: into the window, out of it, or out of the ledger. */
export function requeue({ deps, window, isolation, inFlight, withheld }: Outbox, docId: string): void {
	const row = deps.ledger.get(docId);
	if (row === undefined) {
		isolation.forget(docId);
		return window.drop(docId);
	}
	// A path in flight is queued again when its outcome is known, a withheld one when it is offered.
	if (inFlight.has(docId) || withheld.has(docId)) return;
	if (needsSend(row)) return window.put(docId, row.seen?.size ?? 0, deps.clock.monotonic());
	window.drop(docId);
	if (isSpent(row)) deps.ledger.remove(docId);
}

/** The wait before the next try, ms. */
export function backoff(
	{ settings, random }: Pick<EmitterDeps, 'settings' | 'random'>,
	tries: number,
): number {
	const full = Math.min(settings.retryMs * 2 ** Math.min(tries - 1, 30), settings.retryMaxMs);
	return full * (0.75 + 0.25 * random());
}
