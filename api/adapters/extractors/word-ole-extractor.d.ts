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
	export default class WordOleExtractor {
		extractWordDocument(
			container: { stream(name: string): Readable },
			wordDocument: Buffer,
		): Promise<WordDocument>;
	}
}
