/** How long chunks may be, in characters or in tokens, and what that leaves for the text of one section. Pure. */
import { DocDropError } from '../errors.ts';

export interface CharSizes {
	/** Longest chunk, overlap included, in UTF-16 code units; 200 to 8,000. */
	readonly maxChars: number;
	/** Longest repetition of the chunk before, in UTF-16 code units; 0 to less than half of maxChars. */
	readonly overlapChars: number;
}

export interface TokenSizes {
	/** Longest chunk as it is embedded, with its overlap and the headings above it; 100 to 8,191. */
	readonly maxTokens: number;
	/** Longest repetition of the chunk before, about; 0 to less than half of maxTokens. */
	readonly overlapTokens: number;
}

/** As an operator chooses them: plain data. */
export type ChunkSettings = CharSizes | TokenSizes;

/** Of a text, in time that is bounded by its length. */
export type CountTokens = (text: string) => number;

/** What the chunker needs: tokens with whoever counts them. */
export type ChunkSizes = CharSizes | (TokenSizes & { readonly count: CountTokens });

export const defaultChunkSettings: CharSizes = { maxChars: 1200, overlapChars: 150 };

/** Throws `config_invalid` for sizes that cannot work. */
export function checkChunkSettings(settings: ChunkSettings): void {
	if ('maxTokens' in settings) checkSizes('Tokens', settings.maxTokens, settings.overlapTokens, [100, 8191]);
	else checkSizes('Chars', settings.maxChars, settings.overlapChars, [200, 8000]);
}

function checkSizes(
	unit: string,
	max: number,
	overlap: number,
	[least, most]: readonly [number, number],
): void {
	if (!Number.isInteger(max) || max < least || max > most) {
		throw new DocDropError(
			'config_invalid',
			`max${unit} must be a whole number from ${least} to ${most}, not ${max}`,
		);
	}
	if (!Number.isInteger(overlap) || overlap < 0 || overlap * 2 >= max) {
		throw new DocDropError(
			'config_invalid',
			`overlap${unit} must be a whole number from 0 to less than half of max${unit} (${max}), not ${overlap}`,
		);
	}
}

/** What is left for the text of one section's chunks, in characters or in tokens. */
export interface SectionSizes {
	/** Longest text of a chunk, overlap included. */
	readonly max: number;
	readonly overlap: number;
	/** Longest text between two cuts. */
	readonly budget: number;
	/** Null where sizes are in characters. */
	readonly tokens: { readonly count: CountTokens; readonly maxTokens: number } | null;
}

/** A first word costs more without the space that stood before it. */
const FIRST_WORD_TOKENS = 4;

export function sectionSizes(sizes: ChunkSizes, heading: string | null): SectionSizes {
	if (!('maxTokens' in sizes)) {
		const { maxChars: max, overlapChars: overlap } = sizes;
		return { max, overlap, budget: max - overlap, tokens: null };
	}
	const { maxTokens, overlapTokens, count } = sizes;
	const max = maxTokens - FIRST_WORD_TOKENS - (heading === null ? 0 : count(`${heading}\n`));
	const overlap = Math.min(overlapTokens, Math.floor(max / 2));
	return { max, overlap, budget: max - overlap, tokens: { count, maxTokens } };
}
