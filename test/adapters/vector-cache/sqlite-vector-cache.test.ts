import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openCacheFile } from '../../../api/adapters/vector-cache/cache-file.ts';
import { openVectorCache } from '../../../api/adapters/vector-cache/sqlite-vector-cache.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { vectorCacheConformance } from '../../conformance/vector-cache.ts';

const megabyte = 1_048_576;
const keyOf = (name: string) => createHash('sha256').update(name).digest('base64');
const hour = 3_600_000;

function open(dir: string, lost: unknown[] = [], maxMemoryBytes = megabyte) {
	const onLost = (cause: unknown) => void lost.push(cause);
	return openVectorCache({ dir, maxBytes: 8 * megabyte, maxMemoryBytes, clock: systemClock, onLost });
}

for (const [name, maxMemoryBytes] of [
	['the vector cache in SQLite', megabyte],
	['the vector cache in SQLite, with hardly any memory', 300],
] as const) {
	vectorCacheConformance(name, async () => {
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-vectors-'));
		return {
			open: async () => open(dir, [], maxMemoryBytes),
			dispose: () => rm(dir, { recursive: true, force: true }),
		};
	});
}

describe('the vector cache in SQLite', () => {
	let dir: string;
	beforeEach(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-vectors-'));
	});
	afterEach(() => rm(dir, { recursive: true, force: true }));
	const size = async () => {
		const names = await readdir(dir);
		const sizes = await Promise.all(names.map(async (one) => (await stat(join(dir, one))).size));
		return sizes.reduce((sum, bytes) => sum + bytes, 0);
	};

	for (const dimensions of [2, 384, 1_536, 8_192]) {
		it(`2. and 3. stays below its bound with ${dimensions} numbers, and what was used last stays`, async () => {
			const maxBytes = 2 * megabyte;
			const cache = openCacheFile(join(dir, 'vectors.db'), maxBytes);
			const vector = new Float32Array(dimensions).fill(0.5);
			const perCall = Math.ceil(200_000 / (dimensions * 4 + 200));
			cache.keep([{ key: keyOf('used'), vector }], 0);
			let count = 0;
			for (let call = 1; call <= 40; call += 1) {
				assert.ok(cache.find([keyOf('used')], call * hour)[0] !== undefined, `call ${call}`);
				const entries = Array.from({ length: perCall }, () => ({ key: keyOf(`n${(count += 1)}`), vector }));
				cache.keep(entries, call * hour);
				assert.ok(cache.bytes() <= maxBytes);
			}
			assert.equal(cache.find([keyOf('n1')], 41 * hour)[0], undefined, 'the oldest is gone');
			assert.ok(cache.find([keyOf(`n${count}`)], 41 * hour)[0] !== undefined, 'the newest is there');
			cache.close();
			const onDisk = await size();
			assert.ok(onDisk < maxBytes * 1.25, `${onDisk} bytes on disk`);
			assert.ok(onDisk > maxBytes * 0.6, `${onDisk} bytes on disk: the bound is used`);
		});
	}

	it('shrinks at once where the bound has become smaller', async () => {
		const file = join(dir, 'vectors.db');
		const wide = openCacheFile(file, 8 * megabyte);
		const vector = new Float32Array(1_536);
		wide.keep(
			Array.from({ length: 1_000 }, (_, n) => ({ key: keyOf(`n${n}`), vector })),
			0,
		);
		wide.close();
		assert.ok((await size()) > 6 * megabyte);
		openCacheFile(file, megabyte).close();
		assert.ok((await size()) < 1.5 * megabyte);
	});

	it('2. begins anew where its file is no cache, and tells nobody', async () => {
		await writeFile(
			join(dir, 'vectors.db'),
			'something else, long enough to be looked at as a database'.repeat(99),
		);
		const lost: unknown[] = [];
		const cache = open(dir, lost, 300);
		assert.deepEqual(await cache.find([keyOf('a')]), [undefined]);
		cache.keep([{ key: keyOf('a'), vector: new Float32Array([1, 2]) }]);
		assert.deepEqual(await cache.find([keyOf('a')]), [new Float32Array([1, 2])]);
		await cache.close();
		assert.deepEqual(lost, []);
	});

	it('2. begins anew where damage shows as late as at a row', async () => {
		const vector = new Float32Array(1_536).fill(1);
		const entries = Array.from({ length: 500 }, (_, n) => ({ key: keyOf(`n${n}`), vector }));
		const first = open(dir);
		first.keep(entries);
		await first.close();
		const file = join(dir, 'vectors.db');
		const bytes = (await stat(file)).size;
		const { open: openFile } = await import('node:fs/promises');
		const handle = await openFile(file, 'r+');
		for (let at = 32_768 * 20; at < bytes; at += 32_768) await handle.write(Buffer.alloc(64, 255), 0, 64, at);
		await handle.close();
		const cache = open(dir, [], 300);
		for (const { key } of entries) assert.ok([undefined, 1].includes((await cache.find([key]))[0]?.[0]));
		cache.keep(entries.slice(0, 3));
		const found = await cache.find(entries.slice(0, 3).map(({ key }) => key));
		assert.deepEqual(found, [vector, vector, vector]);
		await cache.close();
	});

	it('2. finds nothing and rejects nothing while another process holds its file, and says so once', async () => {
		const file = join(dir, 'vectors.db');
		openCacheFile(file, megabyte).close();
		const other = new DatabaseSync(file);
		other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
		const lost: unknown[] = [];
		const cache = open(dir, lost);
		assert.deepEqual(await cache.find([keyOf('a')]), [undefined]);
		cache.keep([{ key: keyOf('b'), vector: new Float32Array([1]) }]);
		assert.deepEqual(await cache.find([keyOf('b'), keyOf('a')]), [new Float32Array([1]), undefined]);
		await cache.close();
		other.close();
		assert.equal(lost.length, 1);
	});
});
