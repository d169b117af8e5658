/**
 * The two searches of one query on an open database; for index-reader.ts.
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
import { cosine, quantize } from './quantize.ts';
import { pointColumns, pointTables, toPoint } from './read.ts';
import { matchExpression } from './terms.ts';
import { createVocabulary } from './vocabulary.ts';
import type { ReaderMethods, WireHits, WireQuery } from './index-messages.ts';

interface Found {
	readonly row: number;
	/** The engine's: smaller is better. */
	readonly distance: number;
}

interface Candidate {
	readonly row: number;
	readonly score: number;
	readonly id: Uint8Array;
}

/** One list of one engine: its best rows, and all rows at one distance; each of a tenant, or of some of its documents. */
interface Engine {
	readonly best: Scoped;
	readonly tied: Scoped;
}
/** The statement for the rows that a sub-select names; for all of the tenant's where it is null. */
type Scoped = (rows: string | null) => StatementSync;

export function createSearch(db: DatabaseSync): ReaderMethods['search'] {
	const findTenant = db.prepare('SELECT tenant FROM tenants WHERE name = ?');
	const readId = db.prepare('SELECT id FROM points WHERE point = ?');
	const readVector = db.prepare('SELECT vector FROM vectors WHERE rowid = ?');
	// The tenant is asked for once more: no defect of an engine's may show one tenant another's text.
	const readPoint = db.prepare(
		`SELECT ${pointColumns} FROM ${pointTables} WHERE points.point = ? AND points.tenant = ?`,
	);
	const vectors = vectorEngine(db);
	const texts = textEngine(db);
	const vocabulary = createVocabulary(db);

	function dense(tenant: bigint, { vector, ...query }: WireQuery): WireHits {
		if (vector === null) return nothing;
		const quantized = new Int8Array(vector.length);
		if (!quantize(vector, quantized, 0)) return nothing;
		const { limit } = query;
		return toHits(
			tenant,
			limit,
			find(vectors, { tenant, within: withinOf(query), query: quantized }, limit).map(({ row }) => ({
				row,
				// The distance is between rounded vectors; the query itself need not be rounded.
				score: cosine(vector, asInt8(readVector.get(row)?.['vector'] as Uint8Array)),
				id: readId.get(row)?.['id'] as Uint8Array,
			})),
		);
	}

	function sparse(
		tenant: bigint,
		{ terms: asked, phrases, without, beginning, limit, ...scope }: WireQuery,
	): WireHits {
		const { terms, weights } = vocabulary(Number(tenant), { terms: asked, beginning });
		const query = matchExpression(Number(tenant), { terms, phrases, without });
		if (query === null) return nothing;
		// FTS5 counts a phrase as one more term, as rare as the rarest of its own.
		const weightOf = new Map(asked.map((term, at) => [term, weights[at] ?? 0]));
		const ofPhrases = phrases.map((phrase) => Math.max(0, ...phrase.map((term) => weightOf.get(term) ?? 0)));
		const greatest = greatestScore([...weights, ...ofPhrases]);
		return toHits(
			tenant,
			limit,
			find(texts, { tenant, within: withinOf(scope), query }, limit).map(({ row, distance }) => ({
				row,
				score: shareOf(-distance, greatest),
				id: readId.get(row)?.['id'] as Uint8Array,
			})),
		);
	}

	function toHits(tenant: bigint, limit: number, candidates: Candidate[]): WireHits {
		candidates.sort((a, b) => b.score - a.score || Buffer.compare(a.id, b.id));
		const rows = candidates.slice(0, limit).flatMap(({ row, score }) => {
			const found = readPoint.get(row, tenant);
			return found === undefined ? [] : [{ point: toPoint(found), score }];
		});
		return { points: rows.map(({ point }) => point), scores: rows.map(({ score }) => score) };
	}

	return (query) => {
		// One transaction, so that both lists and the rows they name are of one moment.
		db.exec('BEGIN');
		try {
			const tenant = findTenant.get(query.tenant)?.['tenant'];
			if (tenant === undefined) return { dense: nothing, sparse: nothing };
			const number = BigInt(tenant as number);
			return { dense: dense(number, query), sparse: sparse(number, query) };
		} finally {
			db.exec('COMMIT');
		}
	};
}

const nothing: WireHits = { points: [], scores: [] };

interface Scope {
	readonly tenant: bigint;
	readonly within: Within;
	readonly query: Int8Array | string;
}

/** The best `limit` rows and every row that is as good as the last of them, in no order. */
function find(engine: Engine, { tenant, within, query }: Scope, limit: number): Found[] {
	const named = { ...within.params, $tenant: tenant, $query: query };
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
