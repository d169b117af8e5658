import type { OpenPdf } from './pdf-document.ts';
import { cleanText, readText } from './pdf-text.ts';

const LONGEST = 300;
/** What programs write where nobody gave a title: numbers of their own, names of files and of themselves. */
const NO_TITLE =
	/^(?:(?=\S*\d)(?=\S*[-_:])\S+|untitled|unbenannt|sans titre|document\d*|(?:microsoft )?(?:word|powerpoint|excel)\b.*|.*\.(?:docx?|pptx?|xlsx?|odt|rtf|pdf|tex|dvi|indd|qxd|eps|html?|txt|pmd|fm))$/iu;

/** Of the metadata; null where that says nothing. */
export function titleOf({ pdfium, handle }: OpenPdf): string | null {
	const title = cleanText(
		readText(pdfium, (buffer, bytes) => pdfium.FPDF_GetMetaText(handle, 'Title', buffer, bytes)),
	);
	return title === '' || NO_TITLE.test(title) ? null : title.slice(0, LONGEST).toWellFormed();
}
