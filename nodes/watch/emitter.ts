/**
 * From a row that differs from what the consumer knows to a row that does not: window, seq, delivery, outcome.
 * Owned by the engine; the only place that calls `deliver`.
 *
 * Before a change leaves, its row is durable with the new seq, so that a crash leaves behind that the consumer
 * may hold it; only an outcome `delivered` takes that back.
 */
import type { ContentChange, Deliver, FileChange, Outcome } from './file-change.ts';
import type { Clock } from './clock.ts';
import {
	eventOf,
	isSpent,
	needsSend,
	withDelivered,
	withFailed,
	withMovedAway,
	withRetry,
	withSent,
} from './diff.ts';
import { errorCode } from './disk.ts';
import type { Ledger } from './ledger.ts';
import type { WatchSettings } from './settings.ts';
import type { Moves } from './moves.ts';
import type { FileRow, Seen } from './state/file-state-port.ts';
import { createPoisonIsolation } from './poison-isolation.ts';
import { createWindow, type WindowBatch } from './window.ts';
import type { ReadVerifier, ReadVerification } from './read-verifier.ts';

export interface DeliveryStatus {
	readonly batchesInFlight: number;
	/** Failed deliveries in a row. */
	readonly failures: number;
	/** What the last one failed with; null after a success. */
	readonly lastFailure: string | null;
}

export interface Emitter {
	/** Sends the path's newest state when it is its turn, if the consumer has to hear of it. */
	offer(docId: string): void;
	/** Takes the path's unsent change back until it is offered again. */
	withhold(docId: string): void;
	waiting(): Iterable<string>;
	inFlight(): ReadonlySet<string>;
	isEmpty(): boolean;
	status(): DeliveryStatus;
	/** Sends nothing more, aborts the signal, waits for what is in flight (at most `closeWaitMs`). */
	close(): Promise<void>;
}

interface Sent {
	readonly docId: string;
	readonly change: FileChange;
	readonly content: Seen | null;
	/** Of a move: the name before, in flight as well. */
	readonly from: string | null;
}

/** What came back for a batch: outcomes in order, or why the delivery failed as a whole. */
type Answer = readonly Outcome[] | { readonly failure: string };

/** Reasons are kept per file and shown to people. */
const REASON_CHARS = 300;

export function createEmitter(deps: {
	ledger: Ledger;
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
}): Emitter {
	const { ledger, moves, clock, settings } = deps;
	const suspicion = createPoisonIsolation(settings);
	const window = createWindow({
		files: settings.batchFiles,
		bytes: settings.batchBytes,
		waitMs: settings.windowMs,
	});
	/** Taken out of the window, and not in flight yet. */
	const leaving = new Set<string>();
	const inFlight = new Set<string>();
	const withheld = new Set<string>();
	const batches = new Set<Promise<void>>();
	const closing = new AbortController();
	let abandoned = false;
	let timer: { at: number; cancel: () => void } | null = null;
	// While deliveries fail as a whole, one batch at a time goes out, after ever longer waits.
	let failures = 0;
	let lastFailure: string | null = null;
	let blockedUntil = -Infinity;

	function backoff(tries: number): number {
		const full = Math.min(settings.retryMs * 2 ** Math.min(tries - 1, 30), settings.retryMaxMs);
		return full * (0.75 + 0.25 * deps.random());
	}

	/** Puts the path where its row says it belongs: into the window, out of it, or out of the ledger. */
	function place(docId: string): void {
		const row = ledger.get(docId);
		if (row === undefined) {
			suspicion.forget(docId);
			return window.drop(docId);
		}
		// A path in flight is placed again when its outcome is known, a withheld one when it is offered.
		if (inFlight.has(docId) || withheld.has(docId)) return;
		if (needsSend(row)) return window.put(docId, row.seen?.size ?? 0, clock.monotonic());
		window.drop(docId);
		if (isSpent(row)) ledger.remove(docId);
	}

	function pump(): void {
		while (!closing.signal.aborted) {
			if (batches.size >= (failures > 0 ? 1 : settings.batchesInFlight)) return;
			const now = clock.monotonic();
			const batch = blockedUntil > now ? null : window.take(now, suspicion.cap);
			if (batch === null) return arm();
			const launched = launch(batch);
			batches.add(launched);
			void launched.finally(() => {
				batches.delete(launched);
				pump();
				deps.onChange();
			});
		}
	}

	function arm(): void {
		const due = window.dueAt();
		if (due === null) return;
		const at = Math.max(due, blockedUntil);
		if (timer !== null && timer.at <= at) return;
		timer?.cancel();
		const cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
			timer = null;
			pump();
		});
		timer = { at, cancel };
	}

	/** One batch from the window to its outcomes; never rejects. */
	async function launch(batch: WindowBatch): Promise<void> {
		// Before the changes get their seq: from there on nothing may overtake them.
		for (const docId of batch.docIds) leaving.add(docId);
		const verification = (await deps.verifier?.(batch.docIds)) ?? null;
		for (const docId of batch.docIds) leaving.delete(docId);
		if (closing.signal.aborted) return;
		const failuresBefore = failures;
		const sent: Sent[] = [];
		for (const docId of batch.docIds) {
			const row = ledger.get(docId);
			// A name may have gone into flight with a move of this very batch.
			if (row === undefined || !needsSend(row) || inFlight.has(docId) || withheld.has(docId)) {
				place(docId);
				continue;
			}
			sent.push(send(docId, row));
		}
		if (sent.length === 0) return;
		const answer = await tryDeliver(sent);
		const unconfirmed = await check(sent, answer, verification);
		if (abandoned) return;
		settleDelivery(answer, sent, failuresBefore);
		settleFiles(sent, answer, unconfirmed);
		await ledger.flush().catch((error: unknown) => {
			// Not lost: the rows stay unsaved and go with the next flush; a crash before it sends them again.
			deps.log('state.commit_failed', { code: errorCode(error) });
		});
	}

	/** Gives the change its seq. A move is noted in both rows: the consumer may act on either of them. */
	function send(docId: string, row: FileRow): Sent {
		const seq = ledger.takeSeq();
		const from = moves.previousOf(docId);
		const before = from === null ? undefined : ledger.get(from);
		const next = withSent(row, seq, before === undefined ? eventOf(row) : 'moved');
		ledger.set(docId, next);
		inFlight.add(docId);
		if (from !== null && before !== undefined) {
			ledger.set(from, withSent(before, seq, 'moved'));
			inFlight.add(from);
		}
		return { docId, change: toChange(docId, next, from, before), content: next.seen, from };
	}

	async function tryDeliver(sent: readonly Sent[]): Promise<Answer> {
		const changes = sent.map(({ change }) => change);
		try {
			await ledger.flush();
			closing.signal.throwIfAborted();
			const outcomes = await deps.deliver(changes, closing.signal);
			if (outcomes.length !== sent.length) throw new Error('the consumer must answer one outcome a change');
			if (deps.verifier === null && outcomes.some((one) => one.kind === 'delivered' && one.check === true))
				throw new Error('an outcome asks for a check, where all were said to be final');
			return outcomes;
		} catch (error) {
			return { failure: describe(error) };
		}
	}

	/** Which of the files whose outcome is to be checked are not what the consumer was told. */
	async function check(
		sent: readonly Sent[],
		answer: Answer,
		verification: ReadVerification | null,
	): Promise<ReadonlySet<string>> {
		const unconfirmed = new Set<string>();
		if ('failure' in answer) return unconfirmed;
		const looks = sent.map(async ({ docId, content }, index) => {
			const outcome = answer[index];
			if (outcome?.kind !== 'delivered' || outcome.check !== true) return;
			// Held against what was sent, not against the newest row: that may be a content that came back.
			if (!(await verification?.confirms(docId, content))) unconfirmed.add(docId);
		});
		await Promise.all(looks);
		return unconfirmed;
	}

	/** What an answer says of the consumer as a whole. */
	function settleDelivery(answer: Answer, sent: readonly Sent[], failuresBefore: number): void {
		const docIds = sent.map(({ docId }) => docId);
		if (!('failure' in answer)) {
			failures = 0;
			lastFailure = null;
			blockedUntil = -Infinity;
			// A consumer that only puts things off has taken nothing: that is no sign of its health.
			if (answer.some(({ kind }) => kind !== 'retry')) suspicion.succeeded(docIds);
		} else if (failures === failuresBefore && !suspicion.isIsolated(docIds)) {
			// Batches that were in flight together fail together: that counts once.
			failures += 1;
			lastFailure = answer.failure;
			blockedUntil = clock.monotonic() + backoff(failures);
			deps.log('delivery.failed', { failures, changes: docIds.length, reason: lastFailure });
		}
	}

	/** What an answer says of each file; of those `unconfirmed`, nothing. */
	function settleFiles(sent: readonly Sent[], answer: Answer, unconfirmed: ReadonlySet<string>): void {
		const isolated = suspicion.isIsolated(sent.map(({ docId }) => docId));
		const lost = new Set('failure' in answer ? suspicion.failed(sent.map(({ docId }) => docId)) : undefined);
		sent.forEach((one, index) => {
			inFlight.delete(one.docId);
			if (one.from !== null) inFlight.delete(one.from);
			if ('failure' in answer) {
				const { failure } = answer;
				const reason = `${failure} (${settings.maxTries} times alone, while others were taken)`;
				if (lost.has(one.docId)) settleFile(one, { kind: 'failed', reason }, false);
				else settleFile(one, { kind: 'retry', reason: failure }, isolated);
			} else if (unconfirmed.has(one.docId)) {
				withheld.add(one.docId);
				settleFile(one, { kind: 'retry', reason: 'the file changed while it was taken' }, false);
				deps.lookSoon(one.docId);
			} else settleFile(one, answer[index] ?? { kind: 'retry', reason: '' }, true);
		});
	}

	/** `waits`: its trouble is its own, so it waits by itself and the others go on. */
	function settleFile({ docId, change, content, from }: Sent, outcome: Outcome, waits: boolean): void {
		const row = ledger.get(docId);
		const reason = outcome.kind === 'delivered' ? '' : outcome.reason.slice(0, REASON_CHARS);
		if (row !== undefined) {
			if (outcome.kind === 'delivered') {
				ledger.set(docId, withDelivered(row, change.seq, content, clock.now()));
			} else if (outcome.kind === 'failed') {
				ledger.set(docId, withFailed(row, content, reason, outcome.retryAt));
			} else {
				ledger.set(docId, withRetry(row, reason));
				if (waits && !withheld.has(docId)) {
					window.putLater(docId, row.seen?.size ?? 0, clock.monotonic() + backoff(row.tries));
				}
			}
		}
		if (from !== null) {
			const before = ledger.get(from);
			if (before !== undefined && outcome.kind === 'delivered') ledger.set(from, withMovedAway(before));
			// What is parked may still be taken later, and takes the old name with it then.
			if (before !== undefined && outcome.kind === 'failed' && outcome.retryAt !== undefined)
				ledger.set(from, withFailed(before, null, reason, outcome.retryAt));
			if (outcome.kind !== 'retry') moves.finished(docId);
			place(from);
		}
		place(docId);
	}

	function toChange(
		docId: string,
		row: FileRow,
		from: string | null,
		before: FileRow | undefined,
	): FileChange {
		const head = {
			root: row.root,
			path: deps.pathOf(row),
			relPath: row.path,
			docId,
			sourceId: ledger.head.sourceId,
			epoch: ledger.head.epoch,
			seq: row.seq,
			previousSha256: row.delivered?.sha256 ?? null,
		};
		if (row.seen === null) return { event: 'deleted', ...head };
		const { size, mtimeNs, sha256, xxh64 } = row.seen;
		const content = { size, mtimeMs: Number(mtimeNs / 1_000_000n), sha256, xxh64 };
		if (from !== null && before !== undefined) {
			const names = { previousDocId: from, previousPath: deps.pathOf(before) };
			return { event: 'moved', ...head, ...names, ...content };
		}
		return { event: eventOf(row) as ContentChange['event'], ...head, ...content };
	}

	return {
		offer(docId) {
			withheld.delete(docId);
			place(docId);
			pump();
		},
		withhold(docId) {
			withheld.add(docId);
			window.drop(docId);
		},
		*waiting() {
			yield* leaving;
			for (const docId of window.docIds()) if (!leaving.has(docId)) yield docId;
		},
		inFlight: () => inFlight,
		isEmpty: () => window.size === 0 && batches.size === 0,
		status: () => ({ batchesInFlight: batches.size, failures, lastFailure }),
		async close() {
			timer?.cancel();
			closing.abort(new Error('the watch engine closes'));
			const waited = new AbortController();
			const limit = clock.sleep(settings.closeWaitMs, waited.signal).catch(() => {});
			await Promise.race([Promise.allSettled(batches), limit]);
			waited.abort();
			// Outcomes that come later are not taken in: those changes are sent again at the next start.
			abandoned = true;
		},
	};
}

/** What was thrown, for people: of an error of the system its code alone, because its message holds paths. */
function describe(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown error';
	return 'syscall' in error ? errorCode(error) : error.message.slice(0, REASON_CHARS);
}
