import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createNodeDisk, nodeDisk } from '../../nodes/watch/disk.ts';
import type { Reader, ReaderFactory } from '../../nodes/watch/reader/reader-port.ts';
import { tempDirs } from '../nodes/watch/temp-dirs.ts';

/** The promises of nodes/watch/reader/reader-port.ts that every adapter keeps, by their numbers. */
export function describeReader(name: string, factory: ReaderFactory): void {
	describe(`Reader ${name}`, () => {
		const made: Reader[] = [];
		afterEach(async () => {
			for (const reader of made.splice(0)) await reader.close();
		});
		const temp = tempDirs();
		async function create(followLinks = false): Promise<Reader> {
			const disk = createNodeDisk({ followLinks });
			const log = () => assert.fail('nothing to log');
			const reader = await factory({ disk, followLinks, clock: systemClock, log });
			made.push(reader);
			return reader;
		}

		it('1: finds what is there as the disk does', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'sub/deep'), { recursive: true });
			await writeFile(join(dir, 'sub/deep/a'), 'text');
			await writeFile(join(dir, 'b'), '');
			await symlink('sub', join(dir, 'link'));
			await symlink('b', join(dir, 'to-b'));
			for (const followLinks of [false, true]) {
				const reader = await create(followLinks);
				const disk = createNodeDisk({ followLinks });
				for (const relPath of ['sub/deep/a', 'b', 'sub', 'sub/deep', 'to-b']) {
					assert.deepEqual(
						(await reader.look(dir, relPath, null)).stat,
						await disk.find(dir, relPath),
						relPath,
					);
				}
				for (const [relPath, code] of [
					['none', 'ENOENT'],
					['sub/none/a', 'ENOENT'],
					['b/a', 'ENOTDIR'],
				] as const) {
					await assert.rejects(reader.look(dir, relPath, null), { code });
				}
			}
			await assert.rejects((await create(false)).look(dir, 'link/deep/a', null), { code: 'ENOENT' });
			assert.equal((await (await create(true)).look(dir, 'link/deep/a', null)).stat.size, 4);
		});

		it('2: gives both hashes of a file, whatever its size', async () => {
			const dir = await temp.make();
			const reader = await create();
			for (const size of [0, 3, 4096, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000]) {
				const content = Buffer.alloc(size, 'abc');
				await writeFile(join(dir, 'a'), content);
				const result = await reader.fingerprint(join(dir, 'a'), await nodeDisk.find(dir, 'a'), false);
				assert.ok(result.kind === 'content', `${size}: ${result.kind}`);
				assert.equal(result.content.size, size);
				assert.equal(result.content.sha256, createHash('sha256').update(content).digest('hex'));
				if (size === 3) assert.equal(result.content.xxh64, '44bc2cf5ad770999');
				if (size === 0) assert.equal(result.content.xxh64, 'ef46db3751d8e999');
			}
		});

		it('2: says of what changed that it is unstable, of what went that it is gone', async () => {
			const dir = await temp.make();
			const path = join(dir, 'a');
			await writeFile(path, 'one');
			const before = await nodeDisk.find(dir, 'a');
			const reader = await create();
			const others = [{ size: 2 }, { size: 4 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { ino: 1n }, { dev: 1n }];
			for (const other of others) {
				assert.deepEqual(await reader.fingerprint(path, { ...before, ...other }, false), {
					kind: 'unstable',
				});
			}
			assert.equal((await reader.fingerprint(path, before, false)).kind, 'content');
			await rm(path);
			assert.deepEqual(await reader.fingerprint(path, before, false), { kind: 'gone' });
		});

		it('2: reads nothing that took the place of a file, and waits for none of it', async () => {
			const dir = await temp.make();
			const path = join(dir, 'a');
			await writeFile(path, 'one');
			const before = await nodeDisk.find(dir, 'a');
			await rename(path, join(dir, 'kept'));
			for (const followLinks of [false, true]) {
				const reader = await create(followLinks);
				for (const put of [
					() => mkdir(path),
					() => execFileSync('mkfifo', [path]),
					() => symlink('/dev/zero', path),
					() => symlink('/etc/hostname', path),
					() => writeFile(path, 'two'),
				]) {
					await put();
					assert.deepEqual(await reader.fingerprint(path, before, false), { kind: 'unstable' });
					await rm(path, { recursive: true });
				}
			}
		});

		it('2: reads at a look only what is as expected, and says of it what a fingerprint says', async () => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a'), 'abc');
			await symlink('a', join(dir, 'link'));
			const before = await nodeDisk.find(dir, 'a');
			const reader = await create();
			const { fingerprint } = await reader.look(dir, 'a', before);
			assert.deepEqual(fingerprint ?? (await reader.fingerprint(join(dir, 'a'), before, false)), {
				kind: 'content',
				content: {
					size: 3,
					xxh64: '44bc2cf5ad770999',
					sha256: createHash('sha256').update('abc').digest('hex'),
				},
			});
			for (const other of [{ size: 2 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { ino: 1n }]) {
				const found = await reader.look(dir, 'a', { ...before, ...other });
				assert.deepEqual(found, { stat: before, fingerprint: null });
			}
			assert.equal((await reader.look(dir, 'link', before)).fingerprint, null);
		});

		it('2: opens a link only where links are followed', async () => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a'), 'one');
			await symlink('a', join(dir, 'link'));
			const before = await nodeDisk.find(dir, 'a');
			const path = join(dir, 'link');
			assert.deepEqual(await (await create(false)).fingerprint(path, before, false), { kind: 'unstable' });
			assert.equal((await (await create(true)).fingerprint(path, before, false)).kind, 'content');
		});

		it('2: reads a file as it is that never stands still: no more than it had, and what it is cut to', async () => {
			const dir = await temp.make();
			const path = join(dir, 'a');
			const reader = await create();
			for (const size of [3, 1024 * 1024, 3_000_000]) {
				await writeFile(path, Buffer.alloc(size, 'abc'));
				const before = await nodeDisk.find(dir, 'a');
				for (const now of [size + 5, size - 2]) {
					const content = Buffer.alloc(now, 'abc');
					await writeFile(path, content);
					assert.deepEqual(await reader.fingerprint(path, before, false), { kind: 'unstable' });
					const read = await reader.fingerprint(path, before, true);
					const expected = content.subarray(0, size);
					assert.ok(read.kind === 'content');
					assert.deepEqual(
						[read.content.size, read.content.sha256],
						[expected.length, createHash('sha256').update(expected).digest('hex')],
					);
				}
			}
		});

		it('3: answers many questions at once, each with its own answer, and none from before it was asked', async () => {
			const dir = await temp.make();
			const names = Array.from({ length: 300 }, (_, at) => `${at}`);
			for (const one of names) writeFileSync(join(dir, one), one);
			const reader = await create();
			const ask = async (one: string) => {
				const { stat } = await reader.look(dir, one, null);
				const { fingerprint } = await reader.look(dir, one, stat);
				const result = fingerprint ?? (await reader.fingerprint(join(dir, one), stat, false));
				return result.kind === 'content' ? result.content.sha256 : result.kind;
			};
			const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
			assert.deepEqual(await Promise.all(names.map(ask)), names.map(sha256));
			// The folder becomes a link to another one between two questions.
			mkdirSync(join(dir, 'sub'));
			writeFileSync(join(dir, 'sub/a'), '');
			await reader.look(dir, 'sub/a', null);
			renameSync(join(dir, 'sub'), join(dir, 'other'));
			symlinkSync('other', join(dir, 'sub'));
			await assert.rejects(reader.look(dir, 'sub/a', null), { code: 'ENOENT' });
		});

		it('4: answers what is asked while and after it is closed', async () => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a'), 'one');
			const reader = await create();
			const { stat: before } = await reader.look(dir, 'a', null);
			const asked = [reader.look(dir, 'a', null), reader.look(dir, 'a', before)];
			const read = reader.fingerprint(join(dir, 'a'), before, false);
			const lost = assert.rejects(reader.look(dir, 'none', null), { code: 'ENOENT' });
			await reader.close();
			for (const { stat } of await Promise.all(asked)) assert.deepEqual(stat, before);
			assert.equal((await read).kind, 'content');
			await lost;
			assert.deepEqual((await reader.look(dir, 'a', null)).stat, before);
			assert.equal((await reader.fingerprint(join(dir, 'a'), before, false)).kind, 'content');
			await reader.close();
		});
	});
}
