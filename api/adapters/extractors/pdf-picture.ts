import { ocrBounds } from './ocr-bounds.ts';
import type { Picture } from './ocr-engine.ts';
import type { OpenPdf } from './pdf-document.ts';
import type { Pdfium } from './pdfium.ts';

const GREY = 1;
const WHITE = 0xffffffff;
/** What was filled into forms belongs to the page; colours do not matter. */
const WITH_ANNOTATIONS = 0x01;
const IN_GREY = 0x08;
const POINTS_AN_INCH = 72;

/** A page of a PDF as people see it, turned as it says. `index` from 0. */
export function drawPage({ pdfium, handle }: Pick<OpenPdf, 'pdfium' | 'handle'>, index: number): Picture {
	const page = pdfium.FPDF_LoadPage(handle, index);
	try {
		const across = pdfium.FPDF_GetPageWidthF(page);
		const down = pdfium.FPDF_GetPageHeightF(page);
		// Some scanners take a dot for a point, and then a page is a wall.
		const most = POINTS_AN_INCH * Math.sqrt(ocrBounds.drawnPixels / Math.max(1, across * down));
		const dpi = Math.min(ocrBounds.drawnDpi, most);
		const dots = (points: number) => Math.max(1, Math.floor((points * dpi) / POINTS_AN_INCH));
		return { bytes: draw(pdfium, page, dots(across), dots(down)), dpi: Math.round(dpi) };
	} finally {
		pdfium.FPDF_ClosePage(page);
	}
}

/** As PGM, the plainest kind of picture. */
function draw(pdfium: Pdfium, page: number, width: number, height: number): Uint8Array {
	const bitmap = pdfium.FPDFBitmap_CreateEx(width, height, GREY, 0, 0);
	if (bitmap === 0) throw new RangeError(`no room for ${width} x ${height} pixels`);
	try {
		pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE);
		pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, WITH_ANNOTATIONS | IN_GREY);
		const head = Buffer.from(`P5\n${width} ${height}\n255\n`);
		const picture = new Uint8Array(head.length + width * height);
		picture.set(head);
		const start = pdfium.FPDFBitmap_GetBuffer(bitmap);
		const stride = pdfium.FPDFBitmap_GetStride(bitmap);
		for (let row = 0; row < height; row += 1) {
			const from = start + row * stride;
			picture.set(pdfium.pdfium.HEAPU8.subarray(from, from + width), head.length + row * width);
		}
		return picture;
	} finally {
		pdfium.FPDFBitmap_Destroy(bitmap);
	}
}
