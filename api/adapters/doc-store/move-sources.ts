import {
	type Failure,
	giveUpMove,
	endWait,
	isPending,
	successorOf,
	waitForSuccessor,
	withdrawMove,
} from '../../domain/index.ts';
import type { DocKey, MoveSource } from '../../ports/index.ts';
import { saveDoc, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { endLostJob, updateJob } from './job-rows.ts';
import type { DocRow } from './tables.ts';

/**
 * Documents that were moved away and wait for their successor: moves their rows with domain/move-wait.ts, and their
 * jobs with them, in the transaction of whatever happens to the successor.
 */
const successorFailed: Failure = {
	code: 'successor_failed',
	message:
		'the document that this one was moved to failed; what was published under this name stays until it is in',
};

/**
 * The old name was left for `to`, both changed already. Whoever waited for the old name waits for the new one
 * now; `isFinished`: nothing is left to be done under the old one.
 */
export function addMoveSource(
	engine: EngineState,
	old: DocRow,
	to: DocRow,
	now: number,
	isFinished: boolean,
): void {
	const { tables } = engine;
	const successor = successorOf(old.key, { key: to.key, state: withLease(engine, to) });
	const { failed } = tables.docByKey(successor?.doc ?? to.key)?.state ?? to.state;
	const saved = saveDoc(engine, old, waitForSuccessor(withLease(engine, old), successor, now), {});
	if (successor !== null && failed) giveOneUp(engine, saved, now);
	if (successor === null) {
		if (isFinished) freeMoveSources(engine, old.key, old.state.generation, now);
		return;
	}
	for (const row of tables.moveSourcesOf(old.key)) {
		const further = saveDoc(engine, row, waitForSuccessor(withLease(engine, row), successor, now), {});
		if (failed) giveOneUp(engine, further, now);
	}
}

/** A generation of the successor is finished: whoever waited for it, or for an earlier one, waits no longer. */
export function freeMoveSources(
	engine: EngineState,
	successor: DocKey,
	generation: number,
	now: number,
): void {
	for (const row of engine.tables.moveSourcesOf(successor)) {
		if ((row.state.movedTo?.generation ?? 0) <= generation) freeOne(engine, row, now);
	}
}

/** What was given up is taken up again. */
function freeOne(engine: EngineState, row: DocRow, now: number): void {
	const { failed, wanted } = row.state;
	saveDoc(engine, row, endWait(withLease(engine, row), now), failed ? { error: null } : {});
	if (failed) updateJob(engine, wanted.jobId, now, { state: 'accepted', error: null });
}

/** The successor was given up. */
export function giveUpMoveSources(engine: EngineState, successor: DocKey, now: number): void {
	for (const row of engine.tables.moveSourcesOf(successor)) giveOneUp(engine, row, now);
}

function giveOneUp(engine: EngineState, row: DocRow, now: number): void {
	const before = withLease(engine, row);
	const next = giveUpMove(before);
	if (next === before) return;
	const { jobId } = before.wanted;
	saveDoc(engine, row, next, { error: successorFailed, ...endLostJob(engine, row, jobId, now) });
	updateJob(engine, jobId, now, { state: 'failed', error: successorFailed });
}

/** The successor's change is about to be canceled; false where that cannot be, and nothing was changed. */
export function withdrawMoveSources(engine: EngineState, successor: DocKey, now: number): boolean {
	const rows = engine.tables
		.moveSourcesOf(successor)
		.map((row) => ({ row, next: withdrawMove(withLease(engine, row)) }));
	if (rows.some(({ next }) => next === null)) return false;
	for (const { row, next } of rows) {
		if (next === null) continue;
		const { failed, wanted } = row.state;
		const isCanceled = !failed && isPending(withLease(engine, row));
		saveDoc(engine, row, next, isCanceled ? { error: null } : {});
		if (isCanceled) updateJob(engine, wanted.jobId, now, { state: 'canceled' });
	}
	return true;
}

/** The documents that wait, with something in the index. */
export const publishedMoveSources = ({ tables }: EngineState, successor: DocKey): MoveSource[] =>
	tables
		.moveSourcesOf(successor)
		.flatMap(({ key: doc, tenant, docId, state: { published } }) =>
			published === null ? [] : { doc, tenant, docId, fingerprint: published.fingerprint },
		);
