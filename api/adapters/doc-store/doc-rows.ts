import { type DocState, holdsLease, isPending, type LeaseState } from '../../domain/index.ts';
import type { DocKey, Lease } from '../../ports/index.ts';
import { bodyBytes } from './doc-bodies.ts';
import type { EngineState } from './engine-state.ts';
import { countUndoably, setUndoably } from './undo-steps.ts';
import type { DocRow } from './tables.ts';

/** Reading and writing documents' rows so that leases, queues and counts stay in step with them. */

export const withLease = ({ leases }: EngineState, row: DocRow): DocState => ({
	...row.state,
	lease: leases.byDoc.get(row.key) ?? null,
});

export const setLease = (engine: EngineState, doc: DocKey, lease: LeaseState | null): void =>
	setUndoably(engine, engine.leases.byDoc, doc, lease);

/** The row, when the lease still holds. */
export function leasedRow(engine: EngineState, lease: Lease): DocRow | null {
	const row = engine.tables.docByKey(lease.doc);
	return row !== undefined && holdsLease(withLease(engine, row), lease.token) ? row : null;
}

/** What of a row is no part of its state. */
export type BesideState = Partial<Omit<DocRow, 'key' | 'state'>>;

export function saveDoc(engine: EngineState, row: DocRow, next: DocState, more: BesideState): DocRow {
	const { lease, ...state } = next;
	setLease(engine, row.key, lease);
	const saved = { ...row, ...more, state };
	count(engine, saved, 1);
	count(engine, row, -1);
	const points = pointsAtRest(saved) - pointsAtRest(row);
	engine.points.move(row.tenant, points, points);
	engine.tables.updateDoc(saved);
	return saved;
}

export function insertDoc(engine: EngineState, row: Omit<DocRow, 'key'>): DocRow {
	count(engine, row, 1);
	return { ...row, key: engine.tables.insertDoc(row) };
}

/** Of one that an attempt writes each entry is counted as it comes and goes (lease-entries.ts, end-lease.ts). */
const pointsAtRest = ({ state }: CountedRow): number =>
	state.mayHaveOrphans ? 0 : (state.published?.chunks ?? 0);

/** What of a row is counted. */
type CountedRow = Pick<DocRow, 'tenant' | 'state' | 'body'>;

/** A row comes (1) or goes (-1). */
function count(engine: EngineState, row: CountedRow, sign: 1 | -1): void {
	const { tenant, state } = row;
	engine.queues.count(tenant, state, sign);
	const countTheRest = (by: 1 | -1) => {
		engine.progress.count(tenant, state, bodyBytes(row), by);
		countRow(engine, row, by);
	};
	countUndoably(engine, countTheRest, sign);
}

function countRow({ counts }: EngineState, row: CountedRow, sign: 1 | -1): void {
	const { state } = row;
	if (isPending(state)) {
		counts.pending += sign;
		counts.pendingBytes += sign * bodyBytes(row);
	}
	if (state.failed) {
		counts.failed += sign;
		counts.failedBytes += sign * bodyBytes(row);
	}
	if (state.published !== null) {
		counts.documents += sign;
		counts.chunks += sign * state.published.chunks;
	}
}
