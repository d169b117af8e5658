import type { Pdfium } from './pdfium.ts';

/** Longest text of an outline or of the metadata, in bytes of UTF-16. */
const MOST_BYTES = 8_192;

/** A text that PDFium writes as UTF-16 with a zero at its end, and says the length of. */
export function readText(pdfium: Pdfium, write: (buffer: number, bytes: number) => number): string {
	const bytes = write(0, 0);
	if (bytes <= 2 || bytes > MOST_BYTES) return '';
	const { malloc, free } = pdfium.pdfium.wasmExports;
	const buffer = malloc(bytes);
	try {
		write(buffer, bytes);
		const { HEAPU8 } = pdfium.pdfium;
		return Buffer.from(HEAPU8.buffer, HEAPU8.byteOffset + buffer, bytes - 2).toString('utf16le');
	} finally {
		free(buffer);
	}
}

/** On one line, without control characters. */
export const cleanText = (text: string): string =>
	text
		.toWellFormed()
		.replace(/[\p{Cc}\s]+/gu, ' ')
		.trim();
