/**
 * PDFium, the PDF library of Chromium, as WebAssembly. One instance a process, made when the first PDF comes; its
 * memory has a limit (wasm-memory.ts). An instance that something was thrown out of may be in any state and is not
 * used again; neither is one whose memory has grown large, because WebAssembly gives none of it back.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { init, type Methods } from '@embedpdf/pdfium';
import { DocDropError } from '../../errors.ts';
import { packedFile } from '../thread/index.ts';
import { withMemoryLimit } from './wasm-memory.ts';

/** What is used of the program's runtime. Its package describes it in Emscripten's own types, which are a package more. */
interface Runtime {
	/** Another one whenever the memory has grown. */
	readonly HEAPU8: Uint8Array;
	readonly wasmExports: { malloc(bytes: number): number; free(pointer: number): void };
	readonly getValue: (pointer: number, type: 'double' | 'float') => number;
	readonly setValue: (pointer: number, value: number, type: 'i32') => void;
	/** `signature`: of the result and of each argument, a letter each. */
	readonly addFunction: (run: (...args: number[]) => number, signature: string) => number;
	readonly removeFunction: (pointer: number) => void;
}

export type Pdfium = Methods & { readonly pdfium: Runtime };

export const PDFIUM_MB = 256;
/** An instance that holds more is not kept for the next file. */
const KEPT_BYTES = 96 * 1_048_576;

let program: Uint8Array<ArrayBuffer> | null = null;
let kept: Promise<Pdfium> | null = null;

export function openPdfium(): Promise<Pdfium> {
	kept ??= start();
	return kept;
}

/** After each file. `isBroken`: something that is no answer of PDFium's was thrown while it was read. */
export function leavePdfium(pdfium: Pdfium, isBroken: boolean): void {
	if (isBroken || pdfium.pdfium.HEAPU8.length > KEPT_BYTES) kept = null;
}

async function start(): Promise<Pdfium> {
	try {
		program ??= withMemoryLimit(readFileSync(programFile()), PDFIUM_MB * 1_048_576);
		const quiet = () => undefined;
		const loaded = await init({ wasmBinary: program.buffer, print: quiet, printErr: quiet });
		const pdfium = loaded as Methods & { readonly pdfium: unknown } as Pdfium;
		pdfium.PDFiumExt_Init();
		return pdfium;
	} catch (cause) {
		kept = null;
		// Says nothing of the document: the installation is incomplete, or the machine has no memory for it.
		throw new DocDropError('extractor_unavailable', 'the PDF library could not be loaded', { cause });
	}
}

const programFile = () =>
	packedFile('pdfium/pdfium.wasm') ?? createRequire(import.meta.url).resolve('@embedpdf/pdfium/pdfium.wasm');
