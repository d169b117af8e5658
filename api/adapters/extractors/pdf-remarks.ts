import { DocDropError } from '../../errors.ts';
import { pageList } from './page-list.ts';
import { recognitionRemarks } from './recognition-remarks.ts';

type Fate = 'damaged' | 'scan' | 'read' | 'blank' | 'beyond';

/** What became of a PDF's pages, for people. */
export function createRemarks() {
	const pages: Record<Fate, number[]> = { damaged: [], scan: [], read: [], blank: [], beyond: [] };
	let hasText = false;
	return {
		/** `page` from 1. Those that text recognition (OCR) was asked of have its fate, not that of a scan. */
		note(page: number, fate: Fate | { readonly text: string }): void {
			if (typeof fate === 'string') pages[fate].push(page);
			hasText ||= fate === 'read' || (typeof fate === 'object' && fate.text.trim() !== '');
		},
		/** Throws `no_text_layer` where there are scans and no text. */
		warnings(): string[] {
			const { damaged, scan } = pages;
			const pictures = [...(scan.length > 0 ? [noTextLayer(scan)] : []), ...recognitionRemarks(pages)];
			if (!hasText && pictures.length > 0) {
				throw new DocDropError('no_text_layer', `the PDF has no text: ${pictures.join('; ')}`, {
					...(scan.length === 0 && { hint: WAS_RECOGNISED }),
				});
			}
			if (!hasText && damaged.length > 0)
				throw new DocDropError(
					'unreadable',
					`the file, read as application/pdf, is damaged: ${unread(damaged)}`,
				);
			return [...pictures, ...(damaged.length > 0 ? [unread(damaged)] : [])];
		},
	};
}

const WAS_RECOGNISED =
	'The file holds pictures alone, and text recognition (OCR) found none: look whether they are legible, upright, and in a language of DOCDROP_OCR.';
const noTextLayer = (pages: readonly number[]): string =>
	`${pageList(pages)} ${pages.length === 1 ? 'has' : 'have'} no text layer`;
const unread = (pages: readonly number[]): string => `${pageList(pages)} could not be read`;
