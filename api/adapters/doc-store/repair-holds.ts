import { type ManifestChunk, type StoredEntry, versionOf } from '../../domain/index.ts';
import type { DocKey, PointTally, RepairTarget } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { markedEntries } from './lease-entries.ts';

/**
 * What the index is verified against, and repaired from (RepairStore in the port). Holds are in memory, like leases,
 * and by name, because a document that the store does not know can be held as well.
 */
type Holds = Pick<EngineState, 'tables' | 'holds'>;

const nameOf = (tenant: string, docId: string) => `${tenant.length}:${tenant}${docId}`;

/** Asked before a document is given to a worker. */
export const isHeld = (
	{ holds }: Pick<EngineState, 'holds'>,
	{ tenant, docId }: { readonly tenant: string; readonly docId: string },
): boolean => holds.size > 0 && holds.has(nameOf(tenant, docId));

export function isHeldKey({ tables, holds }: Holds, doc: DocKey): boolean {
	const row = holds.size === 0 ? undefined : tables.docByKey(doc);
	return row !== undefined && isHeld({ holds }, row);
}

export function tally(engine: EngineState, tenant: string): PointTally {
	const { least, most, moved, latest } = engine.points.of(tenant);
	return { tenant, least, most, moved, latest: latestOf(engine, latest) };
}

/** Null where something is under way on it, and where its row cannot be read. */
function latestOf({ tables, leases }: EngineState, doc: DocKey): PointTally['latest'] {
	if (doc === 0 || leases.byDoc.has(doc)) return null;
	try {
		const row = tables.docByKey(doc);
		const { published = null, mayHaveOrphans = true } = row?.state ?? {};
		if (row === undefined || published === null || mayHaveOrphans) return null;
		const { version, chunks, at } = published;
		return { docId: row.docId, version, chunks, at };
	} catch (error) {
		if (tables.isUnreadable(error)) return null;
		throw error;
	}
}

export function hold(
	{ tables, holds, leases }: EngineState,
	tenant: string,
	docId: string,
): RepairTarget | null {
	const row = tables.findDoc(tenant, docId);
	holds.add(nameOf(tenant, docId));
	if (row === undefined) return { doc: null, version: 0, published: null, isInterrupted: false };
	if (leases.byDoc.has(row.key)) return null;
	const { published, mayHaveOrphans: isInterrupted } = row.state;
	return { doc: row.key, version: versionOf(row.state), published, isInterrupted };
}

export function entriesOf(
	engine: EngineState,
	doc: DocKey,
	after: string | null,
	limit: number,
): StoredEntry[] {
	const row = engine.tables.docByKey(doc);
	return row === undefined ? [] : markedEntries(engine, row, after, limit);
}

export function texts({ tables }: EngineState, doc: DocKey, pointIds: readonly string[]): ManifestChunk[] {
	const row = tables.docByKey(doc);
	return row === undefined ? [] : tables.chunksOf(doc, !row.state.mayHaveOrphans, pointIds);
}

export function endHold({ tables, holds, queues }: EngineState, tenant: string, docId: string): void {
	if (!holds.delete(nameOf(tenant, docId))) return;
	const row = tables.findDoc(tenant, docId);
	if (row === undefined) return;
	// Its queue has passed it over, and looks at it again.
	queues.count(tenant, row.state, -1);
	queues.count(tenant, row.state, 1);
}
