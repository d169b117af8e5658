import { pointsOf, type StoredPoints } from './point-tallies.ts';
import type { Counts, Tables, TenantFigures, TenantPoints } from './tables.ts';

/**
 * What the engine knows of all rows together. Counting it costs a walk over every document and receipt, so that the end
 * of a store in order leaves it behind, for the next start to take away before anything is written. After any other end
 * there is none, and the rows are counted.
 */
export interface StartSummary {
	readonly counts: Counts;
	readonly progress: readonly TenantFigures[];
	readonly points: readonly TenantPoints[];
}

type StoredSummary = Omit<StartSummary, 'points'> & { readonly points: readonly StoredPoints[] };

const name = 'summary';

export function takeSummary(tables: Tables): StartSummary {
	return tables.transaction(() => {
		const stored = tables.marker(name);
		if (stored !== null) tables.setMarker(name, null);
		const summary = stored === null ? {} : (JSON.parse(stored) as Partial<StoredSummary>);
		const { counts, progress, points } = summary;
		// A program before this one may have counted less.
		if (counts === undefined || progress === undefined || points === undefined)
			return { counts: tables.counts(), progress: tables.progress(), points: tables.points() };
		return { counts, progress, points: points.map(pointsOf) };
	});
}

/** The last thing that is done with the tables. */
export function leaveSummary(tables: Tables, summary: StoredSummary): void {
	tables.transaction(() => tables.setMarker(name, JSON.stringify(summary)));
}
