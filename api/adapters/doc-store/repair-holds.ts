import { type ManifestChunk, versionOf } from '../../domain/index.ts';
import type { DocKey } from '../../ports/work-claims.ts';
import type { RepairTarget, Tally } from '../../ports/repair-store.ts';
import type { DocRow, Tables } from './tables.ts';

/**
 * What the index is held against, and mended from (MendingStore in the port). A part of doc-engine.ts, which asks
 * `isHeld` before it gives a document away; holds are in memory, like leases, and by name, because a document that
 * the store does not know can be held as well.
 */

export function createRepairHolds({
	tables,
	isLeased,
	onLetGo,
}: {
	readonly tables: Tables;
	readonly isLeased: (doc: DocKey) => boolean;
	/** The document may be claimed again. */
	readonly onLetGo: (row: DocRow) => void;
}) {
	/** By name. */
	const holds = new Set<string>();
	const nameOf = (tenant: string, docId: string) => `${tenant.length}:${tenant}${docId}`;
	const isHeld = ({ tenant, docId }: { readonly tenant: string; readonly docId: string }): boolean =>
		holds.size > 0 && holds.has(nameOf(tenant, docId));

	return {
		isHeld,
		isHeldKey(doc: DocKey): boolean {
			const row = holds.size === 0 ? undefined : tables.docByKey(doc);
			return row !== undefined && isHeld(row);
		},
		calls: {
			tally({ after, limit }: { readonly after: DocKey; readonly limit: number }): {
				tenants: Tally[];
				last: DocKey | null;
			} {
				const rows = tables.tallyDocs(after, limit);
				const found = new Map<string, { -readonly [K in keyof Tally]: Tally[K] }>();
				for (const { key, tenant, docId, chunks, most, isUnderWay, publishedAt: at } of rows) {
					const own = found.get(tenant) ?? { tenant, least: 0, most: 0, latest: null };
					found.set(tenant, own);
					if (!isUnderWay) own.least += chunks;
					own.most += most;
					const isQuiet = !isUnderWay && !isLeased(key);
					if (at !== null && isQuiet && at >= (own.latest?.at ?? 0)) own.latest = { docId, at };
				}
				const last = rows.length < limit ? null : (rows.at(-1)?.key ?? null);
				return { tenants: [...found.values()], last };
			},
			hold(tenant: string, docId: string): RepairTarget | null {
				const row = tables.findDoc(tenant, docId);
				holds.add(nameOf(tenant, docId));
				if (row === undefined) {
					const nothing = { manifest: [], orphans: [], isInterrupted: false };
					return { doc: null, version: 0, published: null, ...nothing };
				}
				if (isLeased(row.key)) return null;
				const { manifest, fresh, uncertain } = tables.entries(row.key);
				return {
					doc: row.key,
					version: versionOf(row.state),
					published: row.state.published,
					manifest,
					orphans: [...fresh, ...uncertain],
					isInterrupted: row.state.mayHaveOrphans,
				};
			},
			endHold(tenant: string, docId: string): void {
				if (!holds.delete(nameOf(tenant, docId))) return;
				const row = tables.findDoc(tenant, docId);
				if (row !== undefined) onLetGo(row);
			},
			texts: (doc: DocKey, pointIds: readonly string[]): ManifestChunk[] => tables.chunksOf(doc, pointIds),
			marker: (name: string): string | null => tables.marker(name),
			setMarker: (name: string, value: string | null): void => tables.setMarker(name, value),
		},
	};
}
