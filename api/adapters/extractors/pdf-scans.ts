/** Whether a page of a PDF is a picture of text: a scan, or a text whose characters mean nothing. */
import type { Pdfium } from './pdfium.ts';

const FEW_CHARS = 20;
const IMAGE_SHARE = 0.5;
const MOST_OBJECTS = 2_000;
const IMAGE = 3;
const FORM = 5;
/** Fonts without a map to Unicode give characters of private use, or control characters. */
const NONSENSE_SHARE = 0.1;
const NONSENSE = /[\0-\x08\x0e-\x1f\x7f-\x9f\p{Co}\ufffd]/gu;

/** `text`: all that could be read of it. */
export function hasNoTextLayer(pdfium: Pdfium, page: number, text: string): boolean {
	const chars = text.replace(/\s+/g, '').length;
	if (chars >= FEW_CHARS) return (text.match(NONSENSE)?.length ?? 0) > chars * NONSENSE_SHARE;
	const area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page);
	return imageArea(pdfium, page) > area * IMAGE_SHARE;
}

function imageArea(pdfium: Pdfium, page: number): number {
	const { wasmExports, getValue } = pdfium.pdfium;
	const scratch = wasmExports.malloc(16);
	try {
		const float = (at: number) => getValue(scratch + at * 4, 'float');
		const count = Math.min(MOST_OBJECTS, pdfium.FPDFPage_CountObjects(page));
		let sum = 0;
		for (let index = 0; index < count; index += 1) {
			const object = pdfium.FPDFPage_GetObject(page, index);
			if (!isImage(pdfium, object)) continue;
			if (!pdfium.FPDFPageObj_GetBounds(object, scratch, scratch + 4, scratch + 8, scratch + 12)) continue;
			sum += Math.abs((float(2) - float(0)) * (float(3) - float(1)));
		}
		return sum;
	} finally {
		wasmExports.free(scratch);
	}
}

/** Or a form of its own that holds one, as some scanners write them. */
function isImage(pdfium: Pdfium, object: number): boolean {
	const type = pdfium.FPDFPageObj_GetType(object);
	if (type !== FORM) return type === IMAGE;
	const count = Math.min(MOST_OBJECTS, pdfium.FPDFFormObj_CountObjects(object));
	for (let index = 0; index < count; index += 1) {
		if (pdfium.FPDFPageObj_GetType(pdfium.FPDFFormObj_GetObject(object, index)) === IMAGE) return true;
	}
	return false;
}
