/** A PDF's outline, its table of contents for reading programs, as headings by page. It may loop and lead nowhere. */
import { cleanText, readText } from './pdf-text.ts';
import type { Pdfium } from './pdfium.ts';
import { LONGEST_TITLE } from './extracted.ts';

export interface OutlineEntry {
	readonly level: number;
	readonly title: string;
}

const MOST_ENTRIES = 10_000;
const GO_TO = 1;
/** What says no more than the page's number does. */
const MERE_PAGE = /^(?:(?:page|p\.|slide|seite|folie|página|pagina)\s*)?[\divxlc]+$/iu;

/** Page, from 0, to the entries that lead there, in order; empty where there is no outline of use. */
export function readOutline(pdfium: Pdfium, document: number): Map<number, OutlineEntry[]> {
	const byPage = new Map<number, OutlineEntry[]>();
	const seen = new Set<number>();
	const open = [{ bookmark: pdfium.FPDFBookmark_GetFirstChild(document, 0), level: 1 }];
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		const { bookmark, level } = next;
		if (bookmark === 0 || seen.has(bookmark) || seen.size >= MOST_ENTRIES) continue;
		seen.add(bookmark);
		const page = pageOf(pdfium, document, bookmark);
		const title = titleOf(pdfium, bookmark);
		if (page >= 0 && title !== '' && !MERE_PAGE.test(title)) {
			const entries = byPage.get(page) ?? [];
			entries.push({ level, title });
			byPage.set(page, entries);
		}
		// The children come before the sibling.
		open.push({ bookmark: pdfium.FPDFBookmark_GetNextSibling(document, bookmark), level });
		open.push({ bookmark: pdfium.FPDFBookmark_GetFirstChild(document, bookmark), level: level + 1 });
	}
	return byPage;
}

function pageOf(pdfium: Pdfium, document: number, bookmark: number): number {
	const own = pdfium.FPDFBookmark_GetDest(document, bookmark);
	if (own !== 0) return pdfium.FPDFDest_GetDestPageIndex(document, own);
	const action = pdfium.FPDFBookmark_GetAction(bookmark);
	if (action === 0 || pdfium.FPDFAction_GetType(action) !== GO_TO) return -1;
	const dest = pdfium.FPDFAction_GetDest(document, action);
	return dest === 0 ? -1 : pdfium.FPDFDest_GetDestPageIndex(document, dest);
}

const titleOf = (pdfium: Pdfium, bookmark: number): string =>
	cleanText(readText(pdfium, (buffer, bytes) => pdfium.FPDFBookmark_GetTitle(bookmark, buffer, bytes)))
		.slice(0, LONGEST_TITLE)
		.trim();
