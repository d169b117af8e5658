/** The answer of a reranker to scores in the order of the texts. Nothing in it is believed. Pure. */
import { DocDropError } from '../../errors.ts';

interface Row {
	readonly index?: unknown;
	/** As Text Embeddings Inference calls it, and as Cohere does. */
	readonly score?: unknown;
	readonly relevance_score?: unknown;
}

/** `answer`: null where it was longer than any such answer. Throws `reranker_unavailable` for what is none. */
export function scoresIn(answer: string | null, count: number): number[] {
	const scores = new Array<number>(count).fill(Number.NaN);
	for (const { index, score, relevance_score: relevance } of rowsIn(answer)) {
		const found = score ?? relevance;
		if (typeof index !== 'number' || !(index in scores) || !Number.isNaN(scores[index]))
			throw unusable(`a wrong or repeated index; each of 0 to ${count - 1} is needed once`);
		if (typeof found !== 'number' || !Number.isFinite(found)) throw unusable('a score that is no number');
		scores[index] = found;
	}
	if (scores.some(Number.isNaN))
		throw unusable(`fewer scores than the ${count} texts that it was asked about`);
	return scores;
}

function rowsIn(answer: string | null): readonly Row[] {
	let body: unknown;
	try {
		body = JSON.parse(answer ?? '');
	} catch {
		throw unusable('something other than JSON, or too much of it');
	}
	const rows: unknown = Array.isArray(body) ? body : (body as { results?: unknown } | null)?.results;
	if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'object' || row === null))
		throw unusable('without a list of scores');
	return rows as Row[];
}

const unusable = (what: string) => new DocDropError('reranker_unavailable', `the reranker answered ${what}`);
