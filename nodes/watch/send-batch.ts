/** One batch from the window to its outcomes. Used by the emitter; the only place that calls `deliver`. */
import { applyToConsumer, applyToFiles, type BatchAnswer, type SentChange } from './apply-outcomes.ts';
import { eventOf, needsSend, withSent } from './diff.ts';
import { errorCode } from './disk.ts';
import type { ContentChange, FileChange } from './file-change.ts';
import { REASON_CHARS, requeue, type EmitterDeps, type Outbox } from './outbox.ts';
import type { ReadVerification } from './read-verifier.ts';
import type { FileRow } from './state/file-state-port.ts';
import type { WindowBatch } from './window.ts';

/** Never rejects. */
export async function sendBatch(outbox: Outbox, { docIds }: WindowBatch): Promise<void> {
	const { deps, departing, closing } = outbox;
	// 1. What reads are verified against is taken before the changes get their seq: afterwards nothing may overtake them.
	for (const docId of docIds) departing.add(docId);
	const verification = (await deps.verifier?.(docIds)) ?? null;
	for (const docId of docIds) departing.delete(docId);
	if (closing.signal.aborted) return;
	// 2. Each change that is still to be sent gets its seq.
	const { failures: failuresBefore } = outbox.consumer;
	const sent = docIds.map((docId) => assignSeq(outbox, docId)).filter((one) => one !== null);
	if (sent.length === 0) return;
	// 3. The rows become durable, and the consumer is told.
	const answer = await deliver(outbox, sent);
	// 4. What the consumer read by itself is verified.
	const unconfirmed = await findUnconfirmed(sent, answer, verification);
	if (outbox.isAbandoned) return;
	// 5. The answer goes into the rows, and the rows to the disk.
	const answered = { sent, answer, unconfirmed, failuresBefore };
	applyToConsumer(outbox, answered);
	applyToFiles(outbox, answered);
	await deps.ledger.flush().catch((error: unknown) => {
		// Not lost: the rows stay unsaved and go with the next flush; a crash before it sends them again.
		deps.log('state.commit_failed', { code: errorCode(error) });
	});
}

/** Gives the change its seq, if there is one. A move is put down in both rows: the consumer may act on either of them. */
function assignSeq(outbox: Outbox, docId: string): SentChange | null {
	const { deps, inFlight, withheld } = outbox;
	const { ledger } = deps;
	const row = ledger.get(docId);
	// A name may have gone into flight with a move of this very batch.
	if (row === undefined || !needsSend(row) || inFlight.has(docId) || withheld.has(docId)) {
		requeue(outbox, docId);
		return null;
	}
	const seq = ledger.takeSeq();
	const from = deps.moves.previousOf(docId);
	const before = from === null ? undefined : ledger.get(from);
	const next = withSent(row, seq, before === undefined ? eventOf(row) : 'moved');
	ledger.set(docId, next);
	inFlight.add(docId);
	if (from !== null && before !== undefined) {
		ledger.set(from, withSent(before, seq, 'moved'));
		inFlight.add(from);
	}
	return { docId, change: toChange(deps, docId, next, from, before), content: next.seen, from };
}

async function deliver({ deps, closing }: Outbox, sent: readonly SentChange[]): Promise<BatchAnswer> {
	const changes = sent.map(({ change }) => change);
	try {
		await deps.ledger.flush();
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
async function findUnconfirmed(
	sent: readonly SentChange[],
	answer: BatchAnswer,
	verification: ReadVerification | null,
): Promise<ReadonlySet<string>> {
	const unconfirmed = new Set<string>();
	if ('failure' in answer) return unconfirmed;
	const looks = sent.map(async ({ docId, content }, index) => {
		const outcome = answer[index];
		if (outcome?.kind !== 'delivered' || outcome.check !== true) return;
		// Compared with what was sent, not with the newest row: that may be a content that came back.
		if (!(await verification?.confirms(docId, content, outcome.sha256 ?? null))) unconfirmed.add(docId);
	});
	await Promise.all(looks);
	return unconfirmed;
}

function toChange(
	{ ledger, pathOf }: EmitterDeps,
	docId: string,
	row: FileRow,
	from: string | null,
	before: FileRow | undefined,
): FileChange {
	const { sourceId, epoch } = ledger.head;
	const head = {
		...{ root: row.root, path: pathOf(row), relPath: row.path, docId, sourceId, epoch, seq: row.seq },
		previousSha256: row.delivered?.sha256 ?? null,
	};
	if (row.seen === null) return { event: 'deleted', ...head };
	const { size, mtimeNs, sha256, xxh64 } = row.seen;
	const content = { size, mtimeMs: Number(mtimeNs / 1_000_000n), sha256, xxh64 };
	if (from !== null && before !== undefined) {
		const names = { previousDocId: from, previousPath: pathOf(before) };
		return { event: 'moved', ...head, ...names, ...content };
	}
	return { event: eventOf(row) as ContentChange['event'], ...head, ...content };
}

/** What was thrown, for people: of an error of the system its code alone, because its message holds paths. */
function describe(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown error';
	return 'syscall' in error ? errorCode(error) : error.message.slice(0, REASON_CHARS);
}
