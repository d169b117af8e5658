import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, open, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { WatchEngine } from '../../../nodes/watch/watch-engine.ts';
import { createConsumer, createHandHints, engines, sha256, treeOf } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

const skippedBy = (engine: WatchEngine) =>
	engine
		.status()
		.roots[0]?.skipped.map((it) => `${it.relPath}: ${it.reason}`)
		.sort();

/** The numbers are those of the list of edge cases that the watch engine answers for; all on a real file system. */
describe('edge cases: names and links', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('13 NFC, NFD and case: names that look alike are files of their own', async () => {
		const dir = await temp.make();
		for (const name of ['é', 'e\u0301', 'É']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		await writeFile(join(dir, 'e\u0301'), 'only this one changed');
		await rename(join(dir, 'É'), join(dir, 'Ê'));
		await engine.idle();
		const tree = await treeOf(dir);
		assert.deepEqual(consumer.held(), tree);
		assert.equal(Object.keys(tree).length, 3);
	});

	it('14 names that are not UTF-8 are named and left, and the rest is taken', async () => {
		const dir = await temp.make();
		const raw = (bytes: number[]) => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(bytes)]);
		await writeFile(raw([0x61, 0xff, 0x62]), 'not UTF-8');
		await mkdir(raw([0xfe]));
		await writeFile(Buffer.concat([raw([0xfe]), Buffer.from('/inner')]), 'below it');
		await writeFile(join(dir, 'real \uFFFD'), 'the character itself');
		await writeFile(join(dir, '\uFEFFbom'), 'a byte order mark');
		await writeFile(join(dir, 'line\nbreak'), 'x');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		assert.deepEqual(Object.keys(consumer.held()).sort(), ['real \uFFFD', '\uFEFFbom'].sort());
		assert.deepEqual(skippedBy(engine), [
			'a\uFFFDb: the name is not UTF-8',
			'line\nbreak: the name holds control characters',
			'\uFFFD: the name is not UTF-8',
		]);
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
	});

	it('21 hard links: each name is a document, an edit through one is an edit of all', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		await link(join(dir, 'a'), join(dir, 'b'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created a', 'created b'], 'the first name is still there: no move');
		await writeFile(join(dir, 'b'), 'two');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed a', 'changed b']);
		await unlink(join(dir, 'a'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted a']);
		assert.deepEqual(consumer.held(), { b: sha256('two') });
	});

	it('22 symbolic links: to a file, to a folder, in a circle, to nowhere: named, never followed', async () => {
		const dir = await temp.make();
		const target = await temp.make();
		await writeFile(join(target, 'secret'), 'x');
		await symlink(target, join(dir, 'link-to-dir'));
		await symlink(join(target, 'secret'), join(dir, 'link-to-file'));
		await symlink(dir, join(dir, 'loop'));
		await symlink('/nowhere', join(dir, 'broken'));
		await writeFile(join(dir, 'a'), 'a');
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		for (const name of ['link-to-file', 'link-to-dir/secret', 'loop/a', 'broken']) hints.file(name);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created a']);
		const links = ['broken', 'link-to-dir', 'link-to-file', 'loop'];
		assert.deepEqual(
			skippedBy(engine),
			links.map((name) => `${name}: symbolic link`),
		);
	});

	it('22 symbolic links: a file is gone that was replaced by one, or whose folder was', async () => {
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
});

describe('edge cases: what is no plain file, and plain files that are odd', () => {
	const { start } = engines();
	const temp = tempDirs();

	/** A folder with the file `a`, and what `make` puts beside it under `name`. */
	async function beside(name: string, make: (path: string) => Promise<unknown>) {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'a');
		await make(join(dir, name));
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		hints.file(name);
		await engine.idle();
		return { dir, consumer, engine };
	}

	it('FIFO: never opened, because that could wait for ever', async () => {
		const fifo = async (path: string) => execFileSync('mkfifo', [path]);
		const { consumer, engine } = await beside('pipe', fifo);
		assert.deepEqual(consumer.news(), ['created a']);
		assert.deepEqual(skippedBy(engine), ['pipe: not a regular file']);
	});

	it('socket: never opened', async () => {
		const server = createServer();
		const listen = async (path: string) => new Promise<void>((resolve) => server.listen(path, resolve));
		const { consumer, engine } = await beside('socket', listen);
		server.close();
		assert.deepEqual(consumer.news(), ['created a']);
		assert.deepEqual(skippedBy(engine), ['socket: not a regular file']);
	});

	it('device: never opened', async function () {
		const mknod = async (path: string) => execFileSync('mknod', [path, 'c', '1', '5'], { stdio: 'ignore' });
		// Only root may make one.
		const made = await beside('zero', mknod).catch(() => null);
		if (made === null) return this.skip();
		assert.deepEqual(made.consumer.news(), ['created a']);
		assert.deepEqual(skippedBy(made.engine), ['zero: not a regular file']);
	});

	it('sparse file: its size is what it says, its holes are zeros', async () => {
		const bytes = 4 * 1024 * 1024;
		const { consumer } = await beside('sparse', async (path) => {
			const file = await open(path, 'w');
			await file.truncate(bytes);
			await file.write('x', bytes / 2);
			await file.close();
		});
		const expected = Buffer.alloc(bytes);
		expected.write('x', bytes / 2);
		assert.equal(consumer.held()['sparse'], sha256(expected));
	});

	it('names of 255 bytes are taken, to the last byte', async () => {
		const names = ['x'.repeat(251) + '.txt', 'é'.repeat(127) + 'y'];
		const { dir, consumer } = await beside(names[0] ?? '', (path) => writeFile(path, 'long'));
		const engine = await start(dir, consumer);
		await writeFile(join(dir, names[1] ?? ''), 'long in UTF-8');
		await engine.idle();
		assert.deepEqual(Object.keys(consumer.held()).sort(), ['a', ...names].sort());
	});

	it('paths longer than an id may be are named and left, even beyond what the system can open', async () => {
		const dir = await temp.make();
		const nest =
			'i=0; while [ $i -lt 25 ]; do mkdir $0 && cd -P $0 && echo x > f || exit 1; i=$((i+1)); done';
		execFileSync('sh', ['-c', nest, 'd'.repeat(200)], { cwd: dir });
		try {
			await writeFile(
				join(dir, ...Array<string>(5).fill('d'.repeat(200)), 'f'.repeat(20)),
				'too long by a byte',
			);
			const consumer = createConsumer();
			const engine = await start(dir, consumer);
			await engine.idle();
			// Lengths, because a failure would print the paths.
			const lengths = Object.keys(consumer.held()).map((docId) => docId.length);
			assert.deepEqual(
				lengths.sort((x, y) => x - y),
				[1, 2, 3, 4, 5].map((depth) => depth * 201 + 1),
			);
			assert.ok(skippedBy(engine)?.some((it) => it.endsWith('the path is longer than 1024 bytes')));
			// What can have no id need not be read, and keeps nothing from being proven.
			assert.deepEqual(
				engine.status().roots[0]?.unreadable.map((it) => it.reason),
				[],
			);
			assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
			await engine.close();
		} finally {
			// Too deep for Node to remove.
			execFileSync('rm', ['-rf', dir]);
		}
	});

	it('litter of editors and browsers, and hidden files, is never sent', async () => {
		const dir = await temp.make();
		const litter = [
			'.hidden',
			'.~lock.a.odt#',
			'~$a.docx',
			'a~',
			'.a.swp',
			'a.swp',
			'a.part',
			'a.crdownload',
		];
		for (const name of [...litter, 'a.tmp', '4913', 'a']) await writeFile(join(dir, name), name);
		await mkdir(join(dir, '.git'));
		await writeFile(join(dir, '.git/config'), 'x');
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		for (const name of [...litter, '.git/config']) hints.file(name);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created a']);
		assert.match(engine.explain('a.part').excluded ?? '', /exclude/);
		await rm(join(dir, 'a.part'));
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
	});
});
