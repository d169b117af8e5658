import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { watch, type FSWatcher } from 'node:fs';
import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import type { Hints, HintsFactory } from '../../../nodes/watch/hints/hints-port.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import type { FileState } from '../../../nodes/watch/state/file-state-port.ts';
import { createConsumer, createHandHints, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** The real disk, on which some paths fail with a code; a folder that fails hides what is below it. */
function faultyDisk() {
	const faults = new Map<string, string>();
	const check = (path: string) => {
		for (const [prefix, code] of faults) {
			if (path === prefix || path.startsWith(`${prefix}/`))
				throw Object.assign(new Error('made to fail'), { code });
		}
	};
	const disk: Disk = {
		...nodeDisk,
		list: async (dir) => (check(dir), nodeDisk.list(dir)),
		stat: async (path) => (check(path), nodeDisk.stat(path)),
		find: async (root, relPath) => (check(join(root, relPath)), nodeDisk.find(root, relPath)),
		checkRoot: async (dir) => (check(dir), nodeDisk.checkRoot(dir)),
		open: async (path, found) => (check(path), nodeDisk.open(path, found)),
	};
	return { disk, faults };
}

/** The numbers are those of the list of edge cases that the watch engine answers for. */
describe('edge cases: what the system refuses', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('23 a folder that cannot be read: what is below it is held, the rest is followed', async () => {
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

	it('23 a file that cannot be opened: named, not waited for, tried again at the next full scan', async () => {
		const dir = await temp.make();
		for (const name of ['a', 'b']) await writeFile(join(dir, name), name);
		const { disk, faults } = faultyDisk();
		let opened = 0;
		const open: Disk['open'] = (path, found) => (path.endsWith('a') && (opened += 1), disk.open(path, found));
		faults.set(join(dir, 'a'), 'EACCES');
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { disk: { ...nodeDisk, open } });
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

	it('23 a file that could not be opened and went is forgotten', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'a');
		const { disk, faults } = faultyDisk();
		faults.set(join(dir, 'a'), 'EIO');
		const engine = await start(dir, createConsumer(), { disk: { ...nodeDisk, open: disk.open } });
		await engine.idle();
		await unlink(join(dir, 'a'));
		await engine.idle();
		await engine.idle();
		assert.equal(engine.explain('a').phase, null);
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
	});

	it("27 more events than the kernel's queue holds: what was reported to nobody is found by the scan", async function () {
		const limit = Number(await readFile('/proc/sys/fs/inotify/max_queued_events', 'utf8').catch(() => 'NaN'));
		// Not Linux, or a queue that a test cannot fill.
		if (!(limit <= 100_000)) return this.skip();
		const dir = await temp.make();
		for (const name of ['edited', 'removed']) await writeFile(join(dir, name), 'one');
		const hinted = new Set<string | null>();
		const hints: HintsFactory = (root) => {
			let watcher: FSWatcher | null = null;
			const start: Hints['start'] = (onHint) => {
				watcher = watch(root.dir, (_, name) => {
					hinted.add(name);
					onHint({ relPath: name ?? '', kind: 'file' });
				});
			};
			return { ...createHandHints().factory(root), start, close: async () => watcher?.close() };
		};
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { hints });
		await engine.idle();
		consumer.news();
		// This process is blocked meanwhile, so that the queue fills; equal events in a row would be merged.
		const fill = `i=0; while [ $i -lt ${Math.ceil(limit * 0.65)} ]; do echo >>b; echo >>c; i=$((i+1)); done`;
		const after = 'for n in 1 2 3; do echo new >late$n; done; echo two >edited; rm removed';
		execFileSync('sh', ['-c', `${fill}; ${after}`], { cwd: dir });
		await until(() => consumer.all.length === 7);
		await engine.idle();
		assert.deepEqual([...hinted].sort(), ['b', 'c'], 'the queue was overrun');
		const late = [1, 2, 3].map((number) => `created late${number}`);
		const wanted = ['changed edited', 'created b', 'created c', ...late, 'deleted removed'];
		assert.deepEqual(consumer.news(), wanted);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	for (const code of ['ENOSPC', 'EMFILE']) {
		it(`28 ${code} from the watcher, once for every folder: told once, and scans do without it`, async () => {
			const dir = await temp.make();
			const consumer = createConsumer();
			const logged: string[] = [];
			const fail: { now?: (error: unknown) => void } = {};
			const hints: HintsFactory = (root) => ({
				...createHandHints().factory(root),
				start: (_, onError) => void (fail.now = onError),
			});
			const log = (_: string, event: string, data: object) => {
				if (event.startsWith('hints')) logged.push(`${event} ${JSON.stringify(data)}`);
			};
			const engine = await start(dir, consumer, { hints, log });
			await engine.idle();
			await writeFile(join(dir, 'a'), 'x');
			for (let folder = 0; folder < 5; folder += 1) fail.now?.(Object.assign(new Error(code), { code }));
			await until(() => consumer.held()['a'] !== undefined);
			assert.deepEqual(logged, [`hints.failed {"root":"docs","code":"${code}"}`]);
		});
	}

	it('32 disk full for our state: nothing leaves that could not be noted; then all goes on, once', async () => {
		const dir = await temp.make();
		const file = join(await temp.make(), 'state.db');
		const open = () => createSqliteFileState({ file, clock: systemClock });
		let full = false;
		let refused = 0;
		const filling = (state: FileState): FileState => ({
			...state,
			async commit(change) {
				if (!full) return state.commit(change);
				refused += 1;
				throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
			},
		});
		await writeFile(join(dir, 'kept'), 'one');
		await writeFile(join(dir, 'gone'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { state: filling(open()) });
		await engine.idle();
		consumer.news();
		full = true;
		await writeFile(join(dir, 'new'), 'two');
		await unlink(join(dir, 'gone'));
		await engine.scanNow();
		await until(() => refused > 4);
		assert.deepEqual(consumer.all, []);
		assert.ok(engine.status().delivery.failures > 1);
		full = false;
		await engine.idle();
		// Full again just when the answer is to be noted: known here, and made up for as soon as there is room.
		consumer.answer = async (batch) => {
			full = true;
			return batch.map(() => ({ kind: 'delivered' as const }));
		};
		await writeFile(join(dir, 'new'), 'three');
		await engine.scanNow();
		await until(() => consumer.held()['new'] === sha256('three'));
		await until(() => engine.explain('new').phase === 'at rest');
		full = false;
		await engine.idle();
		await engine.close();
		assert.deepEqual(consumer.news(), ['changed new', 'created new', 'deleted gone']);
		const second = await start(dir, consumer, { state: open() });
		await second.idle();
		assert.deepEqual(consumer.news(), [], 'what was acknowledged is known after a restart');
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('34 a file system that reports nothing: found by the scans alone', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { state: newState(), settings: { scanEveryMs: 30 } });
		await engine.idle();
		await writeFile(join(dir, 'a'), 'one');
		await until(() => consumer.held()['a'] === sha256('one'));
		await writeFile(join(dir, 'a'), 'two!');
		await until(() => consumer.held()['a'] === sha256('two!'));
		await unlink(join(dir, 'a'));
		await until(() => consumer.held()['a'] === undefined);
		assert.deepEqual(consumer.news(), ['changed a', 'created a', 'deleted a']);
	});
});
