import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, unlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemClock, type Clock } from '../../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import { createConsumer, createHandHints, engines, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The numbers are those of the list of edge cases that the watch engine answers for; all on a real file system. */
describe('edge cases: what happens when', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('18 mkdir -p a/b/c && write: found, though the hints end with the first folder', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		await engine.idle();
		await mkdir(join(dir, 'a/b/c'), { recursive: true });
		hints.directory('a');
		await writeFile(join(dir, 'a/b/c/file'), 'deep');
		await until(() => consumer.held()['a/b/c/file'] === sha256('deep'));
		assert.deepEqual(consumer.news(), ['created a/b/c/file']);
	});

	it('19 delete and recreate: a deletion only after the delay, and none that was taken back in time', async () => {
		const dir = await temp.make();
		for (const name of ['gone', 'same', 'other']) await writeFile(join(dir, name), 'one');
		// Whole seconds, because a Date loses what is below a millisecond.
		await utimes(join(dir, 'other'), 1_700_000_000, 1_700_000_000);
		// As where the inode is given to the next file that is made.
		const reused = <T extends { ino: bigint }>(it: T): T => ({ ...it, ino: 7n });
		const disk: Disk = {
			...nodeDisk,
			stat: async (path) => reused(await nodeDisk.stat(path)),
			find: async (root, relPath) => reused(await nodeDisk.find(root, relPath)),
			open: async (path) => {
				const file = await nodeDisk.open(path, await nodeDisk.find(dirname(path), basename(path)));
				return { ...file, stat: async () => reused(await file.stat()) };
			},
		};
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk, settings: { deletionDelayMs: 400 } });
		await engine.idle();
		consumer.news();
		const at = performance.now();
		for (const name of ['gone', 'same', 'other']) await unlink(join(dir, name));
		await engine.scanNow();
		await until(() => ['gone', 'same', 'other'].every((name) => engine.explain(name).phase === 'in grace'));
		await writeFile(join(dir, 'same'), 'one');
		await writeFile(join(dir, 'other'), 'two');
		await utimes(join(dir, 'other'), 1_700_000_000, 1_700_000_000);
		await engine.scanNow();
		await until(() => consumer.all.some((it) => it.docId === 'gone'));
		assert.ok(performance.now() - at >= 395);
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed other', 'deleted gone']);
	});

	it('20 create and delete within the window: nothing is sent', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory, settings: { windowMs: 400 } });
		await engine.idle();
		await writeFile(join(dir, 'a'), 'one');
		hints.file('a');
		await until(() => engine.explain('a').phase === 'waiting to be sent');
		await unlink(join(dir, 'a'));
		hints.file('a');
		await engine.idle();
		assert.deepEqual(consumer.all, []);
		assert.equal(engine.explain('a').row, null);
	});

	it('29 event loop blocked: what was overtaken while it was is not acted on', async () => {
		const dir = await temp.make();
		for (const name of ['back', 'gone', 'growing']) await writeFile(join(dir, name), 'one');
		const consumer = createConsumer();
		const hints = createHandHints();
		const settings = { deletionDelayMs: 300, quietMs: 200 };
		const engine = await start(dir, consumer, { hints: hints.factory, settings });
		await engine.idle();
		consumer.news();
		for (const name of ['back', 'gone']) await unlink(join(dir, name));
		await writeFile(join(dir, 'growing'), 'tw');
		for (const name of ['back', 'gone', 'growing']) hints.file(name);
		await until(() => engine.explain('gone').phase === 'in grace');
		await until(() => engine.explain('growing').phase === 'settling');
		// Every timer of the three comes due while nothing here runs, and another process goes on.
		const script = 'sleep 0.5; printf one > back; for i in o o o; do printf $i >> growing; done; touch new';
		execFileSync('sh', ['-c', script], { cwd: dir });
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed growing', 'created new', 'deleted gone']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(consumer.held()['growing'], sha256('twooo'), 'never half');
	});

	it('30 changes while down: found at the start, and nothing else is read or sent', async () => {
		const dir = await temp.make();
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		for (const name of ['kept', 'edited', 'removed']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		const first = await start(dir, consumer, { state: state() });
		await first.idle();
		const { epoch, sourceId } = first.status();
		await first.close();
		consumer.news();
		await writeFile(join(dir, 'edited'), 'anew');
		await writeFile(join(dir, 'added'), 'added');
		await unlink(join(dir, 'removed'));
		const opened: string[] = [];
		const disk: Disk = {
			...nodeDisk,
			open: (path, found) => (opened.push(path), nodeDisk.open(path, found)),
		};
		const second = await start(dir, consumer, { state: state(), disk });
		// By itself: nobody asks for a scan.
		await until(() => consumer.all.length === 3);
		await second.idle();
		assert.deepEqual(consumer.news(), ['changed edited', 'created added', 'deleted removed']);
		assert.deepEqual(opened.sort(), [join(dir, 'added'), join(dir, 'edited')]);
		assert.deepEqual({ ...second.status(), epoch, sourceId }, second.status());
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	for (const hours of [1, -1]) {
		it(`31 the clock jumps by ${hours} h: no deletion comes early, and nothing waits for it`, async () => {
			const dir = await temp.make();
			for (const name of ['gone', 'edited']) await writeFile(join(dir, name), 'one');
			let offset = 0;
			const clock: Clock = { ...systemClock, now: () => Date.now() + offset };
			const consumer = createConsumer();
			const settings = { deletionDelayMs: 400, quietMs: 150, retryMs: 100 };
			const engine = await start(dir, consumer, { clock, settings });
			await engine.idle();
			consumer.news();
			const at = performance.now();
			await unlink(join(dir, 'gone'));
			await writeFile(join(dir, 'edited'), 'two');
			await engine.scanNow();
			await until(() => engine.explain('gone').phase === 'in grace');
			offset = hours * 3_600_000;
			await engine.scanNow();
			await until(() => consumer.all.some((it) => it.event === 'deleted'));
			assert.ok(performance.now() - at >= 395);
			await engine.idle();
			assert.deepEqual(consumer.news(), ['changed edited', 'deleted gone']);
			const verifiedAt = Date.parse(engine.status().roots[0]?.verifiedAt ?? '');
			assert.ok(Math.abs(verifiedAt - clock.now()) < 60_000, 'it is the time that the clock shows');
			// A failed delivery waits by the clock that does not jump, too.
			let failures = 0;
			consumer.answer = async (batch) => {
				if ((failures += 1) === 1) throw new Error('away');
				return batch.map(() => ({ kind: 'delivered' as const }));
			};
			await writeFile(join(dir, 'edited'), 'three');
			await engine.scanNow();
			await until(() => engine.status().delivery.failures === 1);
			offset *= 2;
			await engine.idle();
			assert.equal(failures, 2);
			assert.deepEqual((await readdir(dir)).sort(), Object.keys(consumer.held()));
		});
	}
});
