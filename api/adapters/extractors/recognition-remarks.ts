import { ocrBounds } from './ocr-bounds.ts';
import { pageList } from './page-list.ts';

/** Pages, from 1, of which text recognition (OCR) was asked. */
export interface RecognisedPages {
	readonly read: number[];
	/** Nothing is written on them. */
	readonly blank: number[];
	readonly beyond: number[];
}

/** What became of them, for people. */
export function recognitionRemarks({ read, blank, beyond }: RecognisedPages): string[] {
	return [
		...(read.length > 0 ? [`${pageList(read)} ${wasOrWere(read)} read by OCR`] : []),
		...(blank.length > 0 ? [`OCR found no text on ${pageList(blank)}`] : []),
		...(beyond.length > 0
			? [
					`${pageList(beyond)} ${wasOrWere(beyond)} not read by OCR: at most ${ocrBounds.pages} pages of a document are, in ${ocrBounds.documentMs / 1_000} s, and none behind ${ocrBounds.slowPages} that took longer than ${ocrBounds.pageMs / 1_000} s each`,
				]
			: []),
	];
}

const wasOrWere = ({ length }: readonly number[]) => (length === 1 ? 'was' : 'were');
