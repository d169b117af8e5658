import { versionOf } from '../../domain/index.ts';
import type { DocKey, RepairStore, RepairTarget, PointTally } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';

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

export function tally(
	{ tables, leases }: EngineState,
	{ after, limit }: Parameters<RepairStore['tally']>[0],
): Awaited<ReturnType<RepairStore['tally']>> {
	const rows = tables.tallyDocs(after, limit);
	const found = new Map<string, { -readonly [K in keyof PointTally]: PointTally[K] }>();
	for (const { key, tenant, docId, chunks, most, isUnderWay, publishedAt: at } of rows) {
		const own = found.get(tenant) ?? { tenant, least: 0, most: 0, latest: null };
		found.set(tenant, own);
		if (!isUnderWay) own.least += chunks;
		own.most += most;
		const isQuiet = !isUnderWay && !leases.byDoc.has(key);
		if (at !== null && isQuiet && at >= (own.latest?.at ?? 0)) own.latest = { docId, at };
	}
	const last = rows.length < limit ? null : (rows.at(-1)?.key ?? null);
	return { tenants: [...found.values()], last };
}

export function hold(
	{ tables, holds, leases }: EngineState,
	tenant: string,
	docId: string,
): RepairTarget | null {
	const row = tables.findDoc(tenant, docId);
	holds.add(nameOf(tenant, docId));
	if (row === undefined) {
		const nothing = { manifest: [], orphans: [], isInterrupted: false };
		return { doc: null, version: 0, published: null, ...nothing };
	}
	if (leases.byDoc.has(row.key)) return null;
	const { manifest, fresh, uncertain } = tables.entries(row.key);
	return {
		doc: row.key,
		version: versionOf(row.state),
		published: row.state.published,
		manifest,
		orphans: [...fresh, ...uncertain],
		isInterrupted: row.state.mayHaveOrphans,
	};
}

export function endHold({ tables, holds, queues }: EngineState, tenant: string, docId: string): void {
	if (!holds.delete(nameOf(tenant, docId))) return;
	const row = tables.findDoc(tenant, docId);
	if (row === undefined) return;
	// Its queue has passed it over, and looks at it again.
	queues.count(tenant, row.state, -1);
	queues.count(tenant, row.state, 1);
}
