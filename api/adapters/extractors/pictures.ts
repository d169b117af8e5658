/** Pictures to blocks, by text recognition (OCR); each page of a TIFF is a page. */
import type { Block } from '../../chunking/index.ts';
import { DocDropError } from '../../errors.ts';
import type { Document } from './extracted.ts';
import { ocrBounds } from './ocr-bounds.ts';
import type { Picture } from './ocr-engine.ts';
import { pageList } from './page-list.ts';
import { jpegOrientation, pictureSize, type PictureSize, type PictureType } from './picture-size.ts';
import { recognitionRemarks } from './recognition-remarks.ts';
import type { Recognition } from './recognition.ts';
import { jpegOf } from './tiff-jpeg.ts';
import { beginningWith, type TiffPage, tiffPages } from './tiff-pages.ts';

interface Page {
	readonly size: PictureSize | null;
	readonly picture: () => Picture;
}

export async function extractPicture(
	bytes: Uint8Array,
	type: PictureType,
	recognition: Recognition,
): Promise<Document> {
	const pages = pagesOf(bytes, type);
	const isOne = pages.length === 1;
	const blocks: Block[] = [];
	const recognised = { read: [] as number[], blank: [] as number[], beyond: [] as number[] };
	const unread: { pages: number[]; first: DocDropError | null } = { pages: [], first: null };
	for (const [index, page] of pages.entries()) {
		const number = index + 1;
		const outcome = await recognition.read(type, () => drawn(page, type));
		if (outcome.kind === 'beyond') recognised.beyond.push(number);
		else if (outcome.kind === 'unread') {
			unread.pages.push(number);
			unread.first ??= outcome.error;
		} else {
			recognised[outcome.paragraphs.length > 0 ? 'read' : 'blank'].push(number);
			for (const text of outcome.paragraphs)
				blocks.push({ kind: 'paragraph', text, ...(!isOne && { page: number }) });
		}
	}
	if (unread.first !== null && recognised.read.length + recognised.blank.length === 0) throw unread.first;
	const warnings = isOne
		? [blocks.length > 0 ? 'the picture was read by OCR' : 'OCR found no text in the picture']
		: recognitionRemarks(recognised);
	if (unread.pages.length > 0) warnings.push(`${pageList(unread.pages)} could not be read`);
	return { title: null, blocks, warnings };
}

function pagesOf(bytes: Uint8Array, type: PictureType): Page[] {
	if (type !== 'image/tiff') {
		const orientation = type === 'image/jpeg' ? jpegOrientation(bytes) : 1;
		return [{ size: pictureSize(bytes, type), picture: () => ({ bytes, orientation }) }];
	}
	const pages = tiffPages(bytes);
	if (pages.length === 0) throw damaged(type);
	return pages.map((page) => ({ size: page, picture: () => ({ bytes: tiffPicture(bytes, page) }) }));
}

/** Those that Leptonica unpacks: plain, the ways of fax, LZW, PackBits. */
const PACKINGS: readonly number[] = [1, 2, 3, 4, 5, 32_773];
const JPEG = 7;

function tiffPicture(bytes: Uint8Array, page: TiffPage): Uint8Array {
	const jpeg = page.packing === JPEG ? jpegOf(bytes, page) : null;
	if (jpeg !== null) return jpeg;
	if (PACKINGS.includes(page.packing) && !page.isTiled) return beginningWith(bytes, page);
	throw new DocDropError(
		'unreadable',
		`the file could not be read as image/tiff: it is packed in a way that text recognition (OCR) does not take (compression ${page.packing}${page.isTiled ? ', tiles' : ''})`,
	);
}

/** Throws `unreadable` for a picture that says that it is too large, whatever it really holds. */
function drawn({ size, picture }: Page, type: PictureType): Picture {
	const { width, height } = size ?? { width: 0, height: 0 };
	if (width === 0 || height === 0) throw damaged(type);
	const isLong = Math.max(width, height) > ocrBounds.side;
	if (!isLong && width * height <= ocrBounds.pixels) return picture();
	const most = isLong ? `${ocrBounds.side} each way` : ocrBounds.pixels;
	throw new DocDropError(
		'unreadable',
		`the file, read as ${type}, has ${width} x ${height} pixels; at most ${most} are taken`,
	);
}

const damaged = (type: PictureType) =>
	new DocDropError('unreadable', `the file could not be read as ${type}: it is damaged or none`);
