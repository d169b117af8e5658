import {
	type AcceptResult,
	type Change,
	decideAccept,
	type DocState,
	isPending,
	mayGrow,
	ownedError,
	type PriorityRank,
	type Refusal,
	shortFailure,
	spentError,
	type Taken,
	versionOf,
} from '../../domain/index.ts';
import type { Priority } from '../../contract/job-schema.ts';
import type { QueueLimits } from '../../ports/index.ts';
import { openAdmission, type Admission } from './admission.ts';
import { dropBody } from './doc-bodies.ts';
import { insertDoc, saveDoc, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { endLostJob, insertJob, updateJob } from './job-rows.ts';
import { addMoveSource, freeMoveSources } from './move-sources.ts';
import { recordRefusal } from './refusal-receipts.ts';
import { epochOrderOf, noteEpoch } from './source-epochs.ts';
import type { DocRow, JobRow } from './tables.ts';

/** Accepting: each change in turn meets its document, is decided on, and is written down with its job. */

interface Call {
	readonly engine: EngineState;
	readonly now: number;
	readonly limits: QueueLimits;
	readonly admission: Admission;
}

type AcceptDecision = ReturnType<typeof decideAccept>;

/** A change and what it does to its document; nothing is written yet. */
interface Meeting<D extends AcceptDecision = AcceptDecision> {
	readonly change: Change;
	readonly row: DocRow | undefined;
	readonly before: DocState | null;
	readonly decision: D;
}
type Decided<K extends AcceptDecision['kind']> = Extract<AcceptDecision, { kind: K }>;

const priorities: Readonly<Record<Priority, PriorityRank>> = { high: 0, normal: 1, low: 2 };

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

function meet({ engine, now }: Call, change: Change): Meeting {
	const row = engine.tables.findDoc(change.tenant, change.docId);
	const before = row === undefined ? null : withLease(engine, row);
	const { op, meta, jobId, sourceId, epoch, seq, takeOver, windowMs, maxWaitMs } = change;
	const decision = decideAccept(
		before,
		{
			...{ op, meta, jobId, sourceId, epoch, seq, takeOver, windowMs, maxWaitMs },
			sha256: change.content?.sha256 ?? '',
			fingerprint: op === 'delete' ? '' : change.fingerprint,
			epochOrder: epochOrderOf(engine.tables, { sourceId, epoch }, now),
			size: change.content?.size ?? 0,
			priority: priorities[change.priority],
		},
		now,
	);
	return { change, row, before, decision };
}

/**
 * Whether what the changes would keep is too much: of all tenants, or of this one, who leaves others a part of it. What
 * waits may be replaced at any time, but not by something larger than there is room for.
 */
function isFull({ engine: { counts, progress }, limits }: Call, meetings: readonly Meeting[]): boolean {
	const growth = { documents: 0, bytes: 0 };
	for (const { before, change, decision } of meetings) {
		if (decision.kind !== 'accepted') continue;
		const waiting = before !== null && isPending(before) ? before.wanted.size : null;
		if (waiting === null) growth.documents += 1;
		growth.bytes += (change.content?.size ?? 0) - (waiting ?? 0);
	}
	const own = progress.waiting(meetings[0]?.change.tenant ?? '');
	const documents = limits.maxPending - counts.pending;
	const bytes = limits.maxPendingBytes - counts.pendingBytes;
	return (
		(growth.documents > 0 && (growth.documents > documents || !mayGrow(own.documents, documents))) ||
		(growth.bytes > 0 && (growth.bytes > bytes || !mayGrow(own.bytes, bytes)))
	);
}

function isRejected(meeting: Meeting): meeting is Meeting<Decided<'owned' | 'spent'>> {
	return meeting.decision.kind === 'owned' || meeting.decision.kind === 'spent';
}

function refuse(
	{ engine, now }: Call,
	change: Change,
	{ before, decision }: Meeting<Decided<'owned' | 'spent'>>,
	what: { readonly of?: 'previous' },
): AcceptResult {
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
	if (decision.kind === 'owned' || decision.kind === 'spent')
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

/** The new body takes the place of the old one, which a worker may still be reading. */
function saveAccepted({ engine }: Call, meeting: Meeting<Decided<'accepted'>>): DocRow {
	const { change, row, before, decision } = meeting;
	const body = change.content === null ? null : engine.tables.insertBody(change.content.body);
	if (row === undefined) return insertNew(engine, change, decision.state, body);
	const lease = before?.lease ?? null;
	const isFirstBehindLease = lease !== null && lease.generation === before?.generation;
	dropBody(engine, row.key, row.body, isFirstBehindLease);
	const flightJob = isFirstBehindLease ? lease.jobId : row.flightJob;
	return saveDoc(engine, row, decision.state, { body, lastJob: change.jobId, flightJob, error: null });
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
