import assert from 'node:assert/strict';
import { mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createWatchEngine } from '../../../nodes/watch/watch-engine.ts';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createConsumer, createHandHints, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('watch engine: what changes is sent once', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('sends every file that is there, with what the contract says of it', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'ü/b c'), { recursive: true });
		await writeFile(join(dir, 'ü/b c/ß.txt'), 'abc');
		await writeFile(join(dir, 'empty'), '');
		await writeFile(join(dir, '.hidden'), 'x');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		const [empty, text] = consumer.all.toSorted((a, b) => (a.docId < b.docId ? -1 : 1));
		const { mtimeMs } = await stat(join(dir, 'ü/b c/ß.txt'));
		const { sourceId, epoch } = engine.status();
		assert.deepEqual(text, {
			event: 'created',
			root: 'docs',
			path: join(dir, 'ü/b c/ß.txt'),
			relPath: 'ü/b c/ß.txt',
			docId: 'ü/b c/ß.txt',
			sourceId,
			epoch,
			seq: text?.seq,
			previousSha256: null,
			size: 3,
			mtimeMs: Math.floor(mtimeMs),
			sha256: sha256('abc'),
			xxh64: '44bc2cf5ad770999',
		});
		assert.ok(empty?.event === 'created' && empty.size === 0 && empty.sha256 === sha256(''));
		assert.deepEqual(consumer.held(), { empty: sha256(''), 'ü/b c/ß.txt': sha256('abc') });
	});

	it('reads a file that has long stood still at once, where the disk has the clock of the machine', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const clock = { ...systemClock, now: () => Date.now() + 120_000 };
		const quietMs = 60_000;
		const first = await start(dir, createConsumer(), { clock, settings: { quietMs } });
		await until(() => first.explain('a').phase === 'at rest');
		for (const options of [
			{ clock, settings: { quietMs, mode: 'poll' as const } },
			{ settings: { quietMs } },
		]) {
			const engine = await start(dir, createConsumer(), options);
			await engine.scanNow();
			assert.equal(engine.explain('a').phase, 'settling');
		}
	});

	it('follows an edit and a deletion', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		await writeFile(join(dir, 'b'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		await writeFile(join(dir, 'a'), 'two');
		await unlink(join(dir, 'b'));
		await engine.idle();
		const edit = consumer.all.find((it) => it.docId === 'a');
		assert.equal(edit?.previousSha256, sha256('one'));
		assert.deepEqual(consumer.news(), ['changed a', 'deleted b']);
		assert.equal(engine.explain('b').row, null);
	});

	it('sends nothing but the deletion of a file that changed just before it went', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, {
			hints: hints.factory,
			settings: { windowMs: 200, deletionDelayMs: 400 },
		});
		await engine.idle();
		consumer.news();
		await writeFile(join(dir, 'a'), 'two');
		hints.file('a');
		await until(() => engine.explain('a').phase === 'waiting to be sent');
		await unlink(join(dir, 'a'));
		hints.file('a');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted a']);
	});
});

describe('watch engine: restarts', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('sends again what was not acknowledged, even where the file went back to what was', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		await writeFile(join(dir, 'b'), 'one');
		const consumer = createConsumer();
		const first = await start(dir, consumer, { state });
		await first.idle();
		consumer.news();
		// The consumer takes the change, and the process ends before it could say so.
		consumer.answer = (_, signal) =>
			new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
		await writeFile(join(dir, 'a'), 'two');
		await unlink(join(dir, 'b'));
		await first.scanNow();
		await until(() => consumer.all.length === 2);
		await first.close();
		consumer.answer = null;
		await writeFile(join(dir, 'a'), 'one');
		await writeFile(join(dir, 'b'), 'one');
		consumer.news();
		const second = await start(dir, consumer, { state });
		await second.idle();
		assert.deepEqual(consumer.news(), ['changed a', 'changed b']);
	});

	it('sends a deletion again that was not acknowledged', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const first = await start(dir, consumer, { state });
		await first.idle();
		consumer.answer = (_, signal) =>
			new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
		await unlink(join(dir, 'a'));
		await first.scanNow();
		await until(() => consumer.all.length === 2);
		await first.close();
		consumer.answer = null;
		const second = await start(dir, consumer, { state });
		await second.idle();
		assert.deepEqual(consumer.held(), {});
		assert.equal(second.explain('a').row, null);
	});

	it('has made the seq durable when a change leaves', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const nextSeqs: number[] = [];
		consumer.answer = async (batch) => {
			const { nextSeq } = await state.open();
			nextSeqs.push(...batch.map((it) => nextSeq - it.seq));
			return batch.map(() => ({ kind: 'delivered' as const }));
		};
		await (await start(dir, consumer, { state })).idle();
		assert.deepEqual(nextSeqs, [1]);
	});

	it('takes a file that the settings no longer want as deleted, and keeps one that is too large for them', async () => {
		const dir = await temp.make();
		const state = newState();
		for (const name of ['a.txt', 'b.md', 'large.txt']) await writeFile(join(dir, name), name.repeat(9));
		const consumer = createConsumer();
		const first = await start(dir, consumer, { state });
		await first.idle();
		await first.close();
		consumer.news();
		const second = await start(dir, consumer, { state, settings: { include: ['*.txt'], maxFileBytes: 50 } });
		await second.idle();
		assert.deepEqual(consumer.news(), ['deleted b.md']);
		assert.deepEqual(second.status().roots[0]?.skipped, [
			{ relPath: 'large.txt', reason: 'the file is larger than the limit' },
		]);
	});
});

describe('watch engine: scans, hints and status', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('scans after a hint of anything', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		await engine.idle();
		const causes = [() => hints.file('never-was'), () => hints.directory('b')];
		for (const [n, cause] of causes.entries()) {
			await writeFile(join(dir, `f${n}`), 'x');
			cause();
			await until(() => consumer.held()[`f${n}`] !== undefined);
		}
	});

	it('does not put a scan off for ever while hints keep coming', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const hints = createHandHints();
		await start(dir, consumer, { hints: hints.factory, settings: { burstQuietMs: 60, burstMaxMs: 120 } });
		await writeFile(join(dir, 'unhinted'), 'x');
		await until(() => (hints.file('other'), consumer.held()['unhinted'] !== undefined));
	});

	it('says when it was last proven right, what it waits for, and what it knows of a file', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		let release = () => {};
		consumer.answer = async (batch) => {
			await new Promise<void>((resolve) => (release = resolve));
			return batch.map(() => ({ kind: 'delivered' as const }));
		};
		const before = Date.now();
		let reports = 0;
		const engine = await start(dir, consumer, { onStatus: () => (reports += 1) });
		assert.deepEqual(engine.status().roots[0]?.verifiedAt, null);
		await until(() => engine.explain('a').phase === 'in flight');
		await engine.scanNow();
		const { files, bytes, pending, inFlight, verifiedAt } = engine.status().roots[0] ?? assert.fail();
		assert.deepEqual({ files, bytes, pending, inFlight }, { files: 1, bytes: 3, pending: 0, inFlight: 1 });
		assert.ok(
			verifiedAt !== null && Date.parse(verifiedAt) >= before,
			'what was seen is proven, sent or not',
		);
		release();
		await engine.idle();
		assert.deepEqual([engine.status().roots[0]?.inFlight, engine.explain('a').phase], [0, 'at rest']);
		assert.equal(engine.explain('a').row?.note, 'delivered');
		assert.match(engine.explain('x/.git/y').excluded ?? '', /exclude/);
		await until(() => reports > 0);
	});

	it('proves by itself that what it saw is all there is', async () => {
		const dir = await temp.make();
		const consumer = createConsumer();
		const hints = createHandHints();
		const engine = await start(dir, consumer, { hints: hints.factory });
		await engine.idle();
		await writeFile(join(dir, 'a'), 'one');
		const written = new Date().toISOString();
		hints.file('a');
		await until(() => (engine.status().roots[0]?.verifiedAt ?? '') > written);
		await until(() => engine.status().roots[0]?.pending === 0);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('does not move verifiedAt for a scan that finds a difference', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { settings: { quietMs: 200 } });
		await engine.idle();
		const first = engine.status().roots[0]?.verifiedAt;
		await writeFile(join(dir, 'a'), 'two');
		await engine.scanNow();
		assert.equal(engine.status().roots[0]?.verifiedAt, first);
		await engine.idle();
		assert.ok((engine.status().roots[0]?.verifiedAt ?? '') > (first ?? ''));
	});

	it('does not move verifiedAt for a scan whose finds were seen to before it ended', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'slow'));
		await writeFile(join(dir, 'a'), 'one');
		let go = () => {};
		const list: Disk['list'] = async (path) => {
			if (path.endsWith('slow')) await new Promise<void>((resolve) => (go = resolve));
			return nodeDisk.list(path);
		};
		const engine = await start(dir, createConsumer(), { disk: { ...nodeDisk, list } });
		await until(() => engine.explain('a').phase === 'at rest');
		go();
		await until(() => engine.status().roots[0]?.lastScanAt !== null);
		assert.equal(engine.status().roots[0]?.verifiedAt, null);
		await until(() => (go(), engine.status().roots[0]?.verifiedAt !== null));
	});

	it('watches several roots: bare ids under the first, labelled ones under the others, for ever', async () => {
		const [one, two] = [await temp.make(), await temp.make()];
		const state = newState();
		await writeFile(join(one, 'a'), '1');
		await writeFile(join(two, 'a'), '2');
		await mkdir(join(one, 'two'));
		await writeFile(join(one, 'two/a'), 'clash');
		const roots = [
			{ label: 'one', dir: one },
			{ label: 'two', dir: two },
		];
		const consumer = createConsumer();
		const engine = await start(one, consumer, { state, roots });
		await engine.idle();
		assert.deepEqual(consumer.held(), { a: sha256('1'), 'two/a': sha256('2') });
		assert.match(engine.status().roots[0]?.skipped[0]?.reason ?? '', /called like another root/);
		await engine.close();
		consumer.news();
		await (await start(one, consumer, { state, roots: roots.reverse() })).idle();
		assert.deepEqual(consumer.news(), []);
	});

	it('refuses no roots and useless labels before it opens anything', () => {
		const deps = {
			state: newState(),
			hints: createHandHints().factory,
			clock: systemClock,
			deliver: createConsumer().deliver,
			log: () => {},
		};
		assert.throws(() => createWatchEngine({ ...deps, roots: [] }), TypeError);
		assert.throws(() => createWatchEngine({ ...deps, roots: [{ label: '', dir: '.' }] }), TypeError);
	});

	it('ends a wait for idle when it closes', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		consumer.answer = async () => Promise.reject(new Error('away'));
		const engine = await start(dir, consumer);
		const idle = assert.rejects(engine.idle(), /closes/);
		await until(() => consumer.calls() > 1);
		await engine.close();
		await idle;
	});
});
