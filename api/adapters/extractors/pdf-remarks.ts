import { DocDropError } from '../../errors.ts';
import { pageList } from './page-list.ts';

/** What became of a PDF's pages, for people. */
export function createRemarks() {
	const without: Record<'damaged' | 'scan', number[]> = { damaged: [], scan: [] };
	let hasText = false;
	return {
		/** `page` from 1. */
		note(page: number, read: 'damaged' | 'scan' | { readonly text: string }): void {
			if (typeof read === 'string') without[read].push(page);
			else hasText ||= read.text.trim() !== '';
		},
		/** Throws `no_text_layer` where there are scans and no text. */
		warnings(): string[] {
			const { damaged, scan } = without;
			if (!hasText && scan.length > 0) {
				throw new DocDropError('no_text_layer', `the PDF has no text: ${noTextLayer(scan)}`);
			}
			if (!hasText && damaged.length > 0)
				throw new DocDropError(
					'unreadable',
					`the file, read as application/pdf, is damaged: ${unread(damaged)}`,
				);
			return [
				...(scan.length > 0 ? [noTextLayer(scan)] : []),
				...(damaged.length > 0 ? [unread(damaged)] : []),
			];
		},
	};
}

const noTextLayer = (pages: readonly number[]): string =>
	`${pageList(pages)} ${pages.length === 1 ? 'has' : 'have'} no text layer`;
const unread = (pages: readonly number[]): string => `${pageList(pages)} could not be read`;
