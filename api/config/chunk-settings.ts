import type { Config } from './environment.ts';

/** A chunk's longest length and overlap, by the measure that is chosen. */
export function chunkSettings({
	chunkChars,
	chunkTokens,
	chunkOverlap,
}: Pick<Config, 'chunkChars' | 'chunkTokens' | 'chunkOverlap'>) {
	const overlapOf = (max: number) => chunkOverlap ?? Math.floor(max / 8);
	return chunkTokens === null
		? { maxChars: chunkChars, overlapChars: overlapOf(chunkChars) }
		: { maxTokens: chunkTokens, overlapTokens: overlapOf(chunkTokens) };
}
