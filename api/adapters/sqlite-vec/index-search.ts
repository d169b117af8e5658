/**
 * The two searches of one query on an open database; for index-reader.ts. By vector it searches the file, which takes
 * ten times as long as in memory (near-search.ts): for tenants that have no room there.
 *
 * Both engines cut their list by their own score only. Where the cut falls between equal scores, everything
 * with that score is fetched as well, so that which of them is in the list is decided by id, as the port
 * promises. vec0 gives at most 4,096 rows: among more than that at one distance the choice is its own, though
 * still the same each time.
 *
 * FTS5 takes a term's rarity over the tenant's own rows (the terms are the tenant's own, see terms.ts), but
 * the number of rows and their mean length over all tenants: that shifts weights between common and rare
 * terms a little, for all rows of a query alike.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { greatestScore, shareOf } from '../../chunking/index.ts';
import { type Within, withinOf } from './filter-sql.ts';
import { createIndexHits, nothing } from './index-hits.ts';
import { cosine, quantize } from './quantize.ts';
import { matchExpression } from './terms.ts';
import { createVocabulary } from './vocabulary.ts';
import type { ReaderMethods } from './index-messages.ts';

interface Found {
	readonly row: number;
	/** The engine's: smaller is better. */
	readonly distance: number;
}

/** One list of one engine: its best rows, and all rows at one distance; each of a tenant, or of some of its documents. */
interface Engine {
	readonly best: Scoped;
	readonly tied: Scoped;
}
/** The statement for the rows that a sub-select names; for all of the tenant's where it is null. */
type Scoped = (rows: string | null) => StatementSync;

export function createSearch(db: DatabaseSync): Pick<ReaderMethods, 'byVector' | 'byWords'> {
	const readVector = db.prepare('SELECT vector FROM vectors WHERE rowid = ?');
	const hits = createIndexHits(db);
	const vectors = vectorEngine(db);
	const texts = textEngine(db);
	const vocabulary = createVocabulary(db);

	return {
		byVector({ tenant: name, vector, limit, ...scope }) {
			const quantized = new Int8Array(vector.length);
			if (!quantize(vector, quantized, 0)) return nothing;
			const found = hits.of(name, ({ tenant }) => {
				const rows = find(vectors, { tenant, within: withinOf(scope), query: quantized }, limit);
				// The distance is between rounded vectors; the query itself need not be rounded.
				const scored = rows.map(({ row }) => ({
					row,
					score: cosine(vector, asInt8(readVector.get(row)?.['vector'] as Uint8Array)),
				}));
				return hits.best(tenant, scored, limit);
			});
			return found ?? nothing;
		},
		byWords({ tenant: name, terms: asked, phrases, without, beginning, limit, ...scope }) {
			const found = hits.of(name, ({ tenant }) => {
				const { terms, weights } = vocabulary(tenant, { terms: asked, beginning });
				const query = matchExpression(tenant, { terms, phrases, without });
				if (query === null) return nothing;
				// FTS5 counts a phrase as one more term, as rare as the rarest of its own.
				const weightOf = new Map(asked.map((term, at) => [term, weights[at] ?? 0]));
				const ofPhrases = phrases.map((phrase) =>
					Math.max(0, ...phrase.map((term) => weightOf.get(term) ?? 0)),
				);
				const greatest = greatestScore([...weights, ...ofPhrases]);
				const rows = find(texts, { tenant, within: withinOf(scope), query }, limit);
				const scored = rows.map(({ row, distance }) => ({ row, score: shareOf(-distance, greatest) }));
				return hits.best(tenant, scored, limit);
			});
			return found ?? nothing;
		},
	};
}

interface Scope {
	readonly tenant: number;
	readonly within: Within;
	readonly query: Int8Array | string;
}

/** The best `limit` rows and every row that is as good as the last of them, in no order. */
function find(engine: Engine, { tenant, within, query }: Scope, limit: number): Found[] {
	// vec0 takes integers only as such: a JavaScript number would be bound as a float.
	const named = { ...within.params, $tenant: BigInt(tenant), $query: query };
	const best = engine.best(within.rows).all({ ...named, $limit: BigInt(limit + 1) });
	const rows = best as unknown as Found[];
	const next = rows[limit];
	if (next === undefined) return rows;
	const { distance } = next;
	const better = rows.filter((row) => row.distance < distance);
	if (better.length === limit) return better;
	const tied = engine.tied(within.rows).all({ ...named, $distance: distance }) as unknown as Found[];
	return [...better, ...tied];
}

function vectorEngine(db: DatabaseSync): Engine {
	const select = `SELECT rowid AS row, distance FROM vectors
		WHERE vector MATCH vec_int8($query) AND tenant = $tenant`;
	const within = (rows: string | null) => (rows === null ? '' : ` AND rowid IN ${rows}`);
	return {
		best: scoped(db, (rows) => `${select} AND k = $limit${within(rows)}`),
		tied: scoped(
			db,
			(rows) => `${select} AND k = 4096 AND distance >= $distance AND distance <= $distance${within(rows)}`,
		),
	};
}

function textEngine(db: DatabaseSync): Engine {
	const select = 'SELECT rowid AS row, bm25(texts) AS distance FROM texts WHERE texts MATCH $query';
	// The plus keeps SQLite from running the whole match again for each row.
	const within = (rows: string | null) => (rows === null ? '' : ` AND +rowid IN ${rows}`);
	return {
		best: scoped(db, (rows) => `${select}${within(rows)} ORDER BY distance LIMIT $limit`),
		tied: scoped(db, (rows) => `${select}${within(rows)} AND bm25(texts) = $distance`),
	};
}

function scoped(db: DatabaseSync, sql: (rows: string | null) => string): Scoped {
	const prepare = (rows: string | null) => {
		const statement = db.prepare(sql(rows));
		// Each statement takes of the same named values what it needs.
		statement.setAllowUnknownNamedParameters(true);
		return statement;
	};
	const ofTenant = prepare(null);
	return (rows) => (rows === null ? ofTenant : prepare(rows));
}

function asInt8(bytes: Uint8Array): Int8Array {
	return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
