/**
 * One file from bytes to chunks: the work that the in-process extractor does at once and the pool's children
 * do for it. Pure, synchronous, CPU only.
 */
import { DocDropError, isDocDropError } from '../../errors.ts';
import { CHUNKER_VERSION, chunk, chunkHash, embeddedText } from '../../pipeline/chunk.ts';
import type { ChunkSettings } from '../../pipeline/chunk.ts';
import { TOKENIZER_VERSION, tokenize } from '../../pipeline/tokenize.ts';
import type { Extracted } from '../../ports/extractor.ts';
import type { Document } from './document.ts';
import { extractHtml } from './html.ts';
import { extractMarkdown } from './markdown.ts';
import { extractText } from './text.ts';

const extractors: Readonly<Record<string, (bytes: Uint8Array, mimeType: string) => Document>> = {
	'text/plain': extractText,
	'text/x-rst': extractText,
	'text/markdown': extractMarkdown,
	'text/html': extractHtml,
	'application/xhtml+xml': extractHtml,
};

/** Grows whenever an extractor may give other blocks for the same bytes. */
const EXTRACTORS_VERSION = 1;

/** Above what 50 MB of prose give at the usual sizes; a file of nothing but headings must not fill the process that asked. */
const MOST_CHUNKS = 200_000;

export const extractableTypes: readonly string[] = Object.keys(extractors);

/** See `Extractor.fingerprint`. */
export function extractorFingerprint({ maxChars, overlapChars }: ChunkSettings): string {
	return `x${EXTRACTORS_VERSION}c${CHUNKER_VERSION}t${TOKENIZER_VERSION}:${maxChars}:${overlapChars}`;
}

/** Throws `unsupported_type` for a type that no extractor takes. */
export function checkType(mimeType: string): void {
	if (!Object.hasOwn(extractors, mimeType)) {
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
		const document = extractors[mimeType]?.(bytes, mimeType);
		const pieces = chunk(document?.blocks ?? [], chunking);
		if (pieces.length > MOST_CHUNKS) {
			throw new DocDropError(
				'unreadable',
				`the file, read as ${mimeType}, has ${pieces.length} chunks; at most ${MOST_CHUNKS} are taken`,
			);
		}
		return {
			title: document?.title ?? null,
			chunks: pieces.map((piece) => ({
				...piece,
				hash: chunkHash(piece),
				terms: tokenize(embeddedText(piece)).join(' '),
			})),
		};
	} catch (cause) {
		if (isDocDropError(cause)) throw cause;
		throw new DocDropError('unreadable', `the file could not be read as ${mimeType}`, { cause });
	}
}
