/** What the path of a file says of it, for people. Pure. */
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import type { FileItem } from '../item.ts';

/**
 * Types that other nodes read and DocDrop does not, so that a workflow can tell them apart; what DocDrop reads is in
 * the contract.
 */
const otherTypes: Readonly<Record<string, string>> = {
	doc: 'application/msword',
	docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
	epub: 'application/epub+zip',
	gif: 'image/gif',
	ics: 'text/calendar',
	jpeg: 'image/jpeg',
	jpg: 'image/jpeg',
	m4a: 'audio/mp4',
	mp3: 'audio/mpeg',
	mp4: 'video/mp4',
	odp: 'application/vnd.oasis.opendocument.presentation',
	ods: 'application/vnd.oasis.opendocument.spreadsheet',
	odt: 'application/vnd.oasis.opendocument.text',
	ogg: 'audio/ogg',
	png: 'image/png',
	ppt: 'application/vnd.ms-powerpoint',
	pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
	rtf: 'application/rtf',
	svg: 'image/svg+xml',
	tif: 'image/tiff',
	tiff: 'image/tiff',
	wav: 'audio/wav',
	webp: 'image/webp',
	xls: 'application/vnd.ms-excel',
	xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
	zip: 'application/zip',
};

/** `relPath`: under its folder, `/` separated. */
export function fileFieldsOf(
	relPath: string,
): Pick<FileItem, 'directory' | 'extension' | 'fileName' | 'mimeType'> {
	const slash = relPath.lastIndexOf('/');
	const fileName = relPath.slice(slash + 1);
	const dot = fileName.lastIndexOf('.');
	// A name that begins with its only dot has no ending.
	const extension = dot < 1 ? '' : fileName.slice(dot + 1).toLowerCase();
	const other = Object.hasOwn(otherTypes, extension) ? otherTypes[extension] : undefined;
	return {
		fileName,
		extension,
		mimeType: mimeTypeOf(fileName) ?? other ?? 'application/octet-stream',
		directory: slash === -1 ? '' : relPath.slice(0, slash),
	};
}
