/**
 * The terms that are in `texts`, and in how many rows each: what words a search has, and what they weigh. FTS5 has
 * this as a table of its own kind, which reads the index and takes no room. For index-search.ts.
 */
import type { DatabaseSync } from 'node:sqlite';
import { looksOf, nearTerms, sharedBeginning, type VocabularyTerm } from '../../chunking/index.ts';
import { smallestWeight, type WeighedTerm } from './rare-first.ts';

export interface KnownTerms {
	/** Those of the query that are there, and what stands in for those that are not. */
	readonly terms: readonly string[];
	/** What each term of the query weighs in FTS5's bm25; null for one that is not there, and that nothing stands in for. */
	readonly weights: readonly (number | null)[];
}

export interface Vocabulary {
	known(
		tenant: number,
		query: { readonly terms: readonly string[]; readonly beginning: string | null },
	): KnownTerms;
	weighed(tenant: number, terms: readonly string[]): WeighedTerm[];
}

/** Counts that are kept until something is written: FTS5 goes through all rows of a term to tell how many they are. */
const mostCounts = 10_000;

/** Sorts behind every term that begins with what stands before it. */
const last = '\u{10ffff}';

export function createVocabulary(db: DatabaseSync): Vocabulary {
	db.exec('CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, texts, row)');
	const count = db.prepare('SELECT doc FROM temp.vocabulary WHERE term = ?');
	const range = db.prepare('SELECT term, doc FROM temp.vocabulary WHERE term >= ? AND term < ? LIMIT ?');
	// FTS5 keeps its own count of rows in the record with the number 1, as its first number.
	const averages = db.prepare('SELECT block FROM texts_data WHERE id = 1');

	/** As of what was written last, which SQLite has a number for. */
	const counts = { version: -1, of: new Map<string, number>() };
	const version = db.prepare('PRAGMA data_version');

	function chunksOf(tenant: number, term: string): number {
		const token = `${tenant}_${term}`;
		const kept = counts.of.get(token);
		if (kept !== undefined) return kept;
		const chunks = Number(count.get(token)?.['doc'] ?? 0);
		if (counts.of.size === mostCounts) counts.of.clear();
		counts.of.set(token, chunks);
		return chunks;
	}

	/** Of the rows that there are now. */
	function weigher(tenant: number) {
		const now = Number(version.get()?.['data_version']);
		if (now !== counts.version) counts.of.clear();
		counts.version = now;
		const rows = firstVarint(averages.get()?.['block'] as Uint8Array | undefined);
		return (term: string): WeighedTerm => {
			const chunks = chunksOf(tenant, term);
			const weight = Math.log((rows - chunks + 0.5) / (chunks + 0.5));
			return { term, chunks, weight: Math.max(smallestWeight, weight) };
		};
	}

	function around(tenant: number, term: string, most: number): VocabularyTerm[] {
		const prefix = `${tenant}_`;
		const from = prefix + term.slice(0, sharedBeginning);
		return range
			.all(from, from + last, most)
			.map((row) => ({ term: String(row['term']).slice(prefix.length), chunks: Number(row['doc']) }));
	}

	return {
		weighed: (tenant, terms) => terms.map(weigher(tenant)),
		known(tenant, { terms, beginning }) {
			const weigh = weigher(tenant);
			const weightOf = (term: string) => {
				const { chunks, weight } = weigh(term);
				return chunks === 0 ? null : weight;
			};
			const own = terms.map(weightOf);
			const looks = looksOf(
				terms.filter((_, at) => own[at] === null),
				beginning,
			);
			const found: string[] = [];
			const weights = terms.map((term, at) => {
				const most = looks.get(term);
				const meant =
					most === undefined ? [term] : nearTerms(term, term === beginning, around(tenant, term, most));
				found.push(...meant);
				return own[at] ?? greatest(meant.map(weightOf));
			});
			return { terms: found, weights };
		},
	};
}

const greatest = (weights: readonly (number | null)[]): number | null =>
	weights.reduce((most, weight) => (weight !== null && weight > (most ?? 0) ? weight : most), null);

/** SQLite's: seven bits a byte, the highest first; a set eighth bit says that one more follows. */
function firstVarint(bytes: Uint8Array = new Uint8Array(1)): number {
	let value = 0;
	for (const byte of bytes) {
		value = value * 128 + (byte & 127);
		if (byte < 128) break;
	}
	return value;
}
