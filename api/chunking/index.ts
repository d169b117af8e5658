/** From the blocks of a document to chunks and their terms: pure, and the same streamed or not. */
export { type ChunkStream, createChunkStream } from './chunk-stream.ts';
export {
	type Block,
	CHUNKER_VERSION,
	type ChunkSettings,
	type Piece,
	checkChunkSettings,
	chunk,
	chunkHash,
	defaultChunkSettings,
	embeddedText,
} from './chunk.ts';
export { indexedTerms } from './name-terms.ts';
export { TOKENIZER_VERSION, tokenize } from './tokenize.ts';
