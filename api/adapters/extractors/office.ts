/** PPTX, ODT, ODP, EPUB and RTF to blocks, by officeparser. */
import {
	type DecompressionLimits,
	type OfficeError,
	OfficeParser,
	type SupportedFileType,
} from 'officeparser';
import type { MimeType } from '../../contract/file-types.ts';
import { DocDropError } from '../../errors.ts';
import { shownPage } from './epub-content.ts';
import { type Document, headingOf } from './extracted.ts';
import { needsPassword } from './needs-password.ts';
import { shownContent } from './odf-content.ts';
import { officeBlocks } from './office-tree.ts';
import { seenRtf } from './rtf-hidden.ts';
import { withNumbers } from './rtf-numbers.ts';
import { shownRtf } from './rtf-words.ts';
import { storedZip } from './stored-zip.ts';
import { createXmlCheck, MOST_ELEMENTS } from './xml-check.ts';
import { MOST_UNPACKED_MB, openZip } from './zip-parts.ts';

const parsers: Partial<Record<MimeType, SupportedFileType>> = {
	'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
	'application/vnd.oasis.opendocument.text': 'odt',
	'application/vnd.oasis.opendocument.presentation': 'odp',
	'application/epub+zip': 'epub',
	'application/rtf': 'rtf',
};

const limits: DecompressionLimits = {
	maxUncompressedBytes: MOST_UNPACKED_MB * 1024 * 1024,
	maxXmlElements: MOST_ELEMENTS,
};

/** Each is a kilobyte in the library's tree. */
const MOST_RTF_PARAGRAPHS = 400_000;
const RTF_END = /\\(?:par|cell|line|tab|page|sect|column|softline)(?![a-z])/g;

const TEXT = /\.(?:xml|rels|opf|xhtml|html?|xht)$/i;
const PAGE = /\.(?:xhtml|html?|xht)$/i;
/** In pages of a book not every element is closed; the library knows how deep they are. */
const XML = /\.(?:xml|rels|opf)$/i;

/** What the library calls a document that it cannot decrypt; a book under somebody's DRM is one too. */
const PROTECTED = new Set<unknown>(['PASSWORD_REQUIRED', 'PASSWORD_INCORRECT', 'DOCUMENT_DECRYPTION_FAILED']);

/** What of the library's warnings says that something is missing. */
const remarks: ReadonlyMap<string, string> = new Map([
	['CONTENT_PART_NOT_READ', 'a part of the file is missing or protected, and was left out'],
	['TABLE_CELL_LIMIT_EXCEEDED', 'a table has too many cells; its end was left out'],
	['REPEATED_CONTENT_LIMIT_EXCEEDED', 'content that the file repeats was told fewer times'],
]);

export async function extractOffice(bytes: Uint8Array, mimeType: MimeType): Promise<Document> {
	const fileType = parsers[mimeType];
	if (fileType === undefined) throw new TypeError(`${mimeType} is no type of officeparser`);
	const shown = fileType === 'rtf' ? rtfOf(bytes, mimeType) : shownParts(bytes, mimeType);
	try {
		const { metadata, content, warnings } = await OfficeParser.parseOffice(shown, {
			fileType,
			decompressionLimits: limits,
			ignoreComments: true,
			ignoreHeadersAndFooters: true,
			ignoreSlideMasters: true,
		});
		const blocks = officeBlocks(content);
		return {
			title: metadata.title?.trim() || headingOf(blocks),
			blocks,
			warnings: [...new Set(warnings.flatMap(({ code }) => remarks.get(code) ?? []))],
		};
	} catch (error) {
		throw PROTECTED.has((error as OfficeError).officeIssue?.code) ? needsPassword() : error;
	}
}

/**
 * The library unpacks by itself, and has limits of its own; but it takes its time until it reaches them, and a zip that
 * asks for a password it takes for a damaged one. Gives the file as the library sees all of it.
 */
function shownParts(bytes: Uint8Array, mimeType: MimeType): Uint8Array {
	const zip = openZip(bytes, mimeType);
	const check = createXmlCheck(mimeType);
	const texts: Record<string, Uint8Array> = {};
	for (const name of zip.names) {
		const content = TEXT.test(name) ? zip.read(name) : null;
		if (content === null) continue;
		if (XML.test(name)) check(content);
		texts[name] = content;
	}
	const shown = mimeType === 'application/epub+zip' ? shownPages(texts) : shownText(texts);
	return Object.keys(shown).length === 0 ? bytes : storedZip({ ...texts, ...shown });
}

type Texts = Readonly<Record<string, Uint8Array>>;
const textOf = (content: Uint8Array) => Buffer.from(content).toString('utf8');

/** What is another one. */
function shownText({ 'content.xml': content }: Texts): Texts {
	const shown = content === undefined ? null : shownContent(textOf(content));
	return shown === null ? {} : { 'content.xml': Buffer.from(shown) };
}

const shownPages = (texts: Texts): Texts =>
	Object.fromEntries(
		Object.entries(texts).flatMap(([name, content]) => {
			if (!PAGE.test(name) || !Buffer.from(content).includes('<ruby')) return [];
			return [[name, Buffer.from(shownPage(textOf(content)))]];
		}),
	);

/** RTF has no elements to count; and the library would take anything for text in it. */
function rtfOf(bytes: Uint8Array, mimeType: MimeType): Uint8Array {
	const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
	if (!text.startsWith('{\\rtf'))
		throw new DocDropError('unreadable', `the file could not be read as ${mimeType}`);
	let left = MOST_RTF_PARAGRAPHS;
	for (const _end of text.matchAll(RTF_END)) {
		left -= 1;
		if (left >= 0) continue;
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, has more than ${MOST_RTF_PARAGRAPHS} paragraphs and cells`,
		);
	}
	return Buffer.from(shownRtf(seenRtf(withNumbers(text))), 'latin1');
}
