/** From the blocks of a document to chunks and their terms: pure, and the same streamed or not. */
export { type ChunkStream, createChunkStream } from './chunk-stream.ts';
export { type Block, CHUNKER_VERSION, chunk } from './chunk.ts';
export {
	checkChunkSettings,
	type ChunkSettings,
	type ChunkSizes,
	type CountTokens,
	defaultChunkSettings,
} from './chunk-sizes.ts';
export { indexedTerms, isNamedAlike, storedTerms } from './name-terms.ts';
export { looksOf, nearTerms, sharedBeginning, type VocabularyTerm } from './near-terms.ts';
export { chunkHash, embeddedText, type Piece } from './piece.ts';
export { parseQuery, type QueryWords, holdsWords } from './query-words.ts';
export { greatestScore, k1, shareOf } from './term-weights.ts';
export { TERMS_VERSION, termsOf } from './stems.ts';
export { isUnspacedTerm, partsOf, tokenize } from './tokenize.ts';
