import assert from 'node:assert/strict';
import { existsSync, watch } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { createFilter } from '../../../../nodes/watch/filter.ts';
import { createDirectoryHints } from '../../../../nodes/watch/hints/directories.ts';
import { createProbeDir } from '../../../../nodes/watch/hints/probe.ts';
import { DEFAULT_SETTINGS } from '../../../../nodes/watch/settings.ts';
import { until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';
import { follow } from './follower.ts';

describe('probe directory', () => {
	const temp = tempDirs();
	const { TMPDIR } = process.env;
	afterEach(() => {
		if (TMPDIR === undefined) delete process.env['TMPDIR'];
		else process.env['TMPDIR'] = TMPDIR;
	});
	const noError = (error: unknown) => assert.fail(String(error));

	it('believes a watcher that reports, and only while it does', async () => {
		const probe = createProbeDir(systemClock, noError);
		const watcher = watch(probe.dir ?? '', () => probe.seen());
		assert.equal(await probe.probe(1000), true);
		watcher.close();
		assert.equal(await probe.probe(20), false);
		await probe.close();
	});

	it('gives a single change that was lost another chance', async () => {
		const probe = createProbeDir(systemClock, noError);
		let changes = 0;
		const watcher = watch(probe.dir ?? '', () => (changes += 1) > 1 && probe.seen());
		assert.equal(await probe.probe(1000), true);
		watcher.close();
		await probe.close();
	});

	it('knows its own paths from others', async () => {
		const probe = createProbeDir(systemClock, noError);
		const dir = probe.dir ?? '';
		assert.deepEqual(
			[dir, join(dir, 'beat'), `${dir}2`, join(dir, '..'), ''].map((path) => probe.holds(path)),
			[true, true, false, false, false],
		);
		await probe.close();
		assert.equal(existsSync(dir), false);
	});

	it('takes a watcher for dead whose directory somebody removed', async () => {
		const probe = createProbeDir(systemClock, noError);
		await rm(probe.dir ?? '', { recursive: true });
		assert.equal(await probe.probe(1000), false);
		await probe.close();
	});

	it('knows nothing, and says so once, where there is no place for it', async () => {
		const root = await temp.make();
		process.env['TMPDIR'] = join(root, 'none');
		const follower = follow(createDirectoryHints, { dir: root });
		await until(() => follower.errors.length > 0);
		await follower.hintedBy(() => writeFile(join(root, 'f'), 'x'), 'f');
		assert.deepEqual(follower.errors, ['ENOENT']);
		assert.equal(await follower.hints.probe(20), true);
		await follower.close();
	});

	it('hears what waited behind the timer in a process that was busy', async () => {
		let waits = 0;
		const after = (_ms: number, run: () => void) => {
			// The last wait ends with the sighting still in the queue.
			if ((waits += 1) === 2) setImmediate(() => probe.seen());
			queueMicrotask(run);
			return () => {};
		};
		const probe = createProbeDir({ ...systemClock, after }, noError);
		assert.equal(await probe.probe(1000), true);
		await probe.close();
	});

	it('is hidden, so that a root that holds it leaves it out by default', async () => {
		const probe = createProbeDir(systemClock, noError);
		assert.ok(createFilter(DEFAULT_SETTINGS).excludes(basename(probe.dir ?? '')));
		await probe.close();
	});

	it('lets go of whoever waits when it is closed', async () => {
		let waits = 0;
		const after = () => {
			waits += 1;
			return () => {};
		};
		const probe = createProbeDir({ ...systemClock, after }, noError);
		const probing = probe.probe(600_000);
		await until(() => waits === 1);
		await probe.close();
		assert.equal(await probing, true);
	});
});
