/** What is used of Tesseract as WebAssembly; the package has no types. */
declare module 'tesseract.js-core/tesseract-core-simd-lstm.js' {
	export interface WasmMemory {
		/** Another one whenever it has grown. */
		readonly buffer: ArrayBuffer;
	}
	interface Options {
		/** Calls `done` with an instance of the program and its module. */
		instantiateWasm(imports: object, done: (instance: object, module: object) => void): void;
		print(text: string): void;
		printErr(text: string): void;
	}
	export interface Recogniser {
		/** 0 where the languages' data could be loaded. `engine`: 1 is the one of neural networks. */
		Init(folder: string, languages: string, engine: number): number;
		SetVariable(name: string, value: string): boolean;
		SetPageSegMode(mode: number): void;
		/** Reads `/input`; 0 where it is a picture. `orientation`: as EXIF counts. */
		SetImageFile(orientation: number, angle: number): number;
		SetSourceResolution(dotsAnInch: number): void;
		/** 0 where it came to its end. */
		Recognize(monitor: null): number;
		GetUTF8Text(): string;
		/** Of all words, 0 to 100. */
		MeanTextConf(): number;
		/** Forgets the picture and what was found on it. */
		Clear(): void;
	}
	export interface Core {
		readonly FS: { writeFile(path: string, data: Uint8Array): void; unlink(path: string): void };
		readonly TessBaseAPI: new () => Recogniser;
	}
	export default function load(options: Options): Promise<Core>;
}
