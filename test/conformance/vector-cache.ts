/** The promises of ports/vector-cache.ts, run on every adapter. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { VectorCache } from '../../api/ports/vector-cache.ts';

export interface VectorCacheFixture {
	/** A cache over what the one before left. The suite closes it. */
	open(): Promise<VectorCache>;
	dispose(): Promise<void>;
}

const keyOf = (name: string) => createHash('sha256').update(name).digest('base64');
const entry = (name: string, ...numbers: number[]) => ({
	key: keyOf(name),
	vector: new Float32Array(numbers),
});

export function vectorCacheConformance(name: string, create: () => Promise<VectorCacheFixture>): void {
	describe(`${name} keeps the promises of a vector cache`, () => {
		let fixture: VectorCacheFixture;
		let cache: VectorCache;
		beforeEach(async () => {
			fixture = await create();
			cache = await fixture.open();
		});
		afterEach(async () => {
			await cache.close();
			await fixture.dispose();
		});
		const find = (...names: string[]) => cache.find(names.map(keyOf));

		it('1. finds what was kept last, in order, and nothing else', async () => {
			assert.deepEqual(await find('a', 'b'), [undefined, undefined]);
			cache.keep([entry('a', 1, -0.25), entry('b', 3e-39, 4)]);
			cache.keep([entry('a', 0.1, 7)]);
			assert.deepEqual(await find('b', 'c', 'a', 'b'), [
				new Float32Array([3e-39, 4]),
				undefined,
				new Float32Array([0.1, 7]),
				new Float32Array([3e-39, 4]),
			]);
			assert.deepEqual(await find(), []);
		});

		it('4. has after an orderly end what was kept before it, parts of larger buffers alike', async () => {
			const whole = new Float32Array([1, 2, 3, 4, 5, 6]);
			cache.keep([{ key: keyOf('part'), vector: whole.subarray(2, 4) }]);
			await cache.close();
			cache = await fixture.open();
			assert.deepEqual(await find('part'), [new Float32Array([3, 4])]);
		});
	});
}
