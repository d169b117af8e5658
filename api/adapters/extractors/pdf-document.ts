/** An open PDF and its pages, by PDFium. Who opens one closes it. */
import { DocDropError } from '../../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { formLines } from './pdf-form-lines.ts';
import { readPageText, readPageWords, type PageText } from './pdf-lines.ts';
import type { PdfLine } from './pdf-paragraphs.ts';
import { hasNoTextLayer } from './pdf-scans.ts';
import type { Pdfium } from './pdfium.ts';

export interface OpenPdf {
	readonly pdfium: Pdfium;
	readonly handle: number;
	readonly pages: number;
	/** What fills the fields of its forms; null where it has none. */
	readonly forms: Forms | null;
	close(): void;
}

/** What PDFium says of a document that it does not open. */
const NEEDS_PASSWORD = 4;
const UNKNOWN_PROTECTION = 5;
/** Length, function, and what the function is told beside place and length: 32 bits each. */
const ACCESS_BYTES = 12;
const FLATTENED = 1;
const AS_SHOWN = 0;

/** Throws `encrypted`, `unsupported_encryption`, or `unreadable`. */
export function openPdf(pdfium: Pdfium, source: ByteSource): OpenPdf {
	const access = createAccess(pdfium, source);
	const handle = pdfium.FPDF_LoadCustomDocument(access.pointer, '');
	if (handle === 0) {
		const error = pdfium.FPDF_GetLastError();
		access.free();
		throw refused(error);
	}
	const forms = pdfium.FPDF_GetFormType(handle) === 0 ? null : openForms(pdfium, handle);
	return {
		pdfium,
		handle,
		pages: pdfium.FPDF_GetPageCount(handle),
		forms,
		close() {
			forms?.close();
			pdfium.FPDF_CloseDocument(handle);
			access.free();
		},
	};
}

interface Forms {
	/** Draws what was filled into the fields of a page, where the program that wrote it has left that to its reader. */
	draw(page: number): void;
	close(): void;
}

function openForms(pdfium: Pdfium, handle: number): Forms {
	const settings = pdfium.PDFiumExt_OpenFormFillInfo();
	const forms = pdfium.PDFiumExt_InitFormFillEnvironment(handle, settings);
	return {
		draw(page) {
			pdfium.FORM_OnAfterLoadPage(page, forms);
			pdfium.FORM_OnBeforeClosePage(page, forms);
		},
		close() {
			pdfium.PDFiumExt_ExitFormFillEnvironment(forms);
			pdfium.PDFiumExt_CloseFormFillInfo(settings);
		},
	};
}

function refused(error: number): DocDropError {
	switch (error) {
		case NEEDS_PASSWORD:
			return new DocDropError('encrypted', 'the PDF asks for a password');
		case UNKNOWN_PROTECTION:
			return new DocDropError('unsupported_encryption', 'the PDF is encrypted in a way that is not known');
		default:
			return new DocDropError(
				'unreadable',
				'the file could not be read as application/pdf: it is damaged or none',
			);
	}
}

/** Through which PDFium reads the source. */
function createAccess(pdfium: Pdfium, source: ByteSource) {
	const { wasmExports, addFunction, removeFunction, setValue } = pdfium.pdfium;
	const copyPart = (_told: number, from: number, target: number, length: number): number => {
		const part = source.read(from >>> 0, length >>> 0);
		pdfium.pdfium.HEAPU8.set(part, target);
		return part.length === length >>> 0 ? 1 : 0;
	};
	const copy = addFunction(copyPart, 'iiiii');
	const pointer = wasmExports.malloc(ACCESS_BYTES);
	setValue(pointer, source.size, 'i32');
	setValue(pointer + 4, copy, 'i32');
	setValue(pointer + 8, 0, 'i32');
	return {
		pointer,
		free() {
			wasmExports.free(pointer);
			removeFunction(copy);
		},
	};
}

/** `index` from 0. A page that is no text says what it is instead. */
export function readPage(pdf: OpenPdf, index: number): PageText | 'damaged' | 'scan' {
	const { pdfium, handle } = pdf;
	const page = pdfium.FPDF_LoadPage(handle, index);
	if (page === 0) return 'damaged';
	const fill = fillerOf(pdf, page);
	const empty = fill === null ? null : onTextPage(pdfium, page, (text) => readPageWords(pdfium, text));
	if (fill?.() !== true) return readText(pdfium, page, null);
	pdfium.FPDF_ClosePage(page);
	const filled = pdfium.FPDF_LoadPage(handle, index);
	return filled === 0 ? 'damaged' : readText(pdfium, filled, empty);
}

/** The lines that are printed on a page; none of one that is no text. What is filled in once stays: this leaves it out. */
export function printedLines({ pdfium, handle }: OpenPdf, index: number): readonly PdfLine[] {
	const page = pdfium.FPDF_LoadPage(handle, index);
	const read = page === 0 ? 'damaged' : readText(pdfium, page, null);
	return typeof read === 'string' ? [] : read.lines;
}

/** Draws what was filled into a form, which becomes text of the page when it is loaded again; null where there is none. */
function fillerOf({ pdfium, forms }: OpenPdf, page: number): (() => boolean) | null {
	if (forms === null || pdfium.FPDFPage_GetAnnotCount(page) === 0) return null;
	return () => {
		forms.draw(page);
		return pdfium.FPDFPage_Flatten(page, AS_SHOWN) === FLATTENED;
	};
}

/** Closes the page. `empty`: its words before it was filled. */
function readText(
	pdfium: Pdfium,
	page: number,
	empty: readonly (readonly PdfLine[])[] | null,
): PageText | 'damaged' | 'scan' {
	try {
		const read = onTextPage(pdfium, page, (textPage) => {
			const read = readPageText(pdfium, page, textPage);
			const filled = empty === null ? null : readPageWords(pdfium, textPage);
			return empty === null || filled === null ? read : { ...read, lines: formLines(empty, filled) };
		});
		if (read === null) return 'damaged';
		return hasNoTextLayer(pdfium, page, read.text) ? 'scan' : read;
	} finally {
		pdfium.FPDF_ClosePage(page);
	}
}

/** Null for a page whose text cannot be read. */
function onTextPage<T>(pdfium: Pdfium, page: number, read: (textPage: number) => T): T | null {
	const textPage = pdfium.FPDFText_LoadPage(page);
	if (textPage === 0) return null;
	try {
		return read(textPage);
	} finally {
		pdfium.FPDFText_ClosePage(textPage);
	}
}
