/**
 * Tokens as OpenAI's embedding models count them (cl100k_base). Loaded by the first document that needs it: it is 1 MB of
 * code, 0.4 s and 40 MB of memory.
 */
import type { ChunkSettings, ChunkSizes, CountTokens } from '../../chunking/index.ts';

/** Of the tokenizer's table; a part of what makes chunks what they are. */
export const TOKENS = 'cl100k';

/** A tokenizer takes quadratic time for a run that has no boundary to it; no word of a language is so long. */
const LONGEST_RUN = 256;
const LONG_RUNS = new RegExp(
	`\\p{L}{${LONGEST_RUN + 1},}|[^\\s\\p{L}\\p{N}]{${LONGEST_RUN + 1},}|\\s{${LONGEST_RUN + 1},}`,
	'gu',
);
/** Words in memory with what they were split into. */
const MOST_WORDS = 20_000;

/** For one document. */
export async function countedSizes(settings: ChunkSettings): Promise<ChunkSizes> {
	if (!('maxTokens' in settings)) return settings;
	const { clearMergeCache, countTokens, setMergeCacheSize } =
		await import('gpt-tokenizer/encoding/cl100k_base');
	// A word in memory may hold on to the whole text that it is a part of.
	clearMergeCache();
	setMergeCacheSize(MOST_WORDS);
	// A text may say what a model would take for a command; here it is text.
	const options = { disallowedSpecial: new Set<string>() };
	return { ...settings, count: (text) => countInRuns(text, (part) => countTokens(part, options)) };
}

/** A long run is counted in parts, which may make a token more of each. */
function countInRuns(text: string, count: CountTokens): number {
	let tokens = 0;
	let from = 0;
	for (const { 0: run, index } of text.matchAll(LONG_RUNS)) {
		tokens += count(text.slice(from, index));
		for (let at = 0; at < run.length; at += LONGEST_RUN) tokens += count(run.slice(at, at + LONGEST_RUN));
		from = index + run.length;
	}
	return tokens + count(from === 0 ? text : text.slice(from));
}
