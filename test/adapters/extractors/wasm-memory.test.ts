import assert from 'node:assert/strict';
import { withMemoryLimit } from '../../../api/adapters/extractors/wasm-memory.ts';

const PAGE = 65_536;
/** A program of nothing but one page of memory, which it exports. */
const program = (limits: readonly number[]) =>
	Buffer.from([
		...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
		...[5, limits.length + 1, 1, ...limits],
		...[7, 5, 1, 1, 0x6d, 2, 0],
	]);

interface Memory {
	/** By so many pages. Throws RangeError above the maximum. */
	grow(pages: number): void;
}
/** Node's own types know no more of it than that it is there. */
const { Module, Instance } = (globalThis as object as { WebAssembly: Wasm }).WebAssembly;
interface Wasm {
	readonly Module: new (bytes: Uint8Array) => object;
	readonly Instance: new (module: object) => { readonly exports: { readonly m: Memory } };
}
const memoryOf = (bytes: Uint8Array): Memory => new Instance(new Module(bytes)).exports.m;

describe('a limit of WebAssembly memory', () => {
	for (const [what, limits] of [
		['has no maximum', [0, 1]],
		['has a large one', [1, 1, 0x80, 0x80, 2]],
	] as const) {
		it(`holds for a program that ${what}`, () => {
			const memory = memoryOf(withMemoryLimit(program(limits), 200 * PAGE));
			memory.grow(199);
			assert.throws(() => memory.grow(1), RangeError);
		});
	}

	it('raises none that is smaller', () => {
		const memory = memoryOf(withMemoryLimit(program([1, 1, 3]), 200 * PAGE));
		memory.grow(2);
		assert.throws(() => memory.grow(1), RangeError);
	});

	it('is refused where a program begins with more, or has no memory', () => {
		assert.throws(() => withMemoryLimit(program([0, 5]), 4 * PAGE), /limited to 4 pages/);
		assert.throws(() => withMemoryLimit(program([0, 1]).subarray(0, 8), 4 * PAGE), /no memory/);
	});
});
