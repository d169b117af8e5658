/** What the consumer's answer to a batch means: for the consumer as a whole, and for the row of each file. */
import { isOtherContent, withDelivered, withFailed, withMovedAway, withRetry } from './diff.ts';
import type { FileChange, FileOutcome, TakenContent } from './file-change.ts';
import { backoff, HEALTHY, REASON_CHARS, requeue, type Outbox } from './outbox.ts';
import type { Seen } from './state/file-state-port.ts';

export interface SentChange {
	readonly docId: string;
	readonly change: FileChange;
	readonly content: Seen | null;
	/** Of a move: the name before, in flight as well. */
	readonly from: string | null;
}

/** What came back for a batch: outcomes in order, or why the delivery failed as a whole. */
export type BatchAnswer = readonly FileOutcome[] | { readonly failure: string };

interface AnsweredBatch {
	readonly sent: readonly SentChange[];
	readonly answer: BatchAnswer;
	/** Files that are not what the consumer was told: the answer says nothing of them. */
	readonly unconfirmed: ReadonlySet<string>;
	/** Failed deliveries in a row when the batch was sent. */
	readonly failuresBefore: number;
}

export function applyToConsumer(outbox: Outbox, { sent, answer, failuresBefore }: AnsweredBatch): void {
	const { deps, isolation, consumer } = outbox;
	const docIds = sent.map(({ docId }) => docId);
	if (!('failure' in answer)) {
		outbox.consumer = HEALTHY;
		// A consumer that only puts things off has taken nothing: that is no sign of its health.
		if (answer.some(({ kind }) => kind !== 'retry')) isolation.succeeded(docIds);
	} else if (consumer.failures === failuresBefore && !isolation.isIsolated(docIds)) {
		// Batches that were in flight together fail together: that counts once.
		const failures = consumer.failures + 1;
		const blockedUntil = deps.clock.monotonic() + backoff(deps, failures);
		outbox.consumer = { failures, lastFailure: answer.failure, blockedUntil };
		deps.log('delivery.failed', { failures, changes: docIds.length, reason: answer.failure });
	}
}

export function applyToFiles(outbox: Outbox, { sent, answer, unconfirmed }: AnsweredBatch): void {
	const { deps, isolation, inFlight, withheld } = outbox;
	const docIds = sent.map(({ docId }) => docId);
	const isIsolated = isolation.isIsolated(docIds);
	// What left together is sent again together, each by itself would be a batch of its own.
	const spread = deps.random();
	const waitOf = (tries: number) => backoff({ settings: deps.settings, random: () => spread }, tries);
	const lost = new Set('failure' in answer ? isolation.failed(docIds) : undefined);
	sent.forEach((one, index) => {
		inFlight.delete(one.docId);
		if (one.from !== null) inFlight.delete(one.from);
		if ('failure' in answer) {
			const { failure } = answer;
			const reason = `${failure} (${deps.settings.maxTries} times alone, while others were taken)`;
			if (lost.has(one.docId)) applyOutcome(outbox, one, { kind: 'failed', reason }, null);
			else applyOutcome(outbox, one, { kind: 'retry', reason: failure }, isIsolated ? waitOf : null);
		} else if (unconfirmed.has(one.docId)) {
			withheld.add(one.docId);
			applyOutcome(outbox, one, { kind: 'retry', reason: 'the file changed while it was taken' }, null);
			deps.lookSoon(one.docId);
		} else {
			const outcome = answer[index] ?? { kind: 'retry', reason: '' };
			const isOther = isOtherContent(one.content, takenOf(outcome));
			// What was told is not there any more, or for a moment was not: what to tell next is for the disk to say.
			if (isOther) withheld.add(one.docId);
			applyOutcome(outbox, one, outcome, waitOf);
			if (isOther) deps.lookSoon(one.docId);
		}
	});
}

const takenOf = (outcome: FileOutcome): TakenContent | null =>
	outcome.kind === 'delivered' && outcome.check !== true ? (outcome.taken ?? null) : null;

/** `waitOf`: the trouble is this file's own, so it waits by itself and the others go on; by its tries, ms. */
function applyOutcome(
	outbox: Outbox,
	sent: SentChange,
	outcome: FileOutcome,
	waitOf: ((tries: number) => number) | null,
): void {
	const { deps, window, withheld } = outbox;
	const { ledger, clock } = deps;
	const { docId, change, content, from } = sent;
	const row = ledger.get(docId);
	const reason = outcome.kind === 'delivered' ? '' : outcome.reason.slice(0, REASON_CHARS);
	if (row !== undefined && outcome.kind === 'delivered') {
		ledger.set(docId, withDelivered(row, change.seq, content, takenOf(outcome), clock.now()));
	} else if (row !== undefined && outcome.kind === 'failed') {
		ledger.set(docId, withFailed(row, content, reason, outcome.retryAt));
	} else if (row !== undefined) {
		ledger.set(docId, withRetry(row, reason));
		if (waitOf !== null && !withheld.has(docId))
			window.putLater(docId, row.seen?.size ?? 0, clock.monotonic() + waitOf(row.tries));
	}
	if (from !== null) applyToPreviousName(outbox, docId, from, outcome, reason);
	requeue(outbox, docId);
}

function applyToPreviousName(
	outbox: Outbox,
	docId: string,
	from: string,
	outcome: FileOutcome,
	reason: string,
): void {
	const { ledger, moves } = outbox.deps;
	const before = ledger.get(from);
	if (before !== undefined && outcome.kind === 'delivered') ledger.set(from, withMovedAway(before));
	// What is parked may still be taken later, and takes the old name with it then.
	if (before !== undefined && outcome.kind === 'failed' && outcome.retryAt !== undefined)
		ledger.set(from, withFailed(before, null, reason, outcome.retryAt));
	if (outcome.kind !== 'retry') moves.finished(docId);
	requeue(outbox, from);
}
