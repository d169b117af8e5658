import assert from 'node:assert/strict';
import { copyFile, link, mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileChange, FileOutcome } from '../../../nodes/watch/file-change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import { createConsumer, engines, treeOf, until, type Consumer } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** Deletions take so long that a test which waits for one fails: nothing of a move may wait for it. */
const slowDeletion = { settings: { deletionDelayMs: 600_000 } };

describe('moves', () => {
	const { start } = engines();
	const temp = tempDirs();

	const moves = (consumer: Consumer) =>
		consumer.all
			.splice(0)
			.map((it) => (it.event === 'moved' ? `${it.previousDocId} -> ${it.docId}` : `${it.event} ${it.docId}`))
			.sort();

	async function followed(files: Record<string, string>, over: Parameters<typeof start>[2] = slowDeletion) {
		const dir = await temp.make();
		for (const [path, text] of Object.entries(files)) {
			await mkdir(join(dir, path, '..'), { recursive: true });
			await writeFile(join(dir, path), text);
		}
		const consumer = createConsumer();
		const engine = await start(dir, consumer, over);
		await engine.idle();
		consumer.all.splice(0);
		return { dir, consumer, engine };
	}

	it('tells a renamed file as one move, at once, with what the contract says of it', async () => {
		const { dir, consumer, engine } = await followed({ 'a/old': 'text', b: 'other' });
		await rename(join(dir, 'a/old'), join(dir, 'new'));
		await engine.idle();
		const [change, ...more] = consumer.all;
		assert.deepEqual(more, []);
		assert.ok(change?.event === 'moved');
		assert.deepEqual(
			[
				change.docId,
				change.previousDocId,
				change.path,
				change.previousPath,
				change.previousSha256,
				change.size,
			],
			['new', 'a/old', join(dir, 'new'), join(dir, 'a/old'), null, 4],
		);
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(engine.explain('a/old').row, null);
		const { digest, deliveredDigest, files } = engine.status().roots[0] ?? assert.fail();
		assert.equal(digest, deliveredDigest);
		assert.equal(files, 2);
	});

	it('follows whole directories, and a name that goes on moving', async () => {
		const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d/e/${n}`, `text ${n}`]));
		const { dir, consumer, engine } = await followed(files);
		await rename(join(dir, 'd'), join(dir, 'x'));
		await engine.idle();
		assert.equal(moves(consumer).filter((it) => / -> x\/e\/\d+$/.test(it)).length, 30);
		await rename(join(dir, 'x/e/1'), join(dir, 'one'));
		await rename(join(dir, 'one'), join(dir, 'uno'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['x/e/1 -> uno']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('prefers the same inode among files of the same content', async () => {
		const { dir, consumer, engine } = await followed({ a: 'same', b: 'same', c: 'same' });
		await rename(join(dir, 'b'), join(dir, 'new b'));
		await rename(join(dir, 'c'), join(dir, 'new c'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['b -> new b', 'c -> new c']);
	});

	it('makes no move of a copy, of an empty file, or of a second name', async () => {
		const { dir, consumer, engine } = await followed(
			{ a: 'text', empty: '' },
			{ settings: { deletionDelayMs: 20 } },
		);
		await copyFile(join(dir, 'a'), join(dir, 'copy'));
		await link(join(dir, 'a'), join(dir, 'linked'));
		await rename(join(dir, 'empty'), join(dir, 'void'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['created copy', 'created linked', 'created void', 'deleted empty']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('ends right where two names are swapped, or one takes another’s place', async () => {
		const { dir, consumer, engine } = await followed(
			{ a: 'A', b: 'B', c: 'C' },
			{ settings: { deletionDelayMs: 20 } },
		);
		await rename(join(dir, 'a'), join(dir, 't'));
		await rename(join(dir, 'b'), join(dir, 'a'));
		await rename(join(dir, 't'), join(dir, 'b'));
		await rename(join(dir, 'c'), join(dir, 'a'));
		await engine.idle();
		assert.deepEqual(moves(consumer), ['changed a', 'changed b', 'deleted c']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('takes the file back under its old name while the move is on its way', async () => {
		const { dir, consumer, engine } = await followed({ a: 'text' }, { settings: { deletionDelayMs: 20 } });
		let taken = () => {};
		const isTaken = new Promise<void>((resolve) => (taken = resolve));
		let answer = (_: FileOutcome) => {};
		consumer.answer = async (batch) => {
			const answered = new Promise<FileOutcome>((resolve) => (answer = resolve));
			taken();
			const outcome = await answered;
			return batch.map(() => outcome);
		};
		await rename(join(dir, 'a'), join(dir, 'b'));
		void engine.scanNow();
		await isTaken;
		await rename(join(dir, 'b'), join(dir, 'a'));
		await engine.scanNow();
		consumer.answer = null;
		answer({ kind: 'delivered' });
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('sends no change of the old name while the move is in flight, and what became of it afterwards', async () => {
		const { dir, consumer, engine } = await followed({ a: 'text' });
		const release = Promise.withResolvers<void>();
		consumer.answer = async (batch) => {
			await release.promise;
			return batch.map(() => ({ kind: 'delivered' }));
		};
		await rename(join(dir, 'a'), join(dir, 'b'));
		void engine.scanNow();
		await until(() => consumer.all.length > 0);
		await writeFile(join(dir, 'a'), 'another text');
		await engine.scanNow();
		await until(() => engine.explain('a').row?.seen?.size === 12);
		assert.equal(consumer.all.length, 1);
		release.resolve();
		await engine.idle();
		assert.deepEqual(moves(consumer), ['a -> b', 'created a']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('joins again where the name between went before it was sent', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const { dir, consumer, engine } = await followed({ a: 'text' }, { ...slowDeletion, state: state() });
		await engine.close();
		const slow = await start(dir, consumer, {
			settings: { ...slowDeletion.settings, windowMs: 60_000, batchFiles: 2 },
			state: state(),
		});
		await rename(join(dir, 'a'), join(dir, 'b'));
		void slow.scanNow();
		await until(() => slow.explain('a').phase === 'moved');
		await rename(join(dir, 'b'), join(dir, 'c'));
		await writeFile(join(dir, 'full'), 'fills the batch');
		await slow.scanNow();
		await slow.idle();
		assert.deepEqual(moves(consumer), ['a -> c', 'created full']);
	});

	it('sends a move again that was not acknowledged, over a restart as well', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const { dir, consumer, engine } = await followed({ a: 'text' }, { ...slowDeletion, state: state() });
		consumer.answer = (batch) => Promise.resolve(batch.map(() => ({ kind: 'retry', reason: 'busy' })));
		await rename(join(dir, 'a'), join(dir, 'b'));
		void engine.scanNow();
		await until(() => consumer.all.length > 1);
		await engine.close();
		assert.deepEqual([...new Set(moves(consumer))], ['a -> b']);
		consumer.answer = null;
		const again = await start(dir, consumer, { ...slowDeletion, state: state() });
		await again.idle();
		assert.deepEqual(moves(consumer), ['a -> b']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('loses nothing where the consumer took an unacknowledged move and the file went back', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const { dir, consumer, engine } = await followed({ a: 'text' }, { ...slowDeletion, state: state() });
		const really = new Map([['a', 'text']]);
		consumer.answer = (batch) => {
			for (const it of batch) {
				if (it.event === 'moved') really.delete(it.previousDocId);
				really.set(it.docId, 'text');
			}
			return Promise.reject(new Error('the connection broke'));
		};
		await rename(join(dir, 'a'), join(dir, 'b'));
		void engine.scanNow();
		await until(() => really.has('b'));
		await engine.close();
		await rename(join(dir, 'b'), join(dir, 'a'));
		consumer.answer = (batch: readonly FileChange[]) => {
			for (const it of batch) {
				if (it.event === 'deleted') really.delete(it.docId);
				else really.set(it.docId, 'text');
				if (it.event === 'moved') really.delete(it.previousDocId);
			}
			return Promise.resolve(batch.map((): FileOutcome => ({ kind: 'delivered' })));
		};
		const again = await start(dir, consumer, { settings: { deletionDelayMs: 20 }, state: state() });
		await again.idle();
		assert.deepEqual([...really.keys()], ['a']);
	});

	it('deletes the old name where the consumer refuses the new one', async () => {
		const { dir, consumer, engine } = await followed({ a: 'text' }, { settings: { deletionDelayMs: 400 } });
		consumer.answer = async (batch) =>
			batch.map((it) => (it.event === 'moved' ? { kind: 'failed', reason: 'type' } : { kind: 'delivered' }));
		await rename(join(dir, 'a'), join(dir, 'a.exe'));
		await engine.idle();
		assert.deepEqual(consumer.held(), {});
		assert.equal(engine.explain('a.exe').phase, 'failed');
		assert.equal(engine.explain('a').row, null);
	});

	it('tells a deletion where the new name went before it was sent', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const { dir, consumer, engine } = await followed({ a: 'text' }, { state: state() });
		await engine.close();
		const slow = await start(dir, consumer, {
			settings: { deletionDelayMs: 20, windowMs: 60_000 },
			state: state(),
		});
		await rename(join(dir, 'a'), join(dir, 'b'));
		void slow.scanNow();
		await until(() => slow.explain('a').phase === 'moved');
		await unlink(join(dir, 'b'));
		await slow.scanNow();
		await until(() => slow.explain('b').row === null);
		await until(() => slow.explain('a').phase === 'waiting to be sent');
		assert.deepEqual(consumer.all, []);
	});

	it('pauses nothing for what was only moved', async () => {
		const files = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d/${n}`, `text ${n}`]));
		const { dir, consumer, engine } = await followed(files);
		await rename(join(dir, 'd'), join(dir, 'renamed'));
		await engine.idle();
		assert.equal(engine.status().roots[0]?.held, null);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});
});
