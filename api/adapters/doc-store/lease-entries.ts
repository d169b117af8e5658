import { recordIntent, type StoredEntry } from '../../domain/index.ts';
import type { DocKey, Intent, Lease, OrphanPoints } from '../../ports/index.ts';
import { leasedRow, saveDoc, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import type { DocRow, Tables } from './tables.ts';

/**
 * The manifest's entries while a worker writes. Where no attempt is under way, every entry of a document is of its
 * manifest and certain, whatever mark it still has from the attempt that published it: a commit of `intended` is
 * one step, however many entries it has.
 */

/** With the marks put right where they would mislead. */
export function certainEntries(
	{ tables }: EngineState,
	{ key, state }: DocRow,
): ReturnType<Tables['entries']> {
	const entries = tables.entries(key);
	if (state.mayHaveOrphans || entries.fresh.length + entries.uncertain.length === 0) return entries;
	tables.tidyEntries(key, null, null);
	return tables.entries(key);
}

export function recordOneIntent(engine: EngineState, { lease, added, uncertain }: Intent): boolean {
	const { tables } = engine;
	const row = leasedRow(engine, lease);
	if (row === null) return false;
	// From here on the marks count: what the last commit has left of them must not be taken for orphans.
	const isFirst = !row.state.mayHaveOrphans;
	if (isFirst) tables.tidyEntries(lease.doc, null, null);
	const more = tables.addOrphans(lease.doc, added);
	tables.markUncertain(lease.doc, uncertain);
	if (isFirst) saveDoc(engine, row, recordIntent(withLease(engine, row)), {});
	engine.points.move(row.tenant, 0, more + (isFirst ? (row.state.published?.chunks ?? 0) : 0));
	return true;
}

export function entries(
	engine: EngineState,
	lease: Lease,
	after: string | null,
	limit: number,
): StoredEntry[] {
	const row = leasedRow(engine, lease);
	if (row === null) return [];
	return markedEntries(engine, row, after, limit);
}

/** A page with the marks as they count. */
export function markedEntries(
	{ tables }: Pick<EngineState, 'tables'>,
	{ key, state }: DocRow,
	after: string | null,
	limit: number,
): StoredEntry[] {
	const page = tables.entriesPage(key, after, limit);
	return state.mayHaveOrphans ? page : page.map((entry) => ({ ...entry, isCertain: true }));
}

export function orphans(engine: EngineState, lease: Lease): OrphanPoints {
	if (leasedRow(engine, lease)?.state.mayHaveOrphans !== true) return { fresh: [], uncertain: [] };
	const { fresh, uncertain } = engine.tables.entries(lease.doc);
	return { fresh, uncertain };
}

export function forget(engine: EngineState, lease: Lease, ids: readonly string[]): boolean {
	const row = leasedRow(engine, lease);
	if (row === null) return false;
	const less = engine.tables.forget(lease.doc, ids);
	if (row.state.mayHaveOrphans) engine.points.move(row.tenant, 0, -less);
	return true;
}

export function reorder(
	engine: EngineState,
	lease: Lease,
	order: readonly Pick<StoredEntry, 'pointId' | 'order'>[],
): boolean {
	if (leasedRow(engine, lease) === null) return false;
	engine.tables.reorder(lease.doc, order);
	return true;
}

export function tidyEntries(
	{ tables }: EngineState,
	doc: DocKey,
	after: string | null,
	limit: number,
): string | null {
	const row = tables.docByKey(doc);
	return row === undefined || row.state.mayHaveOrphans ? null : tables.tidyEntries(doc, after, limit);
}
