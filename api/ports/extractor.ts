/**
 * Bytes to chunks: extraction (untrusted input, CPU) and chunking (pure, CPU), off the main thread.
 * Adapters: process pool (child processes with memory and time limits), in-process (tests, plain scripts).
 *
 * Promises (test/conformance/extractor.ts):
 *  1. The same input gives the same chunks, in this process and the next, as long as `fingerprintOf` its
 *     type is the same.
 *  2. Text of the document is never lost between blocks and chunks: overlap aside, the chunks joined hold
 *     every block's text in order.
 *  3. A file that cannot be read as its type rejects with `unreadable`, or, where a person can do something about
 *     it, with `encrypted`, `unsupported_encryption` or `no_text_layer`; a type that no extractor takes with
 *     `unsupported_type`; `unreadable` and `unsupported_type` name the type. One hostile file ends neither the
 *     process nor another file's work.
 *  4. An empty file has no chunks and is no error.
 *  5. A document whose file is gone rejects with `content_missing`, one whose file cannot be read now with
 *     `store_unavailable`; where nothing can be extracted now, whatever the file, with `extractor_unavailable`.
 *  6. `stream` gives the chunks of `extract` in pages, however large the file; it waits for each page to be taken.
 *     For types in `streamable` its memory does not grow with the file.
 */
export interface ExtractInput {
	/** The document's bytes, or the absolute path of a file that holds them (large ones). */
	readonly content: Uint8Array | { readonly file: string };
	/** What its name or its sender says it is: without parameters, lower case, such as `text/html`. */
	readonly mimeType: string;
	/** Of the bytes, as whoever sent them declares it. */
	readonly charset?: string;
	/** What the document is called, whatever it says itself; stands above its headings. */
	readonly title?: string;
}

export interface Chunk {
	/** SHA-256, hex, over heading, page and text: the chunk's identity within its document. */
	readonly hash: string;
	readonly text: string;
	/** The document's title and the headings above the chunk, joined by ` > `; null where there are none. */
	readonly heading: string | null;
	readonly page: number | null;
	/** Of the text that is embedded, where chunks are cut by tokens. */
	readonly tokens?: number;
	/** The tokenizer's output over the text and the headings above it, each once, joined by single spaces. */
	readonly terms: string;
}

export interface DocumentFacts {
	/** The document's own. */
	readonly title: string | null;
	/** As what it was read. */
	readonly mimeType: string;
	/** In which its bytes were read, where they are text. */
	readonly charset?: string | null;
	/** What of it could not be read, a sentence each, for people. */
	readonly warnings: readonly string[];
}

export interface Extracted extends DocumentFacts {
	readonly chunks: readonly Chunk[];
}

/** Takes what `stream` finds. */
export interface ChunkSink {
	/** Before the first page, and again where the work begins anew: what came before is void. */
	begin(): Promise<void>;
	/** The next chunks, in order; some hundred. The work waits until it resolves, and ends where it rejects. */
	page(chunks: readonly Chunk[]): Promise<void>;
}

export interface Extractor {
	/** Of all that decides how a file is read that comes as a type, chunk settings included; part of "unchanged". */
	fingerprintOf(mimeType: string): string;
	/** Types that can be read, for /v1/info and the door; others may be, where somebody outside is asked for them. */
	readonly mimeTypes: readonly string[];
	/** Types whose files are read in pieces by `stream`; the others are held in memory as a whole. */
	readonly streamable: readonly string[];
	extract(input: ExtractInput, signal?: AbortSignal): Promise<Extracted>;
	stream(input: ExtractInput, sink: ChunkSink, signal?: AbortSignal): Promise<DocumentFacts>;
	close(): Promise<void>;
}
