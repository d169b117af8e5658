/**
 * One file from bytes to chunks: the work that the in-process extractor does at once and the pool's children
 * do for it. Synchronous, CPU only; large files are read on the way.
 */
import { readFileSync } from 'node:fs';
import type { fileTypes, MimeType } from '../../contract/file-types.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import {
	chunk,
	CHUNKER_VERSION,
	chunkHash,
	type ChunkSettings,
	type ChunkStream,
	createChunkStream,
	embeddedText,
	type Piece,
	tokenize,
	TOKENIZER_VERSION,
} from '../../chunking/index.ts';
import type { Chunk, Extracted, ExtractInput } from '../../ports/index.ts';
import { openTextFile, type TextFile } from './decode-stream.ts';
import type { Document } from './extracted.ts';
import { extractHtml } from './html.ts';
import { extractMarkdown } from './markdown.ts';
import { extractText } from './text.ts';
import { streamText } from './text-stream.ts';

interface BufferedReader {
	readonly read: (bytes: Uint8Array, mimeType: MimeType) => Document;
}
interface StreamedReader extends BufferedReader {
	/** Feeds the chunker, stops whenever chunks can be taken, and returns the title. */
	readonly stream: (file: TextFile, chunks: ChunkStream) => Generator<void, string | null>;
}

const text: StreamedReader = { read: extractText, stream: streamText };

/** One for each row of `fileTypes`, streaming where the row says so. */
const readers: {
	readonly [T in MimeType]: (typeof fileTypes)[T]['reading'] extends 'streamed'
		? StreamedReader
		: BufferedReader;
} = {
	'text/plain': text,
	'text/x-rst': text,
	'text/markdown': { read: extractMarkdown },
	'text/html': { read: extractHtml },
	'application/xhtml+xml': { read: extractHtml },
};

/** Grows whenever an extractor may give other blocks for the same bytes. */
const EXTRACTORS_VERSION = 1;

/** Above what 50 MB of prose give at the usual sizes; a file of nothing but headings must not fill the process that asked. */
const MOST_CHUNKS = 200_000;

/** Streamed, as many as memory for their hashes and names allows. */
const MOST_STREAMED_CHUNKS = 1_000_000;

/** What goes in one page at most, about: the parent's event loop must not stand still for one. */
const PAGE_CHARS = 200_000;
const PAGE_CHUNKS = 200;

/** See `Extractor.fingerprint`. */
export function extractorFingerprint({ maxChars, overlapChars }: ChunkSettings): string {
	return `x${EXTRACTORS_VERSION}c${CHUNKER_VERSION}t${TOKENIZER_VERSION}:${maxChars}:${overlapChars}`;
}

/** Throws `unsupported_type` for a type that no extractor takes. */
export function checkType(mimeType: string): asserts mimeType is MimeType {
	if (!Object.hasOwn(readers, mimeType)) {
		throw new DocDropError('unsupported_type', `no extractor reads ${mimeType}`, { field: 'mimeType' });
	}
}

/** What went wrong when the file that holds a document's bytes was read. The system's own text names its path. */
export function fromReadError(cause: unknown): DocDropError {
	return (cause as NodeJS.ErrnoException).code === 'ENOENT'
		? new DocDropError('content_missing', 'the content that waited is gone', { cause })
		: new DocDropError('store_unavailable', 'the content that waits could not be read', { cause });
}

/** Throws `unsupported_type`, and `unreadable` for everything that goes wrong with the file. */
export function extractDocument(bytes: Uint8Array, mimeType: string, chunking: ChunkSettings): Extracted {
	checkType(mimeType);
	if (bytes.length === 0) return { title: null, chunks: [] };
	try {
		const { title, blocks } = readers[mimeType].read(bytes, mimeType);
		const pieces = chunk(blocks, chunking);
		checkCount(pieces.length, MOST_CHUNKS, mimeType);
		return { title, chunks: pieces.map(toChunk) };
	} catch (cause) {
		throw unreadable(cause, mimeType);
	}
}

/** The chunks in pages; a file of a streamed type is streamed. Throws as `extractDocument` does. */
export function* streamInput(
	content: ExtractInput['content'],
	mimeType: string,
	chunking: ChunkSettings,
): Generator<readonly Chunk[], string | null> {
	checkType(mimeType);
	const reader: BufferedReader & Partial<StreamedReader> = readers[mimeType];
	if (content instanceof Uint8Array || reader.stream === undefined) {
		const bytes = content instanceof Uint8Array ? content : readWhole(content.file);
		const { title, chunks } = extractDocument(bytes, mimeType, chunking);
		yield* pages(chunks);
		return title;
	}
	const { file } = content;
	const stream = createChunkStream(chunking);
	let count = 0;
	let page: Chunk[] = [];
	const take = () => {
		const pieces = stream.take();
		count += pieces.length;
		checkCount(count, MOST_STREAMED_CHUNKS, mimeType);
		for (const piece of pieces) page.push(toChunk(piece));
	};
	try {
		const walk = reader.stream(openTextFile(file, mimeType), stream);
		for (;;) {
			const { done, value } = walk.next();
			take();
			if (page.length >= PAGE_CHUNKS || done === true) {
				yield* pages(page);
				page = [];
			}
			if (done === true) return value;
		}
	} catch (cause) {
		if (typeof (cause as NodeJS.ErrnoException).syscall === 'string') throw fromReadError(cause);
		throw unreadable(cause, mimeType);
	}
}

export function* pages(chunks: readonly Chunk[]): Generator<readonly Chunk[]> {
	let page: Chunk[] = [];
	let chars = 0;
	for (const chunk of chunks) {
		page.push(chunk);
		chars += chunk.text.length + chunk.terms.length;
		if (chars < PAGE_CHARS && page.length < PAGE_CHUNKS) continue;
		yield page;
		page = [];
		chars = 0;
	}
	if (page.length > 0) yield page;
}

export function readWhole(file: string): Uint8Array {
	try {
		return readFileSync(file);
	} catch (error) {
		throw fromReadError(error);
	}
}

const toChunk = (piece: Piece): Chunk => ({
	...piece,
	hash: chunkHash(piece),
	terms: tokenize(embeddedText(piece)).join(' '),
});

function checkCount(count: number, most: number, mimeType: string): void {
	if (count <= most) return;
	throw new DocDropError(
		'unreadable',
		`the file, read as ${mimeType}, has ${count} chunks or more; at most ${most} are taken`,
	);
}

function unreadable(cause: unknown, mimeType: string): unknown {
	if (isDocDropError(cause)) return cause;
	return new DocDropError('unreadable', `the file could not be read as ${mimeType}`, { cause });
}
