import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createConsumer, createHandHints, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The real disk, on which some paths fail with a code; a directory that fails hides what is below it. */
function faultyDisk() {
	const faults = new Map<string, string>();
	const check = (path: string) => {
		for (const [prefix, code] of faults) {
			if (path === prefix || path.startsWith(`${prefix}/`))
				throw Object.assign(new Error('made to fail'), { code });
		}
	};
	const disk: Disk = {
		list: async (dir) => (check(dir), nodeDisk.list(dir)),
		stat: async (path) => (check(path), nodeDisk.stat(path)),
		find: async (root, relPath) => (check(join(root, relPath)), nodeDisk.find(root, relPath)),
		checkRoot: async (dir) => (check(dir), nodeDisk.checkRoot(dir)),
		open: async (path) => (check(path), nodeDisk.open(path)),
	};
	return { disk, faults };
}

describe('watch engine: what cannot be read is never taken as deleted', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('holds everything while the root is gone, and goes on when it is back', async () => {
		const parent = await temp.make();
		const dir = join(parent, 'root');
		await mkdir(dir);
		for (const name of ['a', 'b', 'c']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const armed: string[] = [];
		const hints = createHandHints();
		const engine = await start(dir, consumer, {
			hints: (root) => (armed.push(root.dir), hints.factory(root)),
		});
		await engine.idle();
		consumer.news();
		// One is in its grace when the root goes: that must not slip through either.
		await unlink(join(dir, 'a'));
		await engine.scanNow();
		await rename(dir, join(parent, 'away'));
		await engine.scanNow();
		for (const name of ['a', 'b', 'c']) hints.file(name);
		await until(() => engine.status().roots[0]?.pending === 0);
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
		assert.deepEqual(engine.status().roots[0]?.unreadable, [{ relPath: '', reason: 'ENOENT' }]);
		const { verifiedAt } = engine.status().roots[0] ?? assert.fail();
		await rename(join(parent, 'away'), dir);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted a']);
		assert.ok((engine.status().roots[0]?.verifiedAt ?? '') > (verifiedAt ?? ''));
		assert.equal(armed.length, 2, 'the watcher is set anew');
	});

	it('starts without its root, and takes it in when it comes', async () => {
		const dir = join(await temp.make(), 'root');
		const state = newState();
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { state });
		await engine.idle();
		assert.equal(engine.status().roots[0]?.verifiedAt, null);
		await mkdir(dir);
		await writeFile(join(dir, 'a'), 'a');
		await engine.idle();
		await engine.close();
		await rm(dir, { recursive: true });
		const second = await start(dir, consumer, { state });
		await second.idle();
		assert.deepEqual(consumer.held(), { a: sha256('a') });
	});

	it('holds what is below a directory that cannot be read, and follows the rest', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'sub/deep'), { recursive: true });
		for (const path of ['sub/a', 'sub/deep/b', 'c', 'submarine']) await writeFile(join(dir, path), path);
		const { disk, faults } = faultyDisk();
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { disk, hints: hints.factory });
		await engine.idle();
		consumer.news();
		faults.set(join(dir, 'sub'), 'EACCES');
		hints.file('sub/a');
		await unlink(join(dir, 'submarine'));
		await writeFile(join(dir, 'c'), 'new');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed c', 'deleted submarine']);
		assert.deepEqual(engine.status().roots[0]?.unreadable, [{ relPath: 'sub', reason: 'EACCES' }]);
		faults.clear();
		await unlink(join(dir, 'sub/deep/b'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted sub/deep/b']);
		assert.deepEqual(engine.status().roots[0]?.unreadable, []);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('parks a file that cannot be opened, does not wait for it, and tries it at the next full scan', async () => {
		const dir = await temp.make();
		for (const name of ['a', 'b']) await writeFile(join(dir, name), name);
		const { disk, faults } = faultyDisk();
		let opened = 0;
		const open: Disk['open'] = (path) => (path.endsWith('a') && (opened += 1), disk.open(path));
		faults.set(join(dir, 'a'), 'EACCES');
		const statOnly: Disk = { ...disk, open, stat: nodeDisk.stat, find: nodeDisk.find };
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk: statOnly });
		await engine.idle();
		const seen = opened;
		await engine.idle();
		assert.equal(opened, seen, 'waiting for idle must not read it again');
		assert.deepEqual(consumer.news(), ['created b']);
		assert.deepEqual(engine.status().roots[0]?.skipped, [
			{ relPath: 'a', reason: 'it cannot be read (EACCES)' },
		]);
		assert.equal(engine.status().roots[0]?.verifiedAt, null);
		faults.clear();
		await engine.scanNow();
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
	});

	it('forgets a parked file that went', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'a');
		const { disk, faults } = faultyDisk();
		faults.set(join(dir, 'a'), 'EIO');
		const engine = await start(dir, createConsumer(), {
			disk: { ...disk, stat: nodeDisk.stat, find: nodeDisk.find },
		});
		await engine.idle();
		await unlink(join(dir, 'a'));
		await engine.idle();
		await engine.idle();
		assert.equal(engine.explain('a').phase, null);
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
	});
});

describe('watch engine: what is no plain file', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('never opens pipes, sockets, devices and links, and names them', async () => {
		const dir = await temp.make();
		const target = await temp.make();
		await writeFile(join(target, 'secret'), 'x');
		execFileSync('mkfifo', [join(dir, 'pipe')]);
		const server = createServer().listen(join(dir, 'socket'));
		await new Promise((resolve) => server.once('listening', resolve));
		await symlink(target, join(dir, 'link-to-dir'));
		await symlink(join(target, 'secret'), join(dir, 'link-to-file'));
		await symlink(dir, join(dir, 'loop'));
		await symlink('/nowhere', join(dir, 'broken'));
		await writeFile(join(dir, 'a'), 'a');
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		for (const name of ['pipe', 'socket', 'link-to-file', 'link-to-dir/secret', 'loop/a']) hints.file(name);
		await engine.idle();
		server.close();
		assert.deepEqual(consumer.news(), ['created a']);
		const skipped = engine
			.status()
			.roots[0]?.skipped.map((it) => `${it.relPath}: ${it.reason}`)
			.sort();
		assert.deepEqual(skipped, [
			'broken: symbolic link',
			'link-to-dir: symbolic link',
			'link-to-file: symbolic link',
			'loop: symbolic link',
			'pipe: not a regular file',
			'socket: not a regular file',
		]);
	});

	it('takes a file as gone that was replaced by a link, or whose directory was', async () => {
		const dir = await temp.make();
		const outside = await temp.make();
		await mkdir(join(dir, 'sub'));
		for (const path of ['sub/a', 'b']) await writeFile(join(dir, path), path);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		await rename(join(dir, 'sub'), join(outside, 'sub'));
		await symlink(join(outside, 'sub'), join(dir, 'sub'));
		await rename(join(dir, 'b'), join(outside, 'b'));
		await symlink(join(outside, 'b'), join(dir, 'b'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted b', 'deleted sub/a']);
	});

	it('names what it cannot name to the consumer, and takes all else', async () => {
		const dir = await temp.make();
		const raw = (bytes: number[]) => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(bytes)]);
		await writeFile(raw([0x61, 0xff, 0x62]), 'not UTF-8');
		await mkdir(raw([0xfe]));
		await writeFile(Buffer.concat([raw([0xfe]), Buffer.from('/inner')]), 'below it');
		await writeFile(join(dir, 'real \uFFFD'), 'the character itself');
		await writeFile(join(dir, '\uFEFFbom'), 'a byte order mark');
		await writeFile(join(dir, 'line\nbreak'), 'x');
		await writeFile(join(dir, 'x'.repeat(255)), '255 bytes');
		const deep = join(dir, ...Array<string>(5).fill('d'.repeat(210)));
		await mkdir(deep, { recursive: true });
		await writeFile(join(deep, 'f'), 'x');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		assert.deepEqual(
			Object.keys(consumer.held()).sort(),
			['real \uFFFD', 'x'.repeat(255), '\uFEFFbom'].sort(),
		);
		const reasons = engine
			.status()
			.roots[0]?.skipped.map((it) => it.reason)
			.sort();
		assert.deepEqual(reasons, [
			'the name holds control characters',
			'the name is not UTF-8',
			'the name is not UTF-8',
			'the path is longer than 1024 bytes',
		]);
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
	});

	it('keeps names apart that differ only in case or Unicode form', async () => {
		const dir = await temp.make();
		for (const name of ['é', 'e\u0301', 'É']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		await rename(join(dir, 'É'), join(dir, 'Ê'));
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(Object.keys(consumer.held()).length, 3);
	});
});
