/**
 * One file from bytes to chunks: the work that the in-process extractor does at once and the pool's children
 * do for it. CPU only; large files are read on the way.
 */
import { readFileSync } from 'node:fs';
import { isPicture, type MimeType } from '../../contract/file-types.ts';
import { NEEDS_OCR } from '../../domain/index.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import {
	chunk,
	chunkHash,
	type ChunkSettings,
	createChunkStream,
	embeddedText,
	type Piece,
	termsOf,
} from '../../chunking/index.ts';
import type { Chunk, DocumentFacts, Extracted, Extractor, ExtractInput } from '../../ports/index.ts';
import { countedSizes } from './count-tokens.ts';
import { type ByteSource, openFileSource, sourceOfBytes } from './byte-source.ts';
import { type Document, searchedBlocks, type StreamEnd } from './extracted.ts';
import {
	type BufferedReader,
	type Help,
	isRead,
	readers,
	type StreamedReader,
	type UnwantedTypes,
} from './readers.ts';
import type { Recognition } from './recognition.ts';
import { sniff } from './sniff.ts';
import { extractTika } from './tika-xhtml.ts';

/** Above what 50 MB of prose give at the usual sizes; a file of nothing but headings must not fill the process that asked. */
const MOST_CHUNKS = 200_000;

/** Streamed, as many as memory for their hashes and names allows. */
const MOST_STREAMED_CHUNKS = 1_000_000;

/** What goes in one page at most, about: the parent's event loop must not stand still for one. */
const PAGE_CHARS = 200_000;
const PAGE_CHUNKS = 200;

/** A file, or what became of one outside. */
export interface FileInput extends ExtractInput {
	/** The content is the XHTML that a Tika server has made of a file of `mimeType` (tika.ts). */
	readonly isRendered?: boolean;
	/** What lies in it of these types is not read, such as an attachment. */
	readonly unwanted?: UnwantedTypes;
}

/** An extractor that reads files itself, and what was made of others outside. */
export interface FileExtractor extends Extractor {
	extract(input: FileInput, signal?: AbortSignal): ReturnType<Extractor['extract']>;
	stream(input: FileInput, ...rest: FollowingStream): ReturnType<Extractor['stream']>;
}
type FollowingStream = Parameters<Extractor['stream']> extends [unknown, ...infer Rest] ? Rest : never;

/** How files are read. */
export interface Reading {
	readonly chunking: ChunkSettings;
	/** Of pictures, for the file at hand; null: they are not read. */
	readonly recognition: Recognition | null;
}

/** What is known of a file beside its content. */
type Told = Omit<FileInput, 'content'>;

/** What went wrong when the file that holds a document's bytes was read. The system's own text names its path. */
export function fromReadError(cause: unknown): DocDropError {
	return (cause as NodeJS.ErrnoException).code === 'ENOENT'
		? new DocDropError('content_missing', 'the content that waited is gone', { cause })
		: new DocDropError('store_unavailable', 'the content that waits could not be read', { cause });
}

/**
 * Throws `unsupported_type` where the content is of a type that nobody reads; of what else goes wrong with the file,
 * what its reader has a name for, or `unreadable`.
 */
export async function extractDocument(
	bytes: Uint8Array,
	{ mimeType: claimed, charset, title, isRendered, unwanted }: Told,
	{ chunking, recognition }: Reading,
): Promise<Extracted> {
	if (bytes.length === 0) return { title: null, mimeType: claimed, warnings: [], chunks: [] };
	const own = isRendered === true ? null : typeOf(sourceOfBytes(bytes), claimed, recognition);
	const mimeType = own ?? claimed;
	return reading(mimeType, async () => {
		const reader: (BufferedReader & Partial<StreamedReader>) | null = own === null ? null : readers[own];
		const document =
			own === null || reader === null
				? extractTika(bytes, claimed)
				: await reader.read(bytes, own, { charset, recognition, unwanted });
		const ownTitle = ownTitleOf(document, reader?.stream !== undefined);
		const pieces = chunk(searchedBlocks(document), await countedSizes(chunking), title ?? ownTitle);
		checkCount(pieces.length, MOST_CHUNKS, mimeType);
		return { ...factsOf(document, mimeType), chunks: pieces.map(toChunk) };
	});
}

/**
 * Gives the chunks in pages, and waits for each to be taken; a file of a streamed type is streamed. Throws as
 * `extractDocument` does, and whatever `put` throws.
 */
export async function streamInput(
	{ content, ...told }: FileInput,
	reading: Reading,
	put: (page: readonly Chunk[]) => Promise<void>,
): Promise<DocumentFacts> {
	if (!(content instanceof Uint8Array)) {
		const mimeType = typeOfFile(content.file, told.mimeType, reading.recognition);
		const { stream }: BufferedReader & Partial<StreamedReader> = readers[mimeType];
		if (stream !== undefined) return streamFile(content.file, mimeType, { ...told, ...reading, stream, put });
	}
	const bytes = content instanceof Uint8Array ? content : readWhole(content.file);
	const { chunks, ...facts } = await extractDocument(bytes, told, reading);
	for (const page of pages(chunks)) await put(page);
	return facts;
}

async function streamFile(
	file: string,
	mimeType: MimeType,
	{
		charset,
		title,
		recognition,
		stream,
		chunking,
		put,
	}: Pick<StreamedReader, 'stream'> &
		Pick<Told, 'title'> &
		Help &
		Reading & { readonly put: (page: readonly Chunk[]) => Promise<void> },
): Promise<DocumentFacts> {
	const chunks = createChunkStream(await countedSizes(chunking), title ?? null);
	const walk = stream(file, mimeType, chunks, { charset, recognition });
	let count = 0;
	let page: Chunk[] = [];
	/** On to the next stop. */
	const step = () =>
		reading(mimeType, async () => {
			const { done, value } = await walk.next();
			const pieces = chunks.take();
			count += pieces.length;
			checkCount(count, MOST_STREAMED_CHUNKS, mimeType);
			for (const piece of pieces) page.push(toChunk(piece));
			return done === true ? value : null;
		});
	try {
		for (;;) {
			const end = await step();
			if (page.length >= PAGE_CHUNKS || end !== null) {
				for (const part of pages(page)) await put(part);
				page = [];
			}
			if (end !== null) return factsOf(end, mimeType);
		}
	} finally {
		await walk.return({ title: null });
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

/** What is read is what the content shows. Throws `encrypted`, and `unsupported_type` for what nobody reads. */
function typeOf(source: ByteSource, claimed: string, recognition: Recognition | null): MimeType {
	const type = sniff(source, claimed);
	if (isRead(type, recognition)) return type;
	const message =
		type === claimed
			? `no extractor reads ${type}`
			: `the file, sent as ${claimed}, is ${type} by its content, which no extractor reads`;
	throw new DocDropError('unsupported_type', message, {
		...{ field: 'mimeType', unreadType: type },
		...(isPicture(type) && { hint: NEEDS_OCR }),
	});
}

function typeOfFile(file: string, claimed: string, recognition: Recognition | null): MimeType {
	let source;
	try {
		source = openFileSource(file);
		return typeOf(source, claimed, recognition);
	} catch (error) {
		throw isDocDropError(error) ? error : fromReadError(error);
	} finally {
		source?.close();
	}
}

/** Of a streamed type only what its reader knows before the first block: a title that comes with the last is too late. */
function ownTitleOf({ title, ownTitle, blocks }: Document, isStreamed: boolean): string | null {
	if (ownTitle !== undefined || isStreamed) return ownTitle ?? null;
	return blocks.some(({ kind, text }) => kind === 'heading' && text === title) ? null : title;
}

const factsOf = ({ title, charset, warnings = [] }: StreamEnd, mimeType: string): DocumentFacts => ({
	title,
	mimeType,
	charset: charset ?? null,
	warnings,
});

const toChunk = (piece: Piece): Chunk => ({
	...piece,
	hash: chunkHash(piece),
	terms: termsOf(embeddedText(piece)).join(' '),
});

function checkCount(count: number, most: number, mimeType: string): void {
	if (count <= most) return;
	throw new DocDropError(
		'unreadable',
		`the file, read as ${mimeType}, has ${count} chunks or more; at most ${most} are taken`,
	);
}

async function reading<T>(mimeType: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (cause) {
		if (isDocDropError(cause)) throw cause;
		if (typeof (cause as NodeJS.ErrnoException).syscall === 'string') throw fromReadError(cause);
		throw new DocDropError('unreadable', `the file could not be read as ${mimeType}`, { cause });
	}
}
