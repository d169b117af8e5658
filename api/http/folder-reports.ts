import type { FolderReport, ReportedFolders, ToldFile } from '../contract/folder-report-schema.ts';
import type { Clock } from '../ports/index.ts';

/**
 * What workflows tell of their folders, as they told it last. In memory: every workflow tells again within a minute,
 * so that nothing is lost by a restart for longer. Bounded by tenant, so that one tenant's key cannot push out what
 * the others told.
 */
export interface FolderReports {
	/** Returns how many others tell of the same source now. */
	put(sourceId: string, report: FolderReport): number;
	/** Of one tenant, or (null) of all; by name. */
	list(tenant: string | null): ReportedFolders[];
}

/** Workflows tell every minute: who has missed two of them is silent, ms. */
const SILENT_AFTER = 150_000;
/** A silent one is shown for this long, since it may be what is wrong, ms. */
const KEPT = 86_400_000;
const MOST_OF_TENANT = 50;
const MOST = 500;

interface Kept {
	readonly sourceId: string;
	readonly report: FolderReport;
	/** Monotonic ms, and wall ms. */
	readonly at: number;
	readonly toldAt: number;
}

export function createFolderReports(clock: Pick<Clock, 'monotonic' | 'now'>): FolderReports {
	/** Told longest ago first. */
	const kept = new Map<string, Kept>();
	const isSilent = ({ at }: Kept) => clock.monotonic() - at >= SILENT_AFTER;

	function forgetOld(): void {
		for (const [key, { at }] of kept) if (clock.monotonic() - at >= KEPT) kept.delete(key);
	}
	/** The one told longest ago, of the tenant that has the most. */
	function makeRoom(tenant: string | null): void {
		const byTenant = Map.groupBy(kept, ([, { report }]) => report.tenant);
		const own = byTenant.get(tenant) ?? [];
		const most = [...byTenant.values()].reduce((a, b) => (b.length > a.length ? b : a), own);
		const full = own.length > MOST_OF_TENANT ? own : kept.size > MOST ? most : [];
		const [oldest] = full;
		if (oldest !== undefined) kept.delete(oldest[0]);
	}

	return {
		put(sourceId, report) {
			forgetOld();
			const { tenant, sender } = report;
			const key = JSON.stringify([tenant, sourceId, sender]);
			kept.delete(key);
			let others = 0;
			for (const [other, one] of kept) {
				if (one.sourceId !== sourceId || one.report.tenant !== tenant) continue;
				// Who tells now has taken the place of one that tells no more.
				if (isSilent(one)) kept.delete(other);
				else others += 1;
			}
			if (report.isLast === true) return others;
			kept.set(key, { sourceId, report, at: clock.monotonic(), toldAt: clock.now() });
			makeRoom(tenant);
			return others;
		},
		list(tenant) {
			forgetOld();
			return [...kept.values()]
				.filter(({ report }) => tenant === null || report.tenant === tenant)
				.map((one): ReportedFolders => {
					const { name, roots, delivery } = one.report;
					const toldAt = new Date(one.toldAt).toISOString();
					const { sourceId } = one;
					return {
						...{ sourceId, tenant: one.report.tenant, name, toldAt, roots, delivery },
						isSilent: isSilent(one),
					};
				})
				.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
		},
	};
}

/**
 * `owner`: the source of the document, where the API knows the document. Without one a file is found by its name
 * among those that something is wrong with.
 */
export function explainTold(
	reports: readonly ReportedFolders[],
	docId: string,
	owner: string | null,
): ToldFile | null {
	const told = reports.flatMap(({ roots, ...head }) =>
		roots.map((root) => ({ head, root, reason: reasonOf(root, docId) })),
	);
	const found =
		told.find(({ head, reason }) => head.sourceId === owner && reason !== null) ??
		told.find(({ head, root }) => head.sourceId === owner && docId.startsWith(`${root.label}/`)) ??
		told.find(({ head }) => head.sourceId === owner) ??
		told.find(({ reason }) => owner === null && reason !== null);
	if (found === undefined) return null;
	const { name, toldAt, isSilent } = found.head;
	return { name, label: found.root.label, toldAt, isSilent, reason: found.reason };
}

/** By its path under the folder, which is the document's ID, with the folder's label before it where there are several. */
function reasonOf(root: ReportedFolders['roots'][number], docId: string): string | null {
	const isIt = (relPath: string) => docId === relPath || docId === `${root.label}/${relPath}`;
	const wrong = [...root.failed, ...root.skipped, ...root.unreadable].find(({ relPath }) => isIt(relPath));
	if (wrong !== undefined) return wrong.reason;
	return root.restless.some(isIt) ? 'it never stands still, and is taken as it is every so often' : null;
}
