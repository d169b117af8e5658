import { commitLeased, deadLetterLeased, isPending, releaseLease } from '../../domain/index.ts';
import type { Commit, DeadLetter, Lease, Release } from '../../ports/index.ts';
import { boundDeadBodies } from './dead-bodies.ts';
import { dropBody, unpinBlob } from './doc-bodies.ts';
import { leasedRow, saveDoc, setLease, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { updateJob } from './job-rows.ts';
import { freeMoveSources, giveUpMoveSources } from './move-sources.ts';
import type { DocRow } from './tables.ts';

/** The ways in which a worker ends its lease, or keeps it. Each is false where the lease was lost. */

export function renewOne(engine: EngineState, { doc, token }: Lease, until: number): boolean {
	const lease = engine.leases.byDoc.get(doc);
	if (lease === undefined || lease.token !== token) return false;
	setLease(engine, doc, { ...lease, until });
	return true;
}

export function commitOne(
	engine: EngineState,
	{ lease, manifest, title, detail }: Commit,
	now: number,
): boolean {
	const { tables, progress, points } = engine;
	const row = leasedRow(engine, lease);
	if (row === null) return false;
	const before = withLease(engine, row);
	const isDeletion = before.lease?.content.op === 'delete';
	// Of a document that is gone nothing stays, whatever was intended for it.
	const given = isDeletion ? [] : manifest;
	const entries =
		given === 'intended' ? tables.countEntries(lease.doc) : tables.setManifest(lease.doc, given);
	if (row.state.mayHaveOrphans) points.move(row.tenant, 0, -entries);
	const chunks = given === 'intended' ? entries : given.length;
	const next = commitLeased(before, chunks, now, title ?? null);
	const isDone = !isPending(next) && !next.failed;
	if (isDone) dropBody(engine, lease.doc, row.body, false);
	unpinBlob(engine, lease.doc);
	saveDoc(engine, row, next, { flightJob: null, ...(isDone && { body: null, error: null }) });
	updateJob(engine, before.lease?.jobId ?? null, now, {
		state: isDeletion ? 'deleted' : 'published',
		detail,
		attempts: before.lease?.generation === before.generation ? before.attempts : 0,
	});
	freeMoveSources(engine, lease.doc, lease.generation, now);
	progress.done(row.tenant, now, false);
	if (next.published !== null) points.published(row.tenant, lease.doc, now);
	return true;
}

export function releaseOne(
	engine: EngineState,
	{ lease, retryAt, counted, error }: Release,
	now: number,
): boolean {
	const row = leasedRow(engine, lease);
	if (row === null) return false;
	const { state, superseded } = releaseLease(withLease(engine, row), retryAt, counted);
	unpinBlob(engine, lease.doc);
	saveDoc(engine, row, state, { flightJob: null, ...(superseded === null && { error }) });
	updateJob(engine, superseded, now, { state: 'superseded', supersededBy: state.wanted.jobId });
	return true;
}

export function deadLetterOne(
	engine: EngineState,
	{ lease, error, present }: DeadLetter,
	now: number,
): boolean {
	const row = leasedRow(engine, lease);
	if (row === null) return false;
	const before = withLease(engine, row);
	const givenUp = deadLetterLeased(before);
	const { published } = givenUp;
	const chunks = before.mayHaveOrphans ? keepPresent(engine, row, present) : (published?.chunks ?? 0);
	const next = published === null ? givenUp : { ...givenUp, published: { ...published, chunks } };
	unpinBlob(engine, lease.doc);
	saveDoc(engine, row, next, { flightJob: null, ...(next.failed && { error }) });
	updateJob(engine, before.lease?.jobId ?? null, now, {
		state: 'failed',
		error,
		attempts: before.attempts + 1,
	});
	if (next.failed) giveUpMoveSources(engine, lease.doc, now);
	engine.progress.done(row.tenant, now, true);
	boundDeadBodies(engine);
	return true;
}

/** What stays of the manifest. Before an intent all of it does, whatever marks an earlier commit has left. */
function keepPresent({ tables, points }: EngineState, row: DocRow, present: readonly string[]): number {
	const { before, after } = tables.keepPresent(row.key, new Set(present));
	points.move(row.tenant, 0, -before);
	return after;
}
