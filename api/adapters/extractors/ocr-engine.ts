/**
 * Tesseract as WebAssembly, which also decodes the pictures. One instance a process, made when the first picture comes;
 * its memory has a limit (wasm-memory.ts). As with PDFium (pdfium.ts), an instance that something was thrown out of, or
 * whose memory has grown large, is not used again.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Core, Recogniser, WasmMemory } from 'tesseract.js-core/tesseract-core-simd-lstm.js';
import { packedFile } from '../thread/index.ts';
import { ocrBounds } from './ocr-bounds.ts';
import { withMemoryLimit } from './wasm-memory.ts';

/** An encoded picture of any kind that Tesseract knows. */
export interface Picture {
	readonly bytes: Uint8Array;
	/** How it must be turned, as EXIF counts; 1 is upright. */
	readonly orientation?: number;
	/** Dots an inch, where they are known. */
	readonly dpi?: number;
}

/** Why there is no text: the bytes are no picture that is known, or a damaged one; or it takes too much memory. */
export type Unrecognised = 'damaged' | 'too-large';

export interface OcrEngine {
	/** Throws what WebAssembly throws. `confidence`: from 0 to 100. */
	recognise(picture: Picture): { readonly text: string; readonly confidence: number } | Unrecognised;
	/** It must not read another picture. */
	isSpent(): boolean;
}

export interface LanguageData {
	readonly name: string;
	readonly bytes: Uint8Array;
}

const NEURAL = 1;
/** With columns, and without a look at which way up the page is: the program has none. */
const AUTOMATIC = 3;
const INPUT = '/input';
/** An instance that holds more is not kept for the next picture. */
const KEPT_BYTES = 128 * 1_048_576;

/** What is used of WebAssembly, whose types come with those of browsers. */
interface Wasm {
	readonly Module: new (program: Uint8Array) => object;
	readonly Instance: new (module: object, imports: object) => { readonly exports: object };
	readonly Memory: new () => WasmMemory;
}
const { Module, Instance, Memory } = (globalThis as object as { readonly WebAssembly: Wasm }).WebAssembly;

let program: object | null = null;

/** Null where the data are none of Tesseract's, or damaged. */
export async function startOcr(languages: readonly LanguageData[]): Promise<OcrEngine | null> {
	program ??= new Module(withMemoryLimit(readFileSync(programFile()), ocrBounds.memoryMb * 1_048_576));
	const { core, memory } = await load(program);
	for (const { name, bytes } of languages) core.FS.writeFile(`/${name}.traineddata`, bytes);
	const recogniser = new core.TessBaseAPI();
	if (!canStart(recogniser, languages)) return null;
	recogniser.SetPageSegMode(AUTOMATIC);
	// The words of one page must not change what is read of the next: the same file gives the same text.
	recogniser.SetVariable('tessedit_enable_doc_dict', '0');
	let isBroken = false;
	return {
		recognise(picture) {
			isBroken = true;
			const found = recogniseWith(core, recogniser, picture);
			isBroken = false;
			return found;
		},
		isSpent: () => isBroken || memory.buffer.byteLength > KEPT_BYTES,
	};
}

async function load(module: object) {
	const { default: start } = await import('tesseract.js-core/tesseract-core-simd-lstm.js');
	const { promise, resolve } = Promise.withResolvers<WasmMemory>();
	const quiet = () => undefined;
	const core = await start({
		instantiateWasm(imports, done) {
			const instance = new Instance(module, imports);
			const memory = Object.values(instance.exports).find((one) => one instanceof Memory);
			if (memory === undefined) throw new Error('the program shows no memory');
			resolve(memory);
			done(instance, module);
		},
		print: quiet,
		printErr: quiet,
	});
	return { core, memory: await promise };
}

function canStart(recogniser: Recogniser, languages: readonly LanguageData[]): boolean {
	try {
		return recogniser.Init('/', languages.map(({ name }) => name).join('+'), NEURAL) === 0;
	} catch {
		return false;
	}
}

function recogniseWith(
	{ FS }: Core,
	recogniser: Recogniser,
	{ bytes, orientation = 1, dpi }: Picture,
): ReturnType<OcrEngine['recognise']> {
	FS.writeFile(INPUT, bytes);
	try {
		if (recogniser.SetImageFile(orientation, 0) !== 0) return 'damaged';
		if (dpi !== undefined) recogniser.SetSourceResolution(dpi);
		// A picture that found no memory counts as none that was ever given.
		if (recogniser.Recognize(null) !== 0) return 'too-large';
		return { text: recogniser.GetUTF8Text(), confidence: recogniser.MeanTextConf() };
	} finally {
		FS.unlink(INPUT);
		recogniser.Clear();
	}
}

const programFile = () =>
	packedFile('ocr/tesseract-core-simd-lstm.wasm') ??
	createRequire(import.meta.url).resolve('tesseract.js-core/tesseract-core-simd-lstm.wasm');
