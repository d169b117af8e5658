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
export { indexedTerms } from './name-terms.ts';
export { chunkHash, embeddedText, type Piece } from './piece.ts';
export { TOKENIZER_VERSION, tokenize } from './tokenize.ts';
