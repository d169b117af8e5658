import assert from 'node:assert/strict';
import { mkdir, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createConsumer, createHandHints, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('what is there and cannot be taken', () => {
	const { start } = engines();
	const temp = tempDirs();
	const limit = { maxFileBytes: 100 };

	it('keeps what was taken of a file that has grown too large, and says so, until it fits again or goes', async () => {
		const dir = await temp.make();
		for (const name of ['a', 'b']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, settings: limit });
		await engine.idle();
		const { verifiedAt } = engine.status().roots[0] ?? assert.fail();
		consumer.news();
		for (const name of ['a', 'b', 'new']) await writeFile(join(dir, name), 'x'.repeat(101));
		hints.file('a');
		await engine.idle();
		await engine.scanNow();
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
		assert.deepEqual(consumer.held(), { a: sha256('a'), b: sha256('b') });
		const root = engine.status().roots[0] ?? assert.fail();
		const reason = 'the file is larger than the limit';
		assert.deepEqual(
			root.skipped.toSorted((one, other) => (one.relPath < other.relPath ? -1 : 1)),
			['a', 'b', 'new'].map((relPath) => ({ relPath, reason })),
		);
		assert.deepEqual([root.skippedCount, root.pending], [3, 0]);
		assert.equal(root.verifiedAt, verifiedAt, 'what is kept is not what is there');
		assert.deepEqual([engine.explain('a').phase, engine.explain('a').excluded], ['parked', reason]);
		await truncate(join(dir, 'a'), 5);
		await unlink(join(dir, 'b'));
		await unlink(join(dir, 'new'));
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(engine.status().roots[0]?.skippedCount, 0);
		assert.notEqual(engine.status().roots[0]?.verifiedAt, verifiedAt);
	});

	it('does so over a start, and where the limit has been lowered', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'x'.repeat(101));
		const consumer = createConsumer();
		const state = newState();
		const first = await start(dir, consumer, { state });
		await first.idle();
		await first.close();
		consumer.news();
		const second = await start(dir, consumer, { state, settings: limit });
		await second.idle();
		assert.deepEqual(consumer.news(), []);
		assert.equal(second.status().roots[0]?.skippedCount, 1);
	});

	it('sends nothing of it meanwhile: what was seen is not there any more', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		let isAway = true;
		consumer.answer = async (batch) =>
			batch.map(() => (isAway ? { kind: 'retry', reason: 'busy' } : { kind: 'delivered' }));
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, settings: limit });
		await until(() => consumer.calls() > 0);
		await writeFile(join(dir, 'a'), 'x'.repeat(101));
		hints.file('a');
		await until(() => engine.explain('a').phase === 'parked');
		await engine.idle();
		isAway = false;
		const calls = consumer.calls();
		await engine.scanNow();
		await engine.idle();
		assert.equal(consumer.calls(), calls);
		await writeFile(join(dir, 'a'), 'two');
		await engine.idle();
		assert.deepEqual(consumer.held(), { a: sha256('two') });
	});

	/** The real disk, which has no descriptors left while it is told so. */
	function exhaustible() {
		const machine = { isShort: true };
		const refuse = () => {
			if (machine.isShort) throw Object.assign(new Error('made to fail'), { code: 'EMFILE' });
		};
		const disk: Disk = {
			...nodeDisk,
			list: async (dir) => (dir.endsWith('sub') && refuse(), nodeDisk.list(dir)),
			open: async (path, found) => (refuse(), nodeDisk.open(path, found)),
		};
		return { disk, machine };
	}

	it('looks again soon at what the machine was short of descriptors for: a file, a folder', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'sub'));
		for (const path of ['a', 'sub/b']) await writeFile(join(dir, path), path);
		const { disk, machine } = exhaustible();
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk });
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
		assert.equal(engine.explain('a').phase, 'parked');
		assert.deepEqual(engine.status().roots[0]?.unreadable, [{ relPath: 'sub', reason: 'EMFILE' }]);
		machine.isShort = false;
		// No hint, and no scan for the next ten minutes.
		await until(() => Object.keys(consumer.held()).length === 2);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});
});

describe('what is told of a file on its way', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('says that it settles, and since when', async () => {
		const dir = await temp.make();
		const hints = createHandHints();
		const engine = await start(dir, createConsumer(), {
			hints: hints.factory,
			settings: { quietMs: 600_000, longestWaitMs: 600_000 },
		});
		await engine.idle();
		const before = Date.now();
		await writeFile(join(dir, 'a'), 'one');
		hints.file('a');
		await until(() => engine.explain('a').phase === 'settling');
		const { row, since } = engine.explain('a');
		assert.equal(row, null);
		const at = Date.parse(since ?? '');
		// The two clocks differ by less than a second.
		assert.ok(at > before - 1000 && at < Date.now() + 1000, since ?? 'never');
	});

	it('says since when it is gone, and of a file at rest nothing', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const engine = await start(dir, createConsumer(), { settings: { deletionDelayMs: 600_000 } });
		await engine.idle();
		assert.equal(engine.explain('a').since, null);
		await rename(join(dir, 'a'), join(dir, '.a'));
		await engine.scanNow();
		assert.equal(engine.explain('a').phase, 'in grace');
		assert.notEqual(engine.explain('a').since, null);
	});
});

describe('folders that are called like litter', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('are followed; files of those names are not', async () => {
		const dir = await temp.make();
		const names = ['x.tmp', '4913', 'a~', 'b.part', 'c.swp', 'd.crdownload', '~$e', '.~lock.f'];
		for (const name of ['x.tmp', '4913', 'a~', 'b.part', 'c.swp', 'd.crdownload', '~$e']) {
			await mkdir(join(dir, name));
			await writeFile(join(dir, name, 'inside'), name);
			for (const file of names.filter((one) => one !== name)) await writeFile(join(dir, name, file), 'x');
		}
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		assert.deepEqual(
			Object.keys(consumer.held()).sort(),
			['x.tmp', '4913', 'a~', 'b.part', 'c.swp', 'd.crdownload', '~$e']
				.map((name) => `${name}/inside`)
				.sort(),
		);
	});
});
