import assert from 'node:assert/strict';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import {
	compareRoots,
	mountsBelow,
	mountsOf,
	rootIdText,
	withMounts,
} from '../../../nodes/watch/root-identity.ts';
import type { WatchEngine } from '../../../nodes/watch/watch-engine.ts';
import { createConsumer, createHandHints, engines, newState, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('the identity of a root', () => {
	const known = { dev: 8n, ino: 77n, birthNs: 5n, realPath: '/in' };

	it('is the same, another one, or nobody knows', () => {
		const cases: [now: Partial<typeof known>, before: Partial<typeof known>, what: string][] = [
			[{}, {}, 'same'],
			// Moved, called otherwise, or mounted a second time.
			[{ realPath: '/elsewhere' }, {}, 'same'],
			// Made anew, with the number of the old one.
			[{ birthNs: 6n }, {}, 'other'],
			[{ ino: 78n }, {}, 'other'],
			// The mount point below a disk, or another disk.
			[{ dev: 9n }, {}, 'other'],
			[{ dev: 9n, ino: 2n, birthNs: 0n }, { birthNs: 0n }, 'other'],
			// A file system that knows no time of birth: every disk of it begins with the same inode.
			[{ birthNs: 0n }, { birthNs: 0n }, 'unsure'],
			[{ birthNs: 0n }, {}, 'unsure'],
			[{}, { birthNs: 0n }, 'unsure'],
			[{ birthNs: 0n, realPath: '/elsewhere' }, { birthNs: 0n }, 'other'],
		];
		for (const [now, before, what] of cases) {
			const texts = [before, now].map((part) => rootIdText({ ...known, ...part })) as [string, string];
			assert.equal(compareRoots(...texts), what, texts.join(' '));
		}
	});

	it('is not taken from a text that holds none', () => {
		assert.equal(compareRoots('77', rootIdText(known)), 'unsure');
	});

	it('holds the disks below the root, which make it no other one', () => {
		const text = rootIdText(
			known,
			mountsBelow('/in', ['/', '/in', '/in/b c', '/in/a', '/inside', '/elsewhere']),
		);
		assert.deepEqual(mountsOf(text), ['a', 'b c']);
		assert.equal(compareRoots(text, rootIdText(known)), 'same');
		assert.deepEqual(mountsOf(withMounts(text, ['z', 'y'])), ['y', 'z']);
		assert.equal(compareRoots(withMounts(text, []), text), 'same');
		assert.deepEqual(mountsOf('77'), []);
		assert.deepEqual(mountsBelow('/', ['/', '/in']), ['in']);
	});

	it('takes any path', () => {
		const odd = rootIdText({ ...known, birthNs: 0n, realPath: '/a:b\n/c' });
		assert.equal(compareRoots(odd, odd), 'unsure');
		assert.equal(compareRoots(odd, rootIdText({ ...known, birthNs: 0n, realPath: '/a:b\n/d' })), 'other');
	});
});

describe('a root that is another directory than before', () => {
	const { start } = engines();
	const temp = tempDirs();
	const root = (engine: WatchEngine) => engine.status().roots[0] ?? assert.fail();

	/** A root of these files, all of them delivered, on a disk whose words on the root's identity can be changed. */
	async function known(files: readonly string[], says: Partial<Awaited<ReturnType<Disk['identify']>>> = {}) {
		const parent = await temp.make();
		const dir = join(parent, 'root');
		await mkdir(dir);
		for (const name of files) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const state = newState();
		const during = { list: async () => {} };
		const disk: Disk = {
			...nodeDisk,
			identify: async (path) => ({ ...(await nodeDisk.identify(path)), ...says }),
			list: async (path) => (await during.list(), nodeDisk.list(path)),
		};
		const hints = createHandHints();
		const engine = await start(dir, consumer, { disk, state, hints: hints.factory });
		await engine.idle();
		await engine.scanNow();
		consumer.news();
		return { parent, dir, consumer, engine, disk, state, during, hints };
	}

	it('with the inode number of the old one: what is gone is held, and goes on when it is back', async () => {
		const { parent, dir, consumer, engine } = await known(['a', 'b', 'c'], { dev: 1n, ino: 2n });
		await rename(dir, join(parent, 'aside'));
		await mkdir(dir);
		await engine.idle();
		assert.match(root(engine).held?.reason ?? '', /another one than before, and all 3 files/);
		assert.deepEqual(consumer.news(), []);
		await rm(dir, { recursive: true });
		await rename(join(parent, 'aside'), dir);
		await engine.idle();
		assert.equal(root(engine).held, null);
		assert.deepEqual(consumer.news(), []);
	});

	it('with files of its own, which are met and told before the old ones are missed', async () => {
		const { parent, dir, consumer, engine, during } = await known(['a', 'b', 'c']);
		await rename(dir, join(parent, 'aside'));
		await mkdir(dir);
		for (const name of ['x', 'y']) await writeFile(join(dir, name), name);
		// The walk does not end before the new files were delivered.
		let isListed = false;
		during.list = async () => {
			if (isListed) await until(() => consumer.all.length === 2);
			isListed = true;
		};
		await mkdir(join(dir, 'sub'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created x', 'created y']);
		assert.match(root(engine).held?.reason ?? '', /another one than before, and all 3 files/);
	});

	it('where one of its files is there: it is the folder, moved, and what else is gone was deleted', async () => {
		const { parent, dir, consumer, engine } = await known(['a', 'b', 'c']);
		await rename(dir, join(parent, 'aside'));
		await mkdir(dir);
		await writeFile(join(dir, 'a'), 'a');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted b', 'deleted c']);
		assert.equal(root(engine).held, null);
	});

	it('and took its place while a scan went over it: the next scan decides', async () => {
		const { parent, dir, consumer, engine, during } = await known(['a', 'b', 'c']);
		during.list = async () => {
			during.list = async () => {};
			await rename(dir, join(parent, 'aside'));
			await mkdir(dir);
		};
		await engine.idle();
		assert.match(root(engine).held?.reason ?? '', /another one than before/);
		assert.deepEqual(consumer.news(), []);
	});

	it('or of which nobody can tell: all at once are held, the last one of them is not', async () => {
		const unsure = { dev: 1n, ino: 1n, birthNs: 0n };
		const { dir, consumer, engine } = await known(['a', 'b', 'c'], unsure);
		for (const name of ['a', 'b', 'c']) await unlink(join(dir, name));
		await engine.idle();
		assert.match(root(engine).held?.reason ?? '', /all 3 files are gone at once/);
		assert.deepEqual(consumer.news(), []);
		for (const name of ['a', 'b', 'c']) await writeFile(join(dir, name), name);
		await engine.idle();
		assert.equal(root(engine).held, null);
		consumer.news();
		for (const name of ['a', 'b', 'c']) {
			await unlink(join(dir, name));
			await engine.idle();
		}
		assert.deepEqual(consumer.news(), ['deleted a', 'deleted b', 'deleted c']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('is none that a person empties, file by file or at once', async () => {
		for (const files of [['a'], ['a', 'b', 'c']]) {
			const { dir, consumer, engine } = await known(files);
			for (const name of files) await unlink(join(dir, name));
			await engine.idle();
			assert.equal(consumer.news().length, files.length);
			assert.equal(root(engine).held, null);
		}
	});
});

describe('a disk that is mounted below a root', () => {
	const { start } = engines();
	const temp = tempDirs();

	/** Two files in the root, three on the disk. */
	async function known() {
		const dir = await temp.make();
		const aside = join(await temp.make(), 'disk');
		await mkdir(join(dir, 'sub/disk'), { recursive: true });
		for (const path of ['a', 'b', 'sub/disk/1', 'sub/disk/2', 'sub/disk/3'])
			await writeFile(join(dir, path), path);
		const mounted = { paths: ['/', dir, join(dir, 'sub/disk')] };
		const disk: Disk = { ...nodeDisk, mountPoints: async () => mounted.paths };
		const consumer = createConsumer();
		const state = newState();
		const hints = createHandHints();
		const over = { disk, state, hints: hints.factory };
		const engine = await start(dir, consumer, over);
		await engine.idle();
		await engine.scanNow();
		consumer.news();
		const unmount = async () => {
			await rename(join(dir, 'sub/disk'), aside);
			await mkdir(join(dir, 'sub/disk'));
			mounted.paths = ['/', dir];
		};
		const mount = async () => {
			await rm(join(dir, 'sub/disk'), { recursive: true });
			await rename(aside, join(dir, 'sub/disk'));
			mounted.paths = ['/', dir, join(dir, 'sub/disk')];
		};
		return { dir, consumer, engine, hints, over, unmount, mount };
	}
	const unreadable = (engine: WatchEngine) => engine.status().roots[0]?.unreadable;

	it('takes none of its files with it when it is unmounted, whoever noticed first, over a start as well', async () => {
		const { dir, consumer, engine, hints, over, unmount, mount } = await known();
		await unmount();
		for (const name of ['1', '2', '3']) hints.file(`sub/disk/${name}`);
		await unlink(join(dir, 'a'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted a']);
		assert.deepEqual(unreadable(engine), [{ relPath: 'sub/disk', reason: 'unmounted' }]);
		await engine.close();
		const second = await start(dir, consumer, over);
		await second.idle();
		await writeFile(join(dir, 'b'), 'edited');
		await second.idle();
		assert.deepEqual(consumer.news(), ['changed b']);
		await mount();
		await unlink(join(dir, 'sub/disk/2'));
		await second.idle();
		assert.deepEqual(consumer.news(), ['deleted sub/disk/2']);
		assert.deepEqual(unreadable(second), []);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('takes them with it when a person says so', async () => {
		const { dir, consumer, engine, unmount } = await known();
		await unmount();
		await engine.idle();
		assert.equal(engine.release(), 3);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.deepEqual(unreadable(engine), []);
		assert.equal(engine.release(), 0);
	});

	it('is missed by nobody where no file on it is known', async () => {
		const { dir, consumer, engine, unmount } = await known();
		for (const name of ['1', '2', '3']) await unlink(join(dir, 'sub/disk', name));
		await engine.idle();
		consumer.news();
		await unmount();
		await engine.idle();
		assert.deepEqual(unreadable(engine), []);
		assert.deepEqual(consumer.news(), []);
	});

	it('is found by the machine itself', async () => {
		const points = await nodeDisk.mountPoints();
		if (process.platform === 'linux') assert.ok(points.includes('/proc'), String(points));
		for (const path of points) assert.ok(path.startsWith('/'), path);
	});
});
