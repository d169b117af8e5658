/** The part of word-extractor that reads Word's own streams; the package has no types. */
declare module 'word-extractor/lib/word-ole-extractor.js' {
	import type { Readable } from 'node:stream';

	interface Options {
		/** False leaves the document's own dashes and quotes. */
		readonly filterUnicode?: boolean;
		readonly includeHeadersAndFooters?: boolean;
	}
	interface WordDocument {
		getBody(options: Options): string;
		getTextboxes(options: Options): string;
		getFootnotes(options: Options): string;
		getEndnotes(options: Options): string;
	}
	interface TextPiece {
		readonly startFilePos: number;
		readonly size: number;
		readonly bpc: number;
		text: string;
	}
	export default class WordOleExtractor {
		/** Of the whole document, in order. */
		readonly _pieces: readonly TextPiece[];
		/** Called when the pieces are there, before they are joined; both streams are whole. */
		writeParagraphProperties(wordDocument: Buffer, table: Buffer): void;
		extractWordDocument(
			container: { stream(name: string): Readable },
			wordDocument: Buffer,
		): Promise<WordDocument>;
	}
}
