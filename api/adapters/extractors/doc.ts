/**
 * DOC (Word 97 to 2003) to blocks. word-extractor reads what stands in Word's own streams; which bytes of the file
 * these are is read here, because its way through the file would follow sectors that loop.
 */
import { Readable } from 'node:stream';
import WordExtractor from 'word-extractor/lib/word-ole-extractor.js';
import type { MimeType } from '../../contract/file-types.ts';
import { DocDropError } from '../../errors.ts';
import type { Block } from '../../chunking/index.ts';
import { sourceOfBytes } from './byte-source.ts';
import { HEADING_MARKS, levelOfMark, markHeadings } from './doc-headings.ts';
import { type Document, headingOf } from './extracted.ts';
import { needsPassword } from './needs-password.ts';
import { openOle } from './ole.ts';
import { oleTitle } from './ole-title.ts';
import { oneLine } from './one-line.ts';

/** In the second word of flags of the stream's head. */
const ENCRYPTED = 0x0100;
const FLAGS = 10;
const SHORTEST_HEAD = 0x01aa;

export async function extractDoc(bytes: Uint8Array, mimeType: MimeType): Promise<Document> {
	const ole = openOle(sourceOfBytes(bytes));
	const stream = ole.read('WordDocument');
	if (stream === null || stream.length < SHORTEST_HEAD)
		throw new DocDropError('unreadable', `the file holds no text of Word, read as ${mimeType}`);
	if ((stream.readUInt16LE(FLAGS) & ENCRYPTED) !== 0) throw needsPassword();
	const container = { stream: (name: string) => Readable.from([ole.read(name) ?? Buffer.alloc(0)]) };
	const document = await createExtractor().extractWordDocument(container, stream);
	const blocks: Block[] = [];
	for (const part of [
		document.getBody({ filterUnicode: false }),
		document.getTextboxes({ filterUnicode: false, includeHeadersAndFooters: false }),
		document.getFootnotes({ filterUnicode: false }),
		document.getEndnotes({ filterUnicode: false }),
	])
		for (const [, line = '', end = ''] of part.matchAll(LINES)) addLine(blocks, line, end);
	return { title: oleTitle(ole) ?? headingOf(blocks), blocks };
}

const LINES = new RegExp(`([^\\n${HEADING_MARKS.source.slice(1, -1)}]*)(\\n|${HEADING_MARKS.source}|$)`, 'g');

function createExtractor() {
	const extractor = new WordExtractor();
	const read = extractor.writeParagraphProperties.bind(extractor);
	extractor.writeParagraphProperties = (stream, table) => {
		read(stream, table);
		try {
			markHeadings(extractor._pieces, stream, table);
		} catch (error) {
			// A damaged style sheet costs the headings and not the text.
			if (!(error instanceof RangeError)) throw error;
		}
	};
	return extractor;
}

/** A row of a table is a line of its own, with a tab behind each cell. */
function addLine(blocks: Block[], line: string, end: string): void {
	if (HEADING_MARKS.test(end)) {
		const text = oneLine(line);
		if (text !== '') blocks.push({ kind: 'heading', level: levelOfMark(end), text });
		return;
	}
	const isRow = line.endsWith('\t');
	const cells = (isRow ? line.slice(0, -1).split('\t') : [line]).map((cell) => oneLine(cell));
	if (cells.every((cell) => cell === '')) return;
	blocks.push({ kind: isRow ? 'row' : 'paragraph', text: cells.join(' | ') });
}
