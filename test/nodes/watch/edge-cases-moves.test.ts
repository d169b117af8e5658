import assert from 'node:assert/strict';
import { link, mkdir, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import type { WatchEngineDeps } from '../../../nodes/watch/engine-parts.ts';
import { createConsumer, createHandHints, engines, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The numbers are those of the list of edge cases that the watch engine answers for; all on a real file system. */
describe('edge cases: moves', () => {
	const { start } = engines();
	const temp = tempDirs();
	/** A deletion delay that no test outlives: what waits for it never comes. */
	const endless = { settings: { deletionDelayMs: 600_000 } };

	/** A folder with these files, each holding its own path, known and delivered. */
	async function known(paths: readonly string[], over: Partial<WatchEngineDeps> = {}) {
		const dir = await temp.make();
		for (const path of paths) {
			await mkdir(dirname(join(dir, path)), { recursive: true });
			await writeFile(join(dir, path), path);
		}
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, ...over });
		await engine.idle();
		consumer.news();
		return { dir, consumer, hints, engine, at: (path: string) => join(dir, path) };
	}
	const moves = (consumer: ReturnType<typeof createConsumer>) =>
		consumer.all.map((it) => (it.event === 'moved' ? `${it.previousDocId} > ${it.docId}` : it.event)).sort();

	it('10 rename a file: one move, which waits for no delay', async () => {
		const { dir, consumer, engine, at } = await known(['a', 'other'], endless);
		await rename(at('a'), at('b'));
		await engine.idle();
		const [change] = consumer.all;
		assert.ok(change?.event === 'moved' && consumer.all.length === 1);
		assert.deepEqual(
			[change.docId, change.previousDocId, change.previousPath, change.sha256, change.path],
			['b', 'a', at('a'), sha256('a'), at('b')],
		);
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(engine.explain('a').row, null);
	});

	it('10 rename and edit: no move, because the content is another one', async () => {
		const { dir, consumer, engine, at } = await known(['a']);
		await rename(at('a'), at('b'));
		await writeFile(at('b'), 'edited');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created b', 'deleted a']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('11 swap two names: ends right, and waits for no delay', async () => {
		const { dir, consumer, engine, at } = await known(['a', 'b'], endless);
		// The same size and time: only the inode and its change time tell them apart.
		for (const name of ['a', 'b']) await utimes(at(name), 1_700_000_000, 1_700_000_000);
		await engine.idle();
		await rename(at('a'), at('.x'));
		await rename(at('b'), at('a'));
		await rename(at('.x'), at('b'));
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.deepEqual(consumer.held(), { a: sha256('b'), b: sha256('a') });
		assert.ok(!consumer.all.some((it) => it.event === 'deleted'));
	});

	it('11 swap two names, seen half-way: ends right', async () => {
		const { dir, consumer, hints, engine, at } = await known(['a', 'b']);
		await rename(at('a'), at('.x'));
		hints.file('a');
		await until(() => engine.explain('a').phase === 'in grace');
		await rename(at('b'), at('a'));
		for (const name of ['a', 'b']) hints.file(name);
		await until(() => engine.explain('b').phase !== 'at rest');
		await rename(at('.x'), at('b'));
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('12 case-only rename: a move', async () => {
		const { dir, consumer, engine, at } = await known(['Read Me.md'], endless);
		await rename(at('Read Me.md'), at('README.md'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['Read Me.md > README.md']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('15 move a folder in: every file is created, though only the folder is hinted at', async () => {
		const { dir, consumer, hints, at } = await known(['a']);
		const outside = await temp.make();
		await mkdir(join(outside, 'in/deep/er'), { recursive: true });
		for (const path of ['in/1', 'in/deep/2', 'in/deep/er/3']) await writeFile(join(outside, path), path);
		await rename(join(outside, 'in'), at('in'));
		hints.directory('in');
		await until(() => consumer.all.length === 3);
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.deepEqual(consumer.news(), ['created in/1', 'created in/deep/2', 'created in/deep/er/3']);
	});

	it('15 rename a folder: every file is moved, which waits for no delay and pauses nothing', async () => {
		const inside = Array.from({ length: 15 }, (_, number) => `in/deep/${number}`);
		const { dir, consumer, engine, at } = await known([...inside, 'a', 'b', 'c', 'd', 'e', 'f'], endless);
		await rename(at('in'), at('out'));
		await engine.idle();
		assert.deepEqual(moves(consumer), inside.map((path) => `${path} > ${path.replace('in', 'out')}`).sort());
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(engine.status().roots[0]?.held, null);
	});

	it('16 move a folder out: every file is deleted, once, after the delay', async () => {
		const { dir, consumer, hints, engine, at } = await known(['in/1', 'in/deep/2', 'a'], {
			settings: { deletionDelayMs: 300 },
		});
		const since = performance.now();
		await rename(at('in'), join(await temp.make(), 'out'));
		hints.directory('in');
		await until(() => consumer.all.length > 0);
		assert.ok(performance.now() - since >= 295);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted in/1', 'deleted in/deep/2']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('21 a second name, and the first one removed: a move', async () => {
		const { dir, consumer, engine, at } = await known(['a'], endless);
		await link(at('a'), at('b'));
		await unlink(at('a'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['a > b']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('25 empty files are never moves: they are all alike', async () => {
		const { dir, consumer, engine, at } = await known(['a']);
		await writeFile(at('empty'), '');
		await engine.idle();
		consumer.news();
		await rename(at('empty'), at('void'));
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created void', 'deleted empty']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('10 a copy that is on its way when the first file goes: no move, and the deletion is not forgotten', async () => {
		let gate: Promise<void> | null = null;
		const find: Disk['find'] = async (root, relPath) => {
			if (relPath === 'a') await gate;
			return nodeDisk.find(root, relPath);
		};
		const { dir, consumer, hints, engine, at } = await known(['a'], {
			disk: { ...nodeDisk, find },
			settings: { windowMs: 100 },
		});
		await writeFile(at('b'), 'a');
		hints.file('b');
		await until(() => engine.explain('b').phase === 'waiting to be sent');
		const asked = Promise.withResolvers<void>();
		const answered = Promise.withResolvers<void>();
		gate = asked.promise;
		consumer.answer = async (batch) => {
			await answered.promise;
			return batch.map(() => ({ kind: 'delivered' as const }));
		};
		// Looked at once more: where its content was known before is asked while it leaves.
		hints.file('b');
		await until(() => engine.explain('b').phase === 'in flight');
		await unlink(at('a'));
		asked.resolve();
		await engine.scanNow();
		answered.resolve();
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created b', 'deleted a']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});
});
