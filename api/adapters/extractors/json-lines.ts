/** JSON Lines, whole or in pieces: a paragraph for each line (json.ts). */
import type { ChunkStream } from '../../chunking/index.ts';
import { decodeAs } from './decode.ts';
import type { TextFile } from './decode-stream.ts';
import type { Document, StreamEnd } from './extracted.ts';
import { jsonLineBlocks } from './json.ts';
import { linesIn } from './lines.ts';

const LINES_A_TURN = 64;

export function extractJsonLines(bytes: Uint8Array, mimeType: string, sender?: string): Document {
	const { text, charset } = decodeAs(bytes, mimeType, { sender: sender ?? null, inside: null });
	return { title: null, blocks: [...jsonLineBlocks(linesIn(text))], charset };
}

/** Feeds the chunker, and stops now and then for what is to be taken. */
export function* streamJsonLines(file: TextFile, chunks: ChunkStream): Generator<void, StreamEnd> {
	let lines = 0;
	for (const block of jsonLineBlocks(file.lines())) {
		chunks.block(block);
		if ((lines += 1) % LINES_A_TURN === 0) yield;
	}
	chunks.end();
	return { title: null, charset: file.charset };
}
