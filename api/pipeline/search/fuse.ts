/**
 * Two lists of hits as one, by their scores. Both stores give scores that mean the same from query to query: by vector
 * the cosine, by words the part of what the words could give (`greatestScore` in chunking). The fused one is their
 * weighted mean, from 0 to 1: 1 for a passage that has all of the words over and over, the rare ones counting most, and
 * points exactly where the query does; 0 for one with none of the words and nothing of the meaning. So a threshold can
 * be put on it, for one embedder: what cosines mean is the embedder's. Pure.
 *
 * A passage that only the words have found gets the lowest cosine that the vector's search gave, above which it cannot be.
 *
 * While a document is being updated, its old points still answer beside the new ones: of each document only
 * what belongs to its highest version is kept, so that a reader never sees two versions of it.
 */
import type { Hit } from '../../ports/index.ts';

/** What the vector has of the score; measured, see "Lists are fused by scores that mean something" in the decisions. */
const meaningWeight = 0.35;

/** Of one tenant, each sorted best first; null where a list was not asked for, and the other is all of the score. */
export interface Lists {
	readonly dense: readonly Hit[] | null;
	readonly sparse: readonly Hit[] | null;
	/** The lowest cosine that the search by vector gave, where its hit is not in the list; 0 where it gave none. */
	readonly lowest?: number;
}

/** Best first, equal scores by id, each point once. */
export function fuse(
	{ dense, sparse, lowest = dense?.at(-1)?.score ?? 0 }: Lists,
	{ limit }: { readonly limit: number },
): Hit[] {
	const newest = newestOf([...(dense ?? []), ...(sparse ?? [])]);
	const cosines = dense === null ? null : scoresOf(dense, newest);
	const shares = sparse === null ? null : scoresOf(sparse, newest);
	const weight = shares === null ? 1 : cosines === null ? 0 : meaningWeight;
	const scoreOf = (id: string) => {
		const meaning = Math.min(1, Math.max(0, cosines?.get(id) ?? lowest));
		return weight * meaning + (1 - weight) * (shares?.get(id) ?? 0);
	};
	return Array.from(newest.values(), (hit) => ({ ...hit, score: scoreOf(hit.id) }))
		.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
		.slice(0, limit);
}

/** The points of each document's highest version, as they are in it: a list may have seen a kept one before the update. */
function newestOf(hits: readonly Hit[]): Map<string, Hit> {
	const points = new Map<string, Hit>();
	const versions = new Map<string, number>();
	for (const hit of hits) {
		const { version } = hit.fields;
		const known = points.get(hit.id);
		if (known === undefined || known.fields.version < version) points.set(hit.id, hit);
		versions.set(hit.docId, Math.max(version, versions.get(hit.docId) ?? version));
	}
	for (const { id, docId, fields } of points.values()) {
		if (fields.version !== versions.get(docId)) points.delete(id);
	}
	return points;
}

/** The first of a point that is listed twice is its best. */
function scoresOf(list: readonly Hit[], points: ReadonlyMap<string, Hit>): Map<string, number> {
	const scores = new Map<string, number>();
	for (const { id, score } of list) if (points.has(id) && !scores.has(id)) scores.set(id, score);
	return scores;
}
