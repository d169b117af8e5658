import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, chmod, open, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createConsumer, createHandHints, engines, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The numbers are those of the list of edge cases that the watch engine answers for; all on a real file system. */
describe('edge cases: how files are written', () => {
	const { start } = engines();
	const temp = tempDirs();

	/** Whole seconds, because a Date loses what is below a millisecond. */
	const setTimes = (path: string) => utimes(path, 1_700_000_000, 1_700_000_000);

	/** A folder with one file `a`, known and delivered; nothing is looked at without a hint or `idle`. */
	async function known(settings: Parameters<typeof start>[2] = {}) {
		const dir = await temp.make();
		const a = join(dir, 'a');
		await writeFile(a, 'one');
		await setTimes(a);
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, ...settings });
		await engine.idle();
		consumer.news();
		return { dir, a, consumer, hints, engine };
	}

	it('1 atomic save: one change, though size and mtime are the old ones, and nothing of the temporary file', async () => {
		const { dir, a, consumer, engine } = await known();
		await writeFile(join(dir, 'a.tmp'), 'two');
		await engine.idle();
		await setTimes(join(dir, 'a.tmp'));
		await rename(join(dir, 'a.tmp'), a);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed a']);
		assert.deepEqual(consumer.held(), { a: sha256('two') });
	});

	it('2 vim backup: neither the probe 4913 nor a~ is sent, nor a deletion while the name is free', async () => {
		const { dir, a, consumer, hints, engine } = await known({ settings: { deletionDelayMs: 2000 } });
		await writeFile(join(dir, '4913'), '');
		await rename(a, join(dir, 'a~'));
		for (const name of ['4913', 'a', 'a~']) hints.file(name);
		await until(() => engine.explain('a').phase === 'in grace');
		await engine.scanNow();
		await writeFile(a, 'two');
		hints.file('a');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed a']);
	});

	it('3 truncate, then write: the empty file between the two is never sent', async () => {
		const { a, consumer, hints, engine } = await known({ settings: { quietMs: 400 } });
		await truncate(a);
		hints.file('a');
		// Longer than a window, shorter than the quiet time.
		await systemClock.sleep(100);
		assert.equal(engine.explain('a').phase, 'settling');
		await writeFile(a, 'two!');
		await engine.idle();
		assert.deepEqual(
			consumer.all.map((it) => it.event !== 'deleted' && it.size),
			[4],
		);
	});

	it('4 write in chunks for longer than any window: sent once, whole', async () => {
		const { dir, consumer, hints, engine } = await known({ settings: { quietMs: 300 } });
		for (let chunk = 0; chunk < 7; chunk += 1) {
			await appendFile(join(dir, 'b'), 'a chunk of it, ');
			hints.file('b');
			// A writer's own pace: it never stands still for the quiet time.
			await systemClock.sleep(80);
		}
		await engine.idle();
		assert.deepEqual(
			consumer.all.map((it) => it.event !== 'deleted' && [it.event, it.size]),
			[['created', 105]],
		);
	});

	it('5 writer killed half-way: what stands still is taken as it is, and the rest when it comes', async () => {
		const { dir, consumer, hints } = await known();
		const { signal } = spawnSync('sh', ['-c', 'printf half > b; kill -9 $$'], { cwd: dir });
		assert.equal(signal, 'SIGKILL');
		hints.file('b');
		await until(() => consumer.held()['b'] === sha256('half'));
		await appendFile(join(dir, 'b'), ' and whole');
		hints.file('b');
		await until(() => consumer.held()['b'] === sha256('half and whole'));
		assert.deepEqual(consumer.news(), ['changed b', 'created b']);
	});

	it('6 other content behind the same size and mtime', async () => {
		const { a, consumer, engine } = await known();
		await writeFile(a, 'two');
		await setTimes(a);
		await engine.idle();
		assert.deepEqual(consumer.held(), { a: sha256('two') });
	});

	it('6 other content behind a stat that is equal in all, because the clock of the file system is coarse', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		// A file system that keeps whole seconds, and a second that does not end.
		const second = BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n;
		const coarse = <T extends { mtimeNs: bigint; ctimeNs: bigint }>(it: T): T => ({
			...it,
			mtimeNs: second,
			ctimeNs: second,
		});
		const disk: Disk = {
			...nodeDisk,
			stat: async (path) => coarse(await nodeDisk.stat(path)),
			find: async (root, relPath) => coarse(await nodeDisk.find(root, relPath)),
			open: async (path, found) => {
				const file = await nodeDisk.open(path, found);
				return { ...file, stat: async () => coarse(await file.stat()) };
			},
		};
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk });
		await until(() => consumer.held()['a'] === sha256('one'));
		await writeFile(join(dir, 'a'), 'two');
		await until(() => (void engine.scanNow(), consumer.held()['a'] === sha256('two')));
		assert.deepEqual(consumer.news(), ['changed a', 'created a']);
	});

	it('7 mtime goes back, as rsync -t, tar and git checkout make it', async () => {
		const { a, consumer, engine } = await known();
		await writeFile(a, 'older');
		await utimes(a, 1, 1);
		await engine.idle();
		const [change] = consumer.all;
		assert.ok(change?.event === 'changed' && change.mtimeMs === 1000 && change.sha256 === sha256('older'));
		await utimes(a, new Date(-86_400_000), new Date(-86_400_000));
		await engine.idle();
		assert.equal(engine.explain('a').row?.seen?.mtimeNs, -86_400_000_000_000n, 'before 1970');
		assert.deepEqual(consumer.news(), ['changed a']);
	});

	for (const [number, what, act] of [
		[8, 'touch', (path: string) => utimes(path, 1, 1)],
		[9, 'chmod', (path: string) => chmod(path, 0o600)],
	] as const) {
		it(`${number} ${what} only: read once, sent never`, async () => {
			let opened = 0;
			const disk: Disk = { ...nodeDisk, open: (path, found) => ((opened += 1), nodeDisk.open(path, found)) };
			const { a, consumer, engine } = await known({ disk });
			await act(a);
			await engine.idle();
			await engine.idle();
			assert.deepEqual(consumer.news(), []);
			assert.equal(opened, 2);
		});
	}

	it('25 empty file: is a file like any other', async () => {
		const { a, consumer, engine } = await known();
		await truncate(a);
		await engine.idle();
		assert.deepEqual(consumer.held(), { a: sha256('') });
		await writeFile(a, 'again');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed a', 'changed a']);
		assert.deepEqual(consumer.held(), { a: sha256('again') });
	});

	it('26 more than 100 MB: hashed whole, in pieces of at most 1 MiB; above the limit it is named and left', async () => {
		const dir = await temp.make();
		const bytes = 101 * 1024 * 1024;
		const file = await open(join(dir, 'large'), 'w');
		await file.truncate(bytes);
		await file.write('the end', bytes - 7);
		await file.close();
		await truncate(join(dir, 'large'), bytes);
		let piece = 0;
		const disk: Disk = {
			...nodeDisk,
			async open(path, found) {
				const it = await nodeDisk.open(path, found);
				const read = (buffer: Uint8Array) => ((piece = Math.max(piece, buffer.length)), it.read(buffer));
				return { ...it, read };
			},
		};
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk });
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.ok(piece <= 1024 * 1024, `a piece of ${piece} bytes`);
		await engine.close();
		const other = createConsumer();
		const limited = await start(dir, other, { settings: { maxFileBytes: bytes - 1 } });
		await limited.idle();
		assert.deepEqual(other.news(), []);
		assert.deepEqual(limited.status().roots[0]?.skipped, [
			{ relPath: 'large', reason: 'the file is larger than the limit' },
		]);
	});

	it('33 changed while it is read: read again, in the end taken as it is, and whole when it stands still', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		let restless = true;
		let opened = 0;
		const disk: Disk = {
			...nodeDisk,
			async open(path, found) {
				opened += 1;
				const file = await nodeDisk.open(path, found);
				return {
					...file,
					async read(buffer) {
						const bytes = await file.read(buffer);
						if (restless && bytes > 0) await writeFile(path, `half ${opened}`);
						return bytes;
					},
				};
			},
		};
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk, settings: { longestWaitMs: 200 } });
		await until(() => consumer.all.length > 0);
		assert.ok(opened >= 2, `opened ${opened} times before it was taken`);
		assert.deepEqual(engine.status().roots[0]?.restless, ['a']);
		restless = false;
		await until(() => engine.status().roots[0]?.restless.length === 0);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('33 vanished before it is read: a deletion, not an error, and no scan is needed to see it', async () => {
		let vanish = false;
		const open: Disk['open'] = async (path, found) => {
			if (vanish) await rm(path, { force: true });
			return nodeDisk.open(path, found);
		};
		const { a, consumer, hints, engine } = await known({
			disk: { ...nodeDisk, open },
			settings: { burstQuietMs: 600_000, burstMaxMs: 600_000 },
		});
		vanish = true;
		await writeFile(a, 'two');
		hints.file('a');
		await until(() => consumer.all.length > 0 && engine.explain('a').phase === null);
		assert.deepEqual(consumer.news(), ['deleted a']);
	});
});
