/**
 * Reciprocal rank fusion (Cormack, Clarke, Büttcher: "Reciprocal Rank Fusion outperforms Condorcet and
 * individual Rank Learning Methods", SIGIR 2009): a hit scores the sum of 1 / (k + rank) over the lists that
 * hold it, rank counted from 1. Scores of different engines are never compared. Pure.
 *
 * While a document is being updated, its old points still answer beside the new ones: of each document only
 * what belongs to its highest version is kept, so that a reader never sees two versions of it.
 */
import type { Hit } from '../../ports/index.ts';

export interface FuseOptions {
	/** Greater values weigh the first ranks less; the paper's 60 unless told. */
	readonly k?: number;
	readonly limit: number;
}

/** Best first, equal scores by id, each point once. The lists are of one tenant and sorted best first. */
export function fuse(lists: readonly (readonly Hit[])[], { k = 60, limit }: FuseOptions): Hit[] {
	const newestOfPoint = new Map<string, Hit>();
	const versionOfDoc = new Map<string, number>();
	for (const hit of lists.flat()) {
		const { version } = hit.fields;
		const known = newestOfPoint.get(hit.id);
		if (known === undefined || known.fields.version < version) newestOfPoint.set(hit.id, hit);
		versionOfDoc.set(hit.docId, Math.max(version, versionOfDoc.get(hit.docId) ?? version));
	}
	// A point that one list saw before an update and the other after it is current: it counts in both.
	const isCurrent = ({ id }: Hit) => {
		const hit = newestOfPoint.get(id);
		return hit !== undefined && hit.fields.version === versionOfDoc.get(hit.docId);
	};

	const ranks = new Map<string, number[]>();
	for (const list of lists) {
		const ids = new Set(list.filter(isCurrent).map((hit) => hit.id));
		let rank = 0;
		for (const id of ids) {
			rank += 1;
			ranks.set(id, [...(ranks.get(id) ?? []), rank]);
		}
	}
	return [...ranks]
		.map(([id, found]) => ({ ...(newestOfPoint.get(id) as Hit), score: score(found, k) }))
		.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
		.slice(0, limit);
}

/** Summed from the best rank on, so that the order of the lists cannot change the last digit. */
function score(ranks: readonly number[], k: number): number {
	return ranks.toSorted((a, b) => a - b).reduce((sum, rank) => sum + 1 / (k + rank), 0);
}
