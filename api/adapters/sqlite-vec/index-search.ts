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
import { rareFirst, type TextBounds, textBounds } from './rare-first.ts';
import { matchExpression, partsOf, type TextQuery } from './terms.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';
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
/** The statement for the rows that all of these sub-selects name; for all of the tenant's where there are none. */
type Scoped = (selects: Selects) => StatementSync;
type Selects = readonly string[];

export function createSearch(
	db: DatabaseSync,
	bounds = textBounds,
): Pick<ReaderMethods, 'byVector' | 'byWords'> {
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
				const { terms, weights } = vocabulary.known(tenant, { terms: asked, beginning });
				const parts = partsOf(terms);
				if (parts.length === 0) return nothing;
				// FTS5 counts a phrase as one more term, as rare as the rarest of its own.
				const weightOf = new Map(asked.map((term, at) => [term, weights[at] ?? 0]));
				const ofPhrases = phrases.map((phrase) =>
					Math.max(0, ...phrase.map((term) => weightOf.get(term) ?? 0)),
				);
				const greatest = greatestScore([...weights, ...ofPhrases]);
				const scoped = { tenant, within: withinOf(scope) };
				const rows = ranked(vocabulary, texts, scoped, { terms: parts, phrases, without }, limit, bounds);
				const scored = rows.map(({ row, distance }) => ({ row, score: shareOf(-distance, greatest) }));
				return hits.best(tenant, scored, limit);
			});
			return found ?? nothing;
		},
	};
}

/**
 * The best rows of a query by words. What must be in a row selects by itself; else the rarest words do, unless too few
 * rows have them that a filter has left.
 */
function ranked(
	vocabulary: Vocabulary,
	texts: Engine,
	scope: Pick<Scope, 'tenant' | 'within'>,
	query: TextQuery,
	limit: number,
	bounds: TextBounds,
): Found[] {
	const { tenant } = scope;
	const expressionOf = (some: Partial<TextQuery>) => matchExpression(tenant, { ...query, ...some }) ?? '';
	const first =
		query.phrases.length > 0 ? null : rareFirst(vocabulary.weighed(tenant, query.terms), limit, bounds);
	if (first !== null) {
		const rare = expressionOf({ terms: first.rare, without: [] });
		const rows = find(texts, { ...scope, query: expressionOf({ terms: first.counted }), rare }, limit);
		if (rows.length >= limit) return rows;
	}
	return find(texts, { ...scope, query: expressionOf({}) }, limit);
}

interface Scope {
	readonly tenant: number;
	readonly within: Within;
	readonly query: Int8Array | string;
	/** Only rows that this finds as well. */
	readonly rare?: string;
}

/** Rows beyond those that are wanted, so that equal scores at the cut seldom need a second look. */
const spare = 300;

/** The best `limit` rows and every row that is as good as the last of them, in no order. */
function find(engine: Engine, { tenant, within, query, rare }: Scope, limit: number): Found[] {
	const selects = [...(within.rows === null ? [] : [within.rows]), ...(rare === undefined ? [] : [rareRows])];
	// vec0 takes integers only as such: a JavaScript number would be bound as a float.
	const named = { ...within.params, $tenant: BigInt(tenant), $query: query, $rare: rare ?? null };
	const best = engine.best(selects).all({ ...named, $limit: BigInt(limit + spare) });
	const rows = best as unknown as Found[];
	const last = rows[limit - 1];
	if (last === undefined) return rows;
	const found = rows.filter(({ distance }) => distance <= last.distance);
	if (found.length < rows.length || rows.length < limit + spare) return found;
	const { distance } = last;
	const tied = engine.tied(selects).all({ ...named, $distance: distance }) as unknown as Found[];
	return [...rows.filter((row) => row.distance < distance), ...tied];
}

const rareRows = '(SELECT rowid FROM texts WHERE texts MATCH $rare)';

function vectorEngine(db: DatabaseSync): Engine {
	const select = `SELECT rowid AS row, distance FROM vectors
		WHERE vector MATCH vec_int8($query) AND tenant = $tenant`;
	const within = (selects: Selects) => selects.map((rows) => ` AND rowid IN ${rows}`).join('');
	return {
		best: scoped(db, (selects) => `${select} AND k = $limit${within(selects)}`),
		tied: scoped(
			db,
			(selects) =>
				`${select} AND k = 4096 AND distance >= $distance AND distance <= $distance${within(selects)}`,
		),
	};
}

function textEngine(db: DatabaseSync): Engine {
	const select = 'SELECT rowid AS row, bm25(texts) AS distance FROM texts WHERE texts MATCH $query';
	// The plus keeps SQLite from running the whole match again for each row.
	const within = (selects: Selects) => selects.map((rows) => ` AND +rowid IN ${rows}`).join('');
	return {
		best: scoped(db, (selects) => `${select}${within(selects)} ORDER BY distance LIMIT $limit`),
		tied: scoped(db, (selects) => `${select}${within(selects)} AND bm25(texts) = $distance`),
	};
}

function scoped(db: DatabaseSync, sql: (selects: Selects) => string): Scoped {
	const prepare = (selects: Selects) => {
		const statement = db.prepare(sql(selects));
		// Each statement takes of the same named values what it needs.
		statement.setAllowUnknownNamedParameters(true);
		return statement;
	};
	const ofTenant = prepare([]);
	return (selects) => (selects.length === 0 ? ofTenant : prepare(selects));
}

function asInt8(bytes: Uint8Array): Int8Array {
	return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
