import assert from 'node:assert/strict';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WatchEngineDeps } from '../../../nodes/watch/engine-parts.ts';
import { createConsumer, createHandHints, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The numbers are those of the list of edge cases that the watch engine answers for; all on a real file system. */
describe('edge cases: much is gone at once', () => {
	const { start } = engines();
	const temp = tempDirs();

	/** A folder of its own parent with these files, known and delivered. */
	async function known(paths: readonly string[], over: Partial<WatchEngineDeps> = {}) {
		const parent = await temp.make();
		const dir = join(parent, 'root');
		for (const path of paths) {
			await mkdir(dirname(join(dir, path)), { recursive: true });
			await writeFile(join(dir, path), path);
		}
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, ...over });
		await engine.idle();
		consumer.news();
		const root = () => engine.status().roots[0] ?? assert.fail();
		return { parent, dir, consumer, hints, engine, root, at: (path: string) => join(dir, path) };
	}
	const files = (folder: string, count: number) =>
		Array.from({ length: count }, (_, number) => `${folder}/${number}`);

	it('17 rm -rf of a tree: every file is deleted, once', async () => {
		const { dir, consumer, engine, at } = await known(['tree/1', 'tree/deep/2', 'tree/deep/er/3', 'a']);
		await rm(at('tree'), { recursive: true });
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted tree/1', 'deleted tree/deep/2', 'deleted tree/deep/er/3']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('17 rm -rf of more than a fifth: held, while the rest is followed, until the files are back', async () => {
		const { dir, consumer, engine, root, at } = await known([...files('tree', 5), ...files('rest', 19)]);
		await rename(at('tree'), at('.hidden'));
		await engine.scanNow();
		await until(() => root().held !== null);
		assert.equal(root().held?.count, 5);
		assert.match(root().held?.reason ?? '', /5 of 24/);
		await writeFile(at('rest/1'), 'edited');
		await writeFile(at('new'), 'new');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed rest/1', 'created new']);
		await rename(at('.hidden'), at('tree'));
		await engine.idle();
		assert.equal(root().held, null);
		assert.deepEqual(consumer.news(), []);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('17 rm -rf of exactly a fifth, or of a few files: nothing is paused', async () => {
		for (const [gone, left] of [
			[4, 16],
			[4, 1],
		] as const) {
			const { dir, consumer, engine, root, at } = await known([
				...files('tree', gone),
				...files('rest', left),
			]);
			await rm(at('tree'), { recursive: true });
			await engine.idle();
			assert.equal(root().held, null);
			assert.equal(consumer.news().length, gone);
			assert.deepEqual(consumer.held(), await treeOf(dir));
		}
	});

	it('24 the root is gone: everything is held, and goes on when it is back', async () => {
		const armed: string[] = [];
		const own = createHandHints();
		const { parent, dir, consumer, engine, root, at } = await known(['a', 'b', 'c'], {
			hints: (it) => (armed.push(it.dir), own.factory(it)),
		});
		// One is in its deletion delay when the root goes: that must not slip through either.
		await unlink(at('a'));
		await engine.scanNow();
		await rename(dir, join(parent, 'away'));
		await engine.scanNow();
		for (const name of ['a', 'b', 'c']) own.file(name);
		await until(() => root().pending === 0);
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
		assert.deepEqual(root().unreadable, [{ relPath: '', reason: 'ENOENT' }]);
		const { verifiedAt } = root();
		await rename(join(parent, 'away'), dir);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted a']);
		assert.ok((root().verifiedAt ?? '') > (verifiedAt ?? ''));
		assert.equal(armed.length, 2, 'the watcher is set anew');
	});

	it('24 the root is not there at the start: it is taken in when it comes', async () => {
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

	for (const count of [3, 30]) {
		it(`24 an empty folder in the place of a root of ${count} files, as when it is unmounted: held until they are back`, async () => {
			const { parent, dir, consumer, engine, root } = await known(files('tree', count));
			await rename(dir, join(parent, 'unmounted'));
			await mkdir(dir);
			await engine.scanNow();
			await until(() => root().held !== null);
			await engine.idle();
			assert.equal(root().held?.count, count);
			assert.deepEqual(consumer.news(), []);
			await rm(dir, { recursive: true });
			await rename(join(parent, 'unmounted'), dir);
			await engine.idle();
			assert.equal(root().held, null);
			assert.deepEqual(consumer.news(), []);
			assert.deepEqual(consumer.held(), await treeOf(dir));
		});
	}
});
