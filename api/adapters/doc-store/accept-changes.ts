import {
	type AcceptResult,
	type Change,
	type DocState,
	isPending,
	mayGrow,
	ownedError,
	type Refusal,
	shortFailure,
	spentError,
	type Taken,
	unfitError,
	versionOf,
} from '../../domain/index.ts';
import type { QueueLimits } from '../../ports/index.ts';
import { openAdmission, type Admission } from './admission.ts';
import { bodyBytes, dropBody } from './doc-bodies.ts';
import { insertDoc, saveDoc } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { endLostJob, insertJob, updateJob } from './job-rows.ts';
import { type Decided, isRejected, meet, type Meeting } from './meet-change.ts';
import { addMoveSource, freeMoveSources } from './move-sources.ts';
import { recordRefusal } from './refusal-receipts.ts';
import { noteEpoch } from './source-epochs.ts';
import type { DocRow, JobRow } from './tables.ts';

/** Accepting: each change in turn meets its document, is decided on, and is written down with its job. */

interface Call {
	readonly engine: EngineState;
	readonly now: number;
	readonly limits: QueueLimits;
	readonly admission: Admission;
}

export function acceptChanges(
	engine: EngineState,
	changes: readonly (Change | Refusal)[],
	now: number,
	limits: QueueLimits,
): AcceptResult[] {
	const admission = openAdmission(changes, limits.allowance, engine.credits);
	const call = { engine, now, limits, admission };
	const results = changes.map((change): AcceptResult =>
		'refused' in change
			? { kind: 'refused', jobId: recordRefusal(engine, change, now) }
			: acceptOne(call, change),
	);
	admission.giveBack(results);
	return results;
}

function acceptOne(call: Call, change: Change): AcceptResult {
	const { engine, now, admission } = call;
	const { previous, ...own } = change;
	const closed = admission.closed(own.tenant);
	if (closed !== null) return closed;
	const put = meet(call, own);
	if (put.decision.kind === 'unmatched') return { kind: 'unmatched' };
	if (isRejected(put)) return refuse(call, own, put, {});
	const moveSource =
		previous === undefined
			? null
			: meet(call, { ...own, ...previous, op: 'delete', content: null, meta: '' });
	if (moveSource !== null && isRejected(moveSource)) return refuse(call, own, moveSource, { of: 'previous' });
	if (isFull(call, moveSource === null ? [put] : [put, moveSource])) return { kind: 'full' };
	// A move is one document, however many jobs it has.
	if (put.decision.kind === 'accepted' && !admission.take(own.tenant)) return { kind: 'limited' };
	const { taken, row } = take(call, put, admission.costOf(own));
	const old = moveSource === null ? null : take(call, moveSource, 0);
	if (moveSource !== null && old !== null && moveSource.decision.kind !== 'stale')
		addMoveSource(engine, old.row, row, now, hasFinished(moveSource));
	// Last, because it may free the old name itself.
	if (hasFinished(put)) freeMoveSources(engine, row.key, row.state.generation, now);
	return old === null ? taken : { ...taken, previous: old.taken };
}

/**
 * Whether what the changes would keep is too much: of all tenants, or of this one, who leaves others a part of it. What
 * waits may be replaced at any time, but not by something larger than there is room for.
 */
function isFull({ engine: { counts, progress }, limits }: Call, meetings: readonly Meeting[]): boolean {
	const growth = { documents: 0, bytes: 0 };
	for (const { row, before, change, decision } of meetings) {
		if (decision.kind !== 'accepted') continue;
		const held = row === undefined ? 0 : bodyBytes(row);
		const isWaiting = before !== null && isPending(before);
		if (!isWaiting) growth.documents += 1;
		// A patch keeps what there is.
		const next = change.op === 'patch' ? held : (change.content?.size ?? 0);
		growth.bytes += next - (isWaiting ? held : 0);
	}
	const own = progress.waiting(meetings[0]?.change.tenant ?? '');
	const documents = limits.maxPending - counts.pending;
	const bytes = limits.maxPendingBytes - counts.pendingBytes;
	return (
		(growth.documents > 0 && (growth.documents > documents || !mayGrow(own.documents, documents))) ||
		(growth.bytes > 0 && (growth.bytes > bytes || !mayGrow(own.bytes, bytes)))
	);
}

function refuse(
	{ engine, now }: Call,
	change: Change,
	{ before, decision }: Meeting<Decided<'owned' | 'spent' | 'unfit'>>,
	what: { readonly of?: 'previous' },
): AcceptResult {
	if (decision.kind === 'unfit') {
		const { unfit } = decision;
		const refused = shortFailure(unfitError(unfit));
		return { kind: 'unfit', unfit, jobId: recordRefusal(engine, { ...change, refused }, now) };
	}
	if (before === null) throw new Error('rejected without a document');
	const owner = decision.kind === 'owned' ? nameOfSource(engine, before) : null;
	const error = owner === null ? spentError(what.of) : ownedError(owner, what.of);
	const jobId = recordRefusal(engine, { ...change, refused: shortFailure(error) }, now);
	return owner === null ? { kind: 'spent', ...what, jobId } : { kind: 'owned', owner, ...what, jobId };
}

const nameOfSource = ({ tables }: EngineState, { sourceId, epoch }: DocState): string =>
	tables.sourceName(sourceId, epoch) ?? sourceId;

/** Whether the change ended what its document was waiting for: it is what the index holds. */
const hasFinished = ({ before, decision }: Meeting): boolean =>
	decision.kind === 'unchanged' && before !== null && decision.state.generation > before.generation;

/** Writes down a change that is not rejected, with its job; `cost` is what it is charged should it be accepted. */
function take(call: Call, meeting: Meeting, cost: number): { readonly taken: Taken; readonly row: DocRow } {
	const { engine, now } = call;
	const { change, row, before, decision } = meeting;
	const { jobId, op, tenant } = change;
	const job: Omit<JobRow, 'doc' | 'version' | 'state'> = {
		...{ jobId, op, tenant, acceptedAt: now, updatedAt: now, attempts: 0, supersededBy: null },
		...{ previous: row?.lastJob ?? null, error: null, detail: null, charged: 0 },
	};
	const { kind } = decision;
	if (kind === 'owned' || kind === 'spent' || kind === 'unfit' || kind === 'unmatched')
		throw new Error('a rejected change cannot be taken');
	if (decision.kind === 'stale') {
		if (row === undefined || before === null) throw new Error('stale without a document');
		const { version } = decision;
		insertJob(engine, { ...job, doc: row.key, state: 'stale', version });
		const saved = { ...row, lastJob: jobId };
		engine.tables.updateDoc(saved);
		const by = decision.isSuperseded ? nameOfSource(engine, before) : null;
		return { taken: { kind: 'stale', jobId, version, by }, row: saved };
	}
	noteEpoch(engine, decision.state, change.sourceName);
	const version = versionOf(decision.state);
	const saved =
		decision.kind === 'accepted'
			? saveAccepted(call, { ...meeting, decision })
			: saveUnchanged(call, { ...meeting, decision });
	updateJob(engine, decision.superseded, now, { state: 'superseded', supersededBy: jobId });
	if (decision.kind === 'accepted') {
		insertJob(engine, { ...job, doc: saved.key, state: 'accepted', version, charged: cost });
		return { taken: { kind: 'accepted', jobId, version, superseded: decision.superseded }, row: saved };
	}
	const { follows } = decision;
	insertJob(engine, { ...job, doc: saved.key, state: 'unchanged', version, supersededBy: follows });
	return { taken: { kind: 'unchanged', jobId, version, follows }, row: saved };
}

/**
 * The new body takes the place of the old one, which a worker may still be reading; a patch leaves it where it is. So
 * the body that waits behind a lease may be that of the lease as well.
 */
function saveAccepted({ engine }: Call, meeting: Meeting<Decided<'accepted'>>): DocRow {
	const { change, row, before, decision } = meeting;
	const body = change.content === null ? null : engine.tables.insertBody(change.content.body);
	if (row === undefined) return insertNew(engine, change, decision.state, body);
	const lease = before?.lease ?? null;
	const isFirstBehindLease = lease !== null && lease.generation === before?.generation;
	const flightJob = isFirstBehindLease ? lease.jobId : row.flightJob;
	const beside = { lastJob: change.jobId, flightJob, error: null };
	if (change.op === 'patch') return saveDoc(engine, row, decision.state, beside);
	dropBody(engine, row.key, row.body, lease !== null && !engine.leases.pinnedBlobs.has(row.key));
	return saveDoc(engine, row, decision.state, { body, ...beside });
}

/** Where the document is as it is wanted by now, nothing is left to be done with what waited. */
function saveUnchanged({ engine, now }: Call, meeting: Meeting<Decided<'unchanged'>>): DocRow {
	const { change, row, decision } = meeting;
	const { state } = decision;
	if (row === undefined) return insertNew(engine, change, state, null);
	const isDone = !isPending(state) && row.body !== null && state.lease === null;
	if (isDone) dropBody(engine, row.key, row.body, false);
	return saveDoc(engine, row, state, {
		lastJob: change.jobId,
		...(isDone && { body: null, error: null }),
		...(!isPending(state) && endLostJob(engine, row, change.jobId, now)),
	});
}

function insertNew(
	engine: EngineState,
	{ tenant, docId, jobId }: Change,
	{ lease: _none, ...state }: DocState,
	body: number | null,
): DocRow {
	return insertDoc(engine, { tenant, docId, state, body, lastJob: jobId, flightJob: null, error: null });
}
