/** What text recognition may take. Each bound has been measured against real and hostile pictures (docs/decisions). */
export const ocrBounds = {
	/** Of one document. */
	pages: 200,
	/** Of one document, for all of its pages; the page at hand is finished. */
	documentMs: 300_000,
	/** Of one page. The process that takes longer is ended, and the file is read again without that page. */
	pageMs: 60_000,
	/** Of one document, pages that it is read again without; with the next one its recognition ends. */
	slowPages: 2,
	/** Of one picture. In colour, each takes eleven bytes of the memory. */
	pixels: 40_000_000,
	/** Of one picture, each way; Tesseract keeps places in 16 bits. */
	side: 32_767,
	/** Of WebAssembly, beside what PDFium keeps. */
	memoryMb: 448,
	/** Of a page that PDFium draws: A4 at 300 dots an inch. */
	drawnPixels: 9_000_000,
	drawnDpi: 300,
} as const;

/** No document is longer in text recognition than this. */
export const LONGEST_OCR_MS = (ocrBounds.documentMs + ocrBounds.pageMs) * (2 + ocrBounds.slowPages);
