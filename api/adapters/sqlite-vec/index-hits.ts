/** From the rows that a search has found to the points that it answers, on an open database; for both kinds of search. */
import type { DatabaseSync } from 'node:sqlite';
import { pointColumns, pointTables, toPoint } from './read.ts';
import type { TenantState } from './resident-vectors.ts';
import type { WireHits } from './index-messages.ts';

export interface Candidate {
	readonly row: number;
	readonly score: number;
}

export interface IndexHits {
	/**
	 * What `search` finds, in one transaction, so that rows and points are of one moment; null where there is no such
	 * tenant.
	 */
	of<T>(tenant: string, search: (state: TenantState) => T): T | null;
	/** The best of them, best first, equals by id. */
	best(tenant: number, candidates: readonly Candidate[], limit: number): WireHits;
}

export const nothing: WireHits = { points: [], scores: [] };

export function createIndexHits(db: DatabaseSync): IndexHits {
	const findTenant = db.prepare('SELECT tenant, edition, points FROM tenants WHERE name = ?');
	const readId = db.prepare('SELECT id FROM points WHERE point = ?');
	// The tenant is asked for once more: no defect of an engine's may show one tenant another's text.
	const readPoint = db.prepare(
		`SELECT ${pointColumns} FROM ${pointTables} WHERE points.point = ? AND points.tenant = ?`,
	);
	return {
		of(tenant, search) {
			db.exec('BEGIN');
			try {
				const state = findTenant.get(tenant) as unknown as TenantState | undefined;
				return state === undefined ? null : search(state);
			} finally {
				db.exec('COMMIT');
			}
		},
		best(tenant, candidates, limit) {
			const read = ({ row, score }: Candidate) => {
				const found = readPoint.get(row, tenant);
				return found === undefined ? [] : [{ point: toPoint(found), score }];
			};
			const rows = chosen(candidates, limit).flatMap(read);
			rows.sort((a, b) => b.score - a.score || (a.point.id < b.point.id ? -1 : 1));
			return { points: rows.map(({ point }) => point), scores: rows.map(({ score }) => score) };
		},
	};

	/** Where equals at the cut are too many, their ids decide, which must be read for it. */
	function chosen(candidates: readonly Candidate[], limit: number): readonly Candidate[] {
		if (candidates.length <= limit) return candidates;
		return candidates
			.map((one) => ({ ...one, id: readId.get(one.row)?.['id'] as Uint8Array }))
			.sort((a, b) => b.score - a.score || Buffer.compare(a.id, b.id))
			.slice(0, limit);
	}
}
