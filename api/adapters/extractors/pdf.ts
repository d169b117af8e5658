/**
 * PDF to blocks, page by page, by PDFium. The file stays where it is: PDFium asks for the parts that it needs, so that
 * a long document takes no more memory than its pages.
 */
import type { Block, ChunkStream } from '../../chunking/index.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import { type ByteSource, openFileSource, sourceOfBytes } from './byte-source.ts';
import type { Document, StreamEnd } from './extracted.ts';
import { openPdf, type OpenPdf, printedLines, readPage } from './pdf-document.ts';
import { blocksByOutline, blocksBySize, type FontSizes, fontSizesOf, titleBySize } from './pdf-headings.ts';
import { createHyphens } from './pdf-hyphens.ts';
import { readOutline } from './pdf-outline.ts';
import { toParagraphs } from './pdf-paragraphs.ts';
import { drawPage } from './pdf-picture.ts';
import { createRemarks } from './pdf-remarks.ts';
import { titleOf } from './pdf-title.ts';
import { leavePdfium, openPdfium, PDFIUM_MB } from './pdfium.ts';
import type { Recognition } from './recognition.ts';

const MOST_PAGES = 50_000;
/** Pages whose fonts stand for those of all. */
const SAMPLED_PAGES = 16;

/** The chunker, or what stands for it. `title`: see `Document.ownTitle`. */
type Sink = Pick<ChunkStream, 'title' | 'block'>;

export async function extractPdf(
	bytes: Uint8Array,
	recognition: Recognition | null = null,
): Promise<Document> {
	const blocks: Block[] = [];
	let ownTitle: string | null = null;
	const sink: Sink = {
		title: (own) => void (ownTitle = own),
		block: (block) => void blocks.push(block),
	};
	const walk = readPdf(sourceOfBytes(bytes), sink, recognition);
	for (;;) {
		const { done, value } = await walk.next();
		if (done === true) return { ...value, ownTitle, blocks };
	}
}

export async function* streamPdf(
	file: string,
	chunks: ChunkStream,
	recognition: Recognition | null,
): AsyncGenerator<void, StreamEnd> {
	const source = openFileSource(file);
	try {
		const end = yield* readPdf(source, chunks, recognition);
		chunks.end();
		return end;
	} finally {
		source.close();
	}
}

/** Stops after each page. `recognition`: of pages that are pictures; null: they are named and left out. */
async function* readPdf(
	source: ByteSource,
	into: Sink,
	recognition: Recognition | null,
): AsyncGenerator<void, StreamEnd> {
	const pdfium = await openPdfium();
	let pdf: OpenPdf | null = null;
	let isBroken = false;
	try {
		pdf = openPdf(pdfium, source);
		checkPages(pdf.pages);
		return yield* readPages(pdf, into, recognition);
	} catch (cause) {
		if (isDocDropError(cause)) throw cause;
		isBroken = true;
		if (typeof (cause as NodeJS.ErrnoException).syscall === 'string') throw cause;
		throw new DocDropError(
			'unreadable',
			`the file could not be read as application/pdf: it takes more than ${PDFIUM_MB} MB of memory, or is damaged`,
			{ cause },
		);
	} finally {
		// Nothing more is asked of an instance that is broken: it goes as a whole.
		if (!isBroken) pdf?.close();
		leavePdfium(pdfium, isBroken);
	}
}

function checkPages(pages: number): void {
	if (pages === 0) throw new DocDropError('unreadable', 'the file, read as application/pdf, has no page');
	if (pages <= MOST_PAGES) return;
	throw new DocDropError(
		'unreadable',
		`the file, read as application/pdf, has ${pages} pages; at most ${MOST_PAGES} are taken`,
	);
}

async function* readPages(
	pdf: OpenPdf,
	into: Sink,
	recognition: Recognition | null,
): AsyncGenerator<void, StreamEnd> {
	const outline = readOutline(pdf.pdfium, pdf.handle);
	const sizes = sampleSizes(pdf);
	const hyphens = createHyphens();
	const remarks = createRemarks();
	let title = titleOf(pdf);
	let isFirst = true;
	for (let index = 0; index < pdf.pages; index += 1) {
		const read = readPage(pdf, index);
		const page = index + 1;
		if (read === 'scan' && recognition !== null) {
			const { fate, paragraphs } = await recognisePage(pdf, index, recognition);
			remarks.note(page, fate);
			for (const text of paragraphs) into.block({ kind: 'paragraph', text, page });
			yield;
			continue;
		}
		remarks.note(page, read);
		if (typeof read === 'string') continue;
		hyphens.see(read.text);
		const paragraphs = toParagraphs(read.lines).map((one) => ({ ...one, text: hyphens.join(one.text) }));
		const blocks =
			outline.size > 0
				? blocksByOutline(paragraphs, outline.get(index) ?? [], page)
				: blocksBySize(paragraphs, sizes, page);
		if (isFirst) {
			const largest = titleBySize(paragraphs, sizes);
			// Where sizes make headings, it is one of them.
			const own = title ?? (outline.size > 0 ? largest : null);
			if (own !== null) into.title(own);
			title ??= largest;
		}
		isFirst = false;
		for (const block of blocks) {
			if (block.kind === 'heading') title ??= block.text;
			into.block(block);
		}
		yield;
	}
	return { title, warnings: remarks.warnings() };
}

async function recognisePage(pdf: OpenPdf, index: number, recognition: Recognition) {
	const outcome = await recognition.read('application/pdf', () => drawPage(pdf, index));
	switch (outcome.kind) {
		case 'beyond':
			return { fate: 'beyond', paragraphs: [] } as const;
		case 'unread':
			return { fate: 'damaged', paragraphs: [] } as const;
		case 'read': {
			const { paragraphs } = outcome;
			return { fate: paragraphs.length > 0 ? 'read' : 'blank', paragraphs } as const;
		}
	}
}

/** Of some pages, evenly spread, the first one included. */
function sampleSizes(pdf: OpenPdf): FontSizes {
	const count = Math.min(SAMPLED_PAGES, pdf.pages);
	const indexes = Array.from({ length: count }, (_, at) => Math.floor((at * pdf.pages) / count));
	return fontSizesOf(indexes.flatMap((index) => printedLines(pdf, index)));
}
