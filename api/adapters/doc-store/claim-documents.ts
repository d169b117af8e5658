import { type DocState, entriesInClaim, isClaimable, takeLease, queueClass } from '../../domain/index.ts';
import type { Priority } from '../../contract/job-schema.ts';
import type { Claimed, ClaimRequest, DocKey, Lease } from '../../ports/index.ts';
import { workOrBury } from './bury-row.ts';
import { bodyBytes, contentOf, unpinBlob } from './doc-bodies.ts';
import { saveDoc, setLease, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { updateJob } from './job-rows.ts';
import { certainEntries } from './lease-entries.ts';
import { publishedMoveSources } from './move-sources.ts';
import { isHeld } from './repair-holds.ts';
import type { DocRow, Tables } from './tables.ts';

/** Claiming: a document's newest generation is leased to a worker, with all that is needed to work on it. */

const noEntries: ReturnType<Tables['entries']> = { manifest: [], fresh: [], uncertain: [] };
const priorityNames: readonly Priority[] = ['high', 'normal', 'low'];

export const claim = (engine: EngineState, request: ClaimRequest): Claimed[] =>
	request.onlyDeletionsOf === undefined
		? engine.queues.take(request, (doc, maxBytes) =>
				workOrBury(engine, doc, request.now, () => claimOne(engine, doc, request, maxBytes)),
			)
		: request.onlyDeletionsOf.flatMap(
				(doc) => workOrBury(engine, doc, request.now, () => claimDeletion(engine, doc, request)) ?? [],
			);

function claimDeletion(engine: EngineState, doc: DocKey, request: ClaimRequest): Claimed | null {
	const isDeletion = engine.tables.docByKey(doc)?.state.wanted.op === 'delete';
	return isDeletion ? claimOne(engine, doc, request, Infinity) : null;
}

function claimOne(engine: EngineState, doc: DocKey, request: ClaimRequest, maxBytes: number): Claimed | null {
	const row = engine.tables.docByKey(doc);
	if (row === undefined || isHeld(engine, row)) return null;
	if (!isClaimable(withLease(engine, row), request.now) || bodyBytes(row) > maxBytes) return null;
	const state = leaseRow(engine, row, request);
	if (state.lease === null) throw new Error('a lease that was just taken is gone');
	const { token, generation, version } = state.lease;
	return claimed(engine, row, state, { doc, token, generation }, version);
}

/** Ends what is left of a lease that was lost on the way. */
function leaseRow(engine: EngineState, row: DocRow, { now, leaseMs }: ClaimRequest): DocState {
	const { state, abandoned } = takeLease(withLease(engine, row), engine.leases.nextToken, now + leaseMs);
	engine.leases.nextToken += 1;
	// After a restart the lost lease is known by its job only.
	const lost = abandoned ?? row.flightJob;
	if (lost === null) setLease(engine, row.key, state.lease);
	else {
		updateJob(engine, lost, now, { state: 'superseded', supersededBy: state.wanted.jobId });
		unpinBlob(engine, row.key);
		saveDoc(engine, row, state, { flightJob: null });
	}
	return state;
}

function claimed(engine: EngineState, row: DocRow, state: DocState, lease: Lease, version: number): Claimed {
	const { tenant, docId } = row;
	const { wanted, attempts, published } = state;
	const { jobId, op, meta, fingerprint, sha256, size, acceptedAt } = wanted;
	// A body without a row is lost as one without a file is: that nothing is to be read is said by no body alone.
	const body = row.body === null ? undefined : (engine.tables.body(row.body) ?? ({ kind: 'lost' } as const));
	const isPaged = hasManyEntries(engine.tables, row);
	const { manifest, fresh, uncertain } = isPaged ? noEntries : certainEntries(engine, row);
	return {
		...{ lease, tenant, docId, jobId, op, version, meta, fingerprint, attempts, acceptedAt, published },
		priority: priorityNames[wanted.priority] ?? 'normal',
		class: queueClass(state),
		content: op === 'delete' || body === undefined ? null : { sha256, size, body: contentOf(engine, body) },
		manifest,
		orphans: [...fresh, ...uncertain],
		moveSources: op === 'put' ? publishedMoveSources(engine, row.key) : [],
		isPaged,
		isInterrupted: row.state.mayHaveOrphans,
	};
}

const hasManyEntries = (tables: Tables, { key, state }: DocRow): boolean =>
	(state.published?.chunks ?? 0) > entriesInClaim ||
	(state.mayHaveOrphans && tables.hasMoreEntries(key, entriesInClaim));
