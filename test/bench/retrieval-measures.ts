/** Measures of a ranking against what should be in it, each passage either wanted or not: pure functions. */
import type { Hit } from '../../api/ports/index.ts';

export interface Measures {
	readonly ndcgAt10: number;
	/** Of the first ten. */
	readonly mrr: number;
	/** Of the wanted ones, or of ten of them. */
	readonly recallAt10: number;
}

const shown = 10;

export function measuresOf(ranking: readonly string[], wanted: ReadonlySet<string>): Measures {
	const gains = ranking.slice(0, shown).map((id) => (wanted.has(id) ? 1 : 0));
	const most = Math.min(shown, wanted.size);
	const first = gains.indexOf(1);
	return {
		ndcgAt10: discounted(gains) / discounted(Array<number>(most).fill(1)),
		mrr: first === -1 ? 0 : 1 / (first + 1),
		recallAt10: gains.reduce<number>((sum, gain) => sum + gain, 0) / most,
	};
}

const discounted = (gains: readonly number[]) =>
	gains.reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);

export function meanOf(all: readonly Measures[]): Measures {
	const mean = (of: (each: Measures) => number) =>
		all.reduce((sum, each) => sum + of(each), 0) / Math.max(1, all.length);
	return {
		ndcgAt10: mean(({ ndcgAt10 }) => ndcgAt10),
		mrr: mean(({ mrr }) => mrr),
		recallAt10: mean(({ recallAt10 }) => recallAt10),
	};
}

/** Reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009) with the paper's k of 60. */
export function fusedByRank(
	{ dense, sparse }: { readonly dense: readonly Hit[]; readonly sparse: readonly Hit[] },
	depth: number,
): Hit[] {
	const scores = new Map<string, Hit>();
	for (const list of [dense, sparse]) {
		for (const [at, hit] of list.slice(0, depth).entries()) {
			const score = (scores.get(hit.id)?.score ?? 0) + 1 / (61 + at);
			scores.set(hit.id, { ...hit, score });
		}
	}
	return [...scores.values()].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
