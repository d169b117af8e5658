import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseReason } from '../../../nodes/watch/mass-delete-guard.ts';
import type { RootChange } from '../../../nodes/watch/root-identity.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import type { WatchEngine } from '../../../nodes/watch/watch-engine.ts';
import { createConsumer, createHandHints, engines, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('mass-delete guard: when deletions are paused', () => {
	const settings = { guardShare: 0.2, guardFloor: 4 };
	const hold = (gone: number, before: number, root: RootChange = 'same', isAll = gone === before) =>
		pauseReason({ gone, before, known: before, isAll, root }, settings) !== null;

	it('holds more than a fifth, if it is more than a few files', () => {
		assert.deepEqual(
			[hold(4, 20), hold(5, 20), hold(20, 20), hold(20, 100), hold(21, 100)],
			[false, true, true, false, true],
		);
	});
	it('holds the loss of a small folder too, and lets people take out a few files of it, or all of a few', () => {
		assert.deepEqual(
			[hold(1, 1), hold(4, 4), hold(4, 10), hold(5, 5), hold(5, 10), hold(19, 19)],
			[false, false, false, true, true, true],
		);
	});
	it('holds any number where the root was replaced and nothing of it is left', () => {
		assert.deepEqual(
			[hold(1, 1, 'other'), hold(3, 3, 'other'), hold(2, 3, 'other'), hold(0, 0, 'other')],
			[true, true, false, false],
		);
		assert.equal(hold(3, 9, 'other', true), true, 'the other six came with the new folder');
	});
	it('holds all of several where nobody can tell whether the root was replaced, and lets the last one go', () => {
		assert.deepEqual(
			[hold(1, 1, 'unsure'), hold(2, 2, 'unsure'), hold(3, 3, 'unsure'), hold(2, 3, 'unsure')],
			[false, true, true, false],
		);
	});
	it('holds nothing where it is switched off', () => {
		const all = { gone: 30, before: 30, known: 30, isAll: true, root: 'other' as const };
		assert.equal(pauseReason(all, { ...settings, guardShare: 1 }), null);
	});
});

describe('mass-delete guard: folders that lose their files', () => {
	const { start } = engines();
	const temp = tempDirs();
	const names = (count: number) => Array.from({ length: count }, (_, n) => `f${n}`);
	const root = (engine: WatchEngine) => engine.status().roots[0] ?? assert.fail();

	async function folder(count: number): Promise<string> {
		const dir = join(await temp.make(), 'root');
		await mkdir(dir);
		for (const name of names(count)) await writeFile(join(dir, name), `content of ${name}`);
		return dir;
	}

	it('holds a loss of more than a fifth, says why, and goes on with all else', async () => {
		const dir = await folder(20);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		for (const name of names(5)) await unlink(join(dir, name));
		await engine.idle();
		assert.deepEqual(consumer.news(), []);
		assert.equal(root(engine).held?.count, 5);
		assert.match(root(engine).held?.reason ?? '', /5 of 20 files are gone/);
		assert.equal(engine.explain('f0').phase, 'held');
		assert.notEqual(root(engine).digest, '0'.repeat(64));
		await writeFile(join(dir, 'new'), 'new');
		await writeFile(join(dir, 'f9'), 'edited');
		await engine.idle();
		assert.deepEqual(consumer.news(), ['changed f9', 'created new']);
		assert.equal(root(engine).held?.count, 5);
		// New files do not dilute the loss.
		for (const name of names(40)) await writeFile(join(dir, `new ${name}`), name);
		await engine.idle();
		await unlink(join(dir, 'f5'));
		await engine.idle();
		assert.equal(root(engine).held?.count, 6);
		assert.match(root(engine).held?.reason ?? '', /^6 of 20 files/);
		// More are gone than there were: it is told of all that were known by then.
		for (const name of names(40)) await unlink(join(dir, `new ${name}`));
		await engine.idle();
		assert.match(root(engine).held?.reason ?? '', /^46 of 61 files/);
		assert.equal(root(engine).held?.count, 46);
	});

	it('lets go of what is left when enough files are back', async () => {
		const dir = await folder(20);
		const aside = await temp.make();
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		for (const name of names(8)) await rename(join(dir, name), join(aside, name));
		await engine.idle();
		assert.equal(root(engine).held?.count, 8);
		for (const name of names(6)) await rename(join(aside, name), join(dir, name));
		await engine.idle();
		await engine.idle();
		assert.deepEqual(consumer.news(), ['deleted f6', 'deleted f7']);
		assert.equal(root(engine).held, null);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('lets all of it go when a person says so, and guards again afterwards', async () => {
		const dir = await folder(60);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		// No scan is under way that would find the first of them gone before the others.
		await engine.scanNow();
		for (const name of names(30)) await unlink(join(dir, name));
		await engine.idle();
		assert.equal(root(engine).held?.count, 30);
		engine.release('docs');
		await engine.idle();
		assert.equal(consumer.news().length, 30);
		assert.deepEqual(consumer.held(), await treeOf(dir));
		for (const name of await readdir(dir)) await unlink(join(dir, name));
		await engine.idle();
		assert.equal(root(engine).held?.count, 30);
		assert.deepEqual(consumer.news(), []);
	});

	it('counts every file that went before it decides about the first', async () => {
		const dir = await folder(100);
		const hints = createHandHints();
		const consumer = createConsumer();
		const engine = await start(dir, consumer, {
			hints: hints.factory,
			settings: { deletionDelayMs: 5, burstQuietMs: 60_000, burstMaxMs: 60_000 },
		});
		await engine.idle();
		consumer.news();
		for (const name of names(50)) await unlink(join(dir, name));
		// One hint: its delay is over long before any other of the fifty is noticed by hints.
		hints.file('f0');
		await until(() => root(engine).held !== null);
		assert.equal(root(engine).held?.count, 50);
		assert.deepEqual(consumer.news(), []);
	});

	it('decides about a deletion as soon as a scan has counted what else went', async () => {
		const dir = await folder(100);
		const hints = createHandHints();
		const consumer = createConsumer();
		const settings = { deletionDelayMs: 5, burstQuietMs: 60_000, burstMaxMs: 60_000 };
		const engine = await start(dir, consumer, { hints: hints.factory, settings });
		await engine.idle();
		consumer.news();
		await unlink(join(dir, 'f0'));
		hints.file('f0');
		await until(() => consumer.all.length > 0);
		assert.deepEqual(consumer.news(), ['deleted f0']);
	});

	it('holds even a few files where the folder was emptied and made anew, over a restart as well', async () => {
		const dir = await folder(3);
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const consumer = createConsumer();
		let engine = await start(dir, consumer, { state: state() });
		await engine.idle();
		await engine.scanNow();
		consumer.news();
		await engine.close();
		await rename(dir, `${dir}.old`);
		await mkdir(dir);
		engine = await start(dir, consumer, { state: state() });
		await engine.idle();
		assert.match(root(engine).held?.reason ?? '', /another one than before/);
		assert.deepEqual(consumer.news(), []);
		await rm(dir, { recursive: true });
		await rename(`${dir}.old`, dir);
		await engine.idle();
		assert.equal(root(engine).held, null);
		assert.deepEqual(consumer.news(), []);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('does not move verifiedAt while it holds', async () => {
		const dir = await folder(20);
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		await rm(dir, { recursive: true });
		await mkdir(dir);
		await engine.idle();
		const { verifiedAt } = root(engine);
		assert.notEqual(root(engine).held, null);
		await engine.scanNow();
		assert.equal(root(engine).verifiedAt, verifiedAt);
	});
});
