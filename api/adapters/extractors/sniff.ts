/**
 * Of what type a file is by its content. Binary types show themselves in their first bytes, zip and OLE containers in
 * the names of what they hold; that is believed before any name or sender. Text types look alike: of those whatever
 * was claimed stands, and only text under the name of a binary type is looked at, such as a web page called `.doc` or
 * a table of tabs called `.xls`.
 */
import { isTextType } from '../../contract/file-types.ts';
import type { ByteSource } from './byte-source.ts';
import { needsPassword } from './needs-password.ts';
import { openOle } from './ole.ts';
import { zipNames } from './zip-names.ts';

const HEAD_BYTES = 4_096;
/** How far into a file its mark may stand, of readers that look for it. */
const PDF_MARK_BYTES = 1_024;

const WORD = 'application/msword';
const EXCEL = 'application/vnd.ms-excel';
const POWERPOINT = 'application/vnd.ms-powerpoint';
const OUTLOOK = 'application/vnd.ms-outlook';
const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument.';

/** Containers that tell nothing more of themselves. */
const ZIP = 'application/zip';
const OLE = 'application/x-ole-storage';

const zipTypes: readonly (readonly [folder: string, type: string])[] = [
	['word/', `${OFFICE}wordprocessingml.document`],
	['ppt/', `${OFFICE}presentationml.presentation`],
	['xl/', `${OFFICE}spreadsheetml.sheet`],
];
/** Streams in the root of an OLE container; those of objects within it lie deeper. */
const oleTypes: readonly (readonly [stream: string, type: string])[] = [
	['__properties_version1.0', OUTLOOK],
	['WordDocument', WORD],
	['Workbook', EXCEL],
	['Book', EXCEL],
	['PowerPoint Document', POWERPOINT],
];
const marks: readonly (readonly [mark: string, type: string])[] = [
	['%PDF-', 'application/pdf'],
	['{\\rtf', 'application/rtf'],
	['\x89PNG\r\n\x1a\n', 'image/png'],
	['\xff\xd8\xff', 'image/jpeg'],
	['GIF87a', 'image/gif'],
	['GIF89a', 'image/gif'],
	['II*\0', 'image/tiff'],
	['MM\0*', 'image/tiff'],
];
/** Of pictures whose first letters are not enough. */
const patterns: readonly (readonly [pattern: RegExp, type: string])[] = [
	[/^RIFF[^]{4}WEBPVP8/, 'image/webp'],
	// Its size, four bytes of zeros, where the picture begins, and how long its header is.
	[/^BM[^]{4}\0{4}[^]{2}\0{2}[^]\0{3}/, 'image/bmp'],
];

/**
 * A media type, also one that nobody reads. `claimed`: what the name or the sender says. Throws `encrypted` for an
 * Office document with a password, whose own type nobody can see.
 */
export function sniff(source: ByteSource, claimed: string): string {
	const head = source.read(0, HEAD_BYTES);
	const start = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
	if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return zipType(source, claimed);
	if (start.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) return oleType(source, claimed);
	const marked =
		marks.find(([mark]) => start.startsWith(mark))?.[1] ??
		patterns.find(([pattern]) => pattern.test(start))?.[1];
	const isText = isTextType(claimed);
	// A text may begin with the word; a document goes on with a version, and holds bytes that no text has.
	if (marked !== undefined) return isText && !hasMarkOfFile(start) ? claimed : marked;
	if (isText) return claimed;
	if (start.slice(0, PDF_MARK_BYTES).includes('%PDF-')) return 'application/pdf';
	return textType(head, claimed) ?? claimed;
}

/** Of a file that was claimed to be text: whether the mark at its start is more than a word of it. */
function hasMarkOfFile(start: string): boolean {
	if (start.startsWith('%PDF-')) return /^%PDF-\d\.\d\s*[\r\n]/.test(start);
	if (start.startsWith('{\\rtf')) return /^\{\\rtf\d?\s*\\/.test(start);
	return !start.startsWith('GIF8') || /[\0-\x08]/.test(start.slice(6, 13));
}

function zipType(source: ByteSource, claimed: string): string {
	const { mimetype, names } = zipNames(source);
	if (mimetype !== null) {
		// Templates are read like what is made from them.
		const base = mimetype.replace(/-template$/, '');
		if (base === 'application/epub+zip' || base.startsWith(OPEN_DOCUMENT)) return base;
	}
	// Not every program writes the entry first, and then only the name of the file tells the kinds apart.
	if (names.includes('content.xml') && claimed.startsWith(OPEN_DOCUMENT)) return claimed;
	if (names.some((name) => name === 'xl/workbook.bin')) return `${EXCEL}.sheet.binary.macroenabled.12`;
	const found = zipTypes.find(([folder]) => names.some((name) => name.startsWith(folder)));
	if (found !== undefined) return found[1];
	if (names.includes('meta-inf/container.xml')) return 'application/epub+zip';
	// A damaged one does not show its names: its reader says what is wrong with it.
	return names.length === 0 && !isTextType(claimed) ? claimed : ZIP;
}

function oleType(source: ByteSource, claimed: string): string {
	const names = openOle(source).names;
	if (names.has('EncryptedPackage')) throw needsPassword();
	const found = oleTypes.find(([stream]) => names.has(stream));
	if (found !== undefined) return found[1];
	return names.size === 0 && !isTextType(claimed) ? claimed : OLE;
}

/** Of a file that was claimed to be binary; null where it is no text, or one that says nothing of itself. */
function textType(head: Uint8Array, claimed: string): string | null {
	const text = headText(head);
	if (text === null) return null;
	if (text.trim() === '') return 'text/plain';
	// Behind comments and declarations, the first of which tells XHTML from HTML.
	const body = text.replace(/^(?:\s+|<\?[^>]*>|<!--.*?-->)+/s, '');
	const isXml = /^\s*<\?xml\b/.test(text);
	if (/^<(?:!doctype\s+html|html|head|body|table|meta|style|title|div|p|h1)\b/i.test(body))
		return isXml ? 'application/xhtml+xml' : 'text/html';
	if (isXml) return 'application/xml';
	switch (claimed) {
		case WORD:
			return /^(?:MIME-Version|From|Subject|Date):/i.test(text) ? 'message/rfc822' : 'text/plain';
		case EXCEL:
			return /^[^\n]*\t/.test(text)
				? 'text/tab-separated-values'
				: /^[^\n]*[,;]/.test(text)
					? 'text/csv'
					: null;
		default:
			return null;
	}
}

/** Null for bytes that are no text. */
function headText(head: Uint8Array): string | null {
	const [first, second] = head;
	const encoding =
		first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
	const text = new TextDecoder(encoding).decode(head);
	return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
}
