/**
 * Squared distances between vectors of bytes, whole numbers without rounding, by the SIMD of WebAssembly: it runs wherever
 * Node does. For vector-blocks.ts, in whose memory everything lies.
 */
import { distanceProgram } from './distance-program.ts';

export interface WasmMemory {
	/** Another one after each `grow`. */
	readonly buffer: ArrayBuffer;
	/** Throws where there are more than the most pages, or the system has none. */
	grow(pages: number): number;
}

/** Addresses are bytes from the start of the memory; tools/distances.wat says what lies there. */
export type Distances = (query: number, row: number, count: number, stride: number, into: number) => void;

/** What is used of WebAssembly, whose types come with those of browsers. */
interface Wasm {
	readonly Module: new (program: Uint8Array) => object;
	readonly Instance: new (module: object, imports: object) => { readonly exports: object };
	readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory;
}

export function openKernel(mostPages: number): {
	readonly memory: WasmMemory;
	readonly distances: Distances;
} {
	const { Module, Instance, Memory } = (globalThis as object as { readonly WebAssembly: Wasm }).WebAssembly;
	const memory = new Memory({ initial: 1, maximum: mostPages });
	const program = new Module(Buffer.from(distanceProgram, 'base64'));
	const { exports } = new Instance(program, { index: { memory } });
	return { memory, ...(exports as { readonly distances: Distances }) };
}
