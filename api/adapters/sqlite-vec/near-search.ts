/**
 * The search by vector through what is in memory, on an open database that knows the rest; for vector-thread.ts. It finds
 * what index-search.ts finds in the file, by the same distances.
 */
import type { DatabaseSync } from 'node:sqlite';
import { withinOf } from './filter-sql.ts';
import { createIndexHits, nothing } from './index-hits.ts';
import { cosine, quantize } from './quantize.ts';
import type { ResidentVectors } from './resident-vectors.ts';
import { createRowNumbers } from './row-numbers.ts';
import type { VectorMethods } from './index-messages.ts';

/** The writer tells of a commit right after it: who has seen the one hears the other within two looks. */
const looks = 3;

export function createNearSearch(deps: {
	readonly db: DatabaseSync;
	readonly resident: ResidentVectors;
	/** Has `resident` follow everything that has been told so far. */
	readonly catchUp: () => void;
}): VectorMethods['byVector'] {
	const { db, resident, catchUp } = deps;
	const hits = createIndexHits(db);
	const rowsOf = createRowNumbers(db);

	return ({ tenant: name, vector, limit, ...scope }) => {
		const query = new Int8Array(vector.length);
		if (!quantize(vector, query, 0)) return nothing;
		for (let look = 1; look <= looks; look += 1) {
			// What is in memory must never be ahead of the transaction, so it moves before that begins.
			catchUp();
			const answer = hits.of(name, (state) => {
				const vectors = resident.of(state);
				if (vectors === 'unfit') return { found: null };
				if (vectors === 'behind') {
					if (look === looks) resident.forget(state.tenant);
					return look === looks ? { found: null } : 'again';
				}
				const rows = rowsOf(state.tenant, withinOf(scope));
				const near = vectors.nearest(query, { limit, rows });
				// The distance is between rounded vectors; the query itself need not be rounded.
				const scored = near.map((one) => ({ row: one.row, score: cosine(vector, one.vector) }));
				return { found: hits.best(state.tenant, scored, limit) };
			});
			if (answer === null) return nothing;
			if (answer !== 'again') return answer.found;
		}
		return null;
	};
}
