/** DOCX to blocks: mammoth makes HTML of it, whose headings, lists and tables html.ts reads. */
import mammoth from 'mammoth';
import type { MimeType } from '../../contract/file-types.ts';
import type { Block } from '../../chunking/index.ts';
import { diagramText, shownDocument } from './docx-content.ts';
import { withImports, withMarkedImports } from './docx-imports.ts';
import { withMarkedNumbers, withNumber } from './docx-numbers.ts';
import { type Document, headingOf } from './extracted.ts';
import { htmlBlocks } from './html.ts';
import { createXmlCheck } from './xml-check.ts';
import { openZip, type ZipParts } from './zip-parts.ts';

/** In front of mammoth's own: the document's title is its outermost heading. */
const TITLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

/** Of the core properties, in bytes. */
const LONGEST_PROPERTIES = 65_536;

/** Parts that hold text. */
const TEXT = /(?:document|footnotes|endnotes|comments)\d*\.xml$/;

/** They are told behind all else: where each stands is known by numbers of relations alone. */
const DIAGRAM = /^word\/diagrams\/data\d*\.xml$/;

const NUMBERS = 'word/numbering.xml';
const STYLES = 'word/styles.xml';

const BACK_LINK = /<a href="#(?:foot|end)note-ref-[^"<>]*">↑<\/a>/g;

export async function extractDocx(bytes: Uint8Array, mimeType: MimeType): Promise<Document> {
	const parts = openZip(bytes, mimeType);
	const { value } = await mammoth.convertToHtml(containerOf(parts, mimeType), {
		styleMap: TITLES,
		includeEmbeddedStyleMap: false,
		// Their words stay, as the text that stands for a picture.
		convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })),
	});
	const { blocks } = htmlBlocks(value.replace(BACK_LINK, ''));
	const shown = await withImports(numbered(blocks), parts);
	return { title: titleOf(parts) ?? headingOf(shown.blocks), ...shown };
}

/** With the numbers of paragraphs; one that has nothing else is none. */
const numbered = (blocks: readonly Block[]): Block[] =>
	blocks.flatMap((block) => {
		const { kind, header } = block;
		const text = withNumber(block.text, kind);
		if (text === '') return [];
		return [{ ...block, text, ...(header != null && { header: withNumber(header, kind) }) }];
	});

/**
 * The parts as mammoth takes them from one who has opened the file already. Its own way would unpack anything, and make
 * a tree of it.
 */
function containerOf(parts: ZipParts, mimeType: MimeType): { readonly buffer: Buffer } {
	const names = new Set(parts.names);
	const check = createXmlCheck(mimeType);
	const text = (name: string): string => {
		const content = parts.read(name) ?? Buffer.alloc(0);
		check(content);
		return content.toString('utf8');
	};
	const read = async (name: string, encoding?: string): Promise<string | Uint8Array> => {
		if (encoding === undefined) return parts.read(name) ?? Buffer.alloc(0);
		if (encoding === 'base64') return (parts.read(name) ?? Buffer.alloc(0)).toString('base64');
		const xml = text(name);
		if (!TEXT.test(name)) return xml;
		const diagrams = name.endsWith('/document.xml') ? parts.names.filter((part) => DIAGRAM.test(part)) : [];
		const more = diagrams.map((part) => diagramText(text(part))).join('');
		const isBody = name.endsWith('/document.xml');
		const shown = shownDocument(
			isBody ? withMarkedImports(withMarkedNumbers(xml, text(NUMBERS), text(STYLES))) : xml,
		);
		const end = shown.lastIndexOf('</w:body>');
		return end < 0 ? shown : shown.slice(0, end) + more + shown.slice(end);
	};
	const file = { exists: (name: string) => names.has(name), read };
	return { file } as unknown as { readonly buffer: Buffer };
}

/** From the core properties; it ends like a title in HTML, with the same entities. */
function titleOf(parts: ZipParts): string | null {
	const properties = parts.read('docProps/core.xml')?.toString('utf8', 0, LONGEST_PROPERTIES) ?? '';
	const title = /<dc:title\b[^>]*>([^<]*)</.exec(properties)?.[1] ?? '';
	return htmlBlocks(`<title>${title}</title>`).title;
}
