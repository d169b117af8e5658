import assert from 'node:assert/strict';
import fs, { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rmdir, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { createDirectoryHints } from '../../../../nodes/watch/hints/directories.ts';
import { describeHints } from '../../../conformance/hints.ts';
import { until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';
import { follow, type Follower } from './follower.ts';
import { spyOnWatch } from './fs-watch.ts';

describeHints('directories', createDirectoryHints);

describe('directory hints', () => {
	const spy = spyOnWatch();
	const realStat = fs.statSync;
	let follower: Follower | null = null;
	afterEach(async () => {
		Object.assign(fs, { statSync: realStat });
		syncBuiltinESMExports();
		await follower?.close();
		follower = null;
	});
	const temp = tempDirs();
	const countStats = () => {
		let count = 0;
		Object.assign(fs, {
			statSync: (...all: Parameters<typeof realStat>) => {
				count += 1;
				return realStat(...all);
			},
		});
		syncBuiltinESMExports();
		return () => count;
	};

	it('opens one watch a directory and none a file, and closes those of directories that went', async () => {
		const dir = await temp.make();
		const outside = await temp.make();
		for (let n = 0; n < 150; n += 1) await mkdir(join(dir, `x/d${n}`), { recursive: true });
		for (let n = 0; n < 150; n += 1) await writeFile(join(dir, `x/d${n}/f`), 'x');
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		const below = () => spy.open().filter((path) => path.startsWith(dir)).length;
		assert.equal(below(), 152);
		await follower.hintedBy(() => rename(join(dir, 'x'), join(outside, 'x')), 'x');
		await until(() => below() === 1);
	});

	it('arms a few directories a turn, the root at once', async () => {
		const dir = await temp.make();
		for (let n = 0; n < 300; n += 1) await mkdir(join(dir, `d${n}`));
		const hints = createDirectoryHints({
			dir,
			excludes: () => false,
			includes: () => true,
			followLinks: false,
			clock: systemClock,
		});
		hints.start(
			() => {},
			() => {},
		);
		hints.cover('');
		const isOpen = (path: string) => spy.open().includes(join(dir, path));
		assert.ok(isOpen(''));
		for (let n = 0; n < 300; n += 1) hints.cover(`d${n}`);
		let before = spy.asked();
		while (!isOpen('d299')) {
			await new Promise((done) => setImmediate(done));
			assert.ok(spy.asked() - before <= 64);
			before = spy.asked();
		}
		await hints.close();
	});

	it('looks up none of the names of a burst', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'sub'));
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		const stats = countStats();
		const { seen } = follower;
		const before = seen.length;
		for (let n = 0; n < 500; n += 1) writeFileSync(join(dir, `sub/f${n}`), 'x');
		await until(() => new Set(seen.slice(before).map((hint) => hint.relPath)).size === 500);
		await follower.quiet();
		// Two directories after each scan.
		assert.ok(stats() <= 2 * follower.scans());
	});

	it('an error of one watch costs that watch alone, until the next scan', async () => {
		const dir = await temp.make();
		for (const it of ['a', 'b']) await mkdir(join(dir, it));
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		const watcher = spy.opened.find(({ path }) => path === join(dir, 'a'))?.watcher;
		const open = spy.open().length;
		const { errors, hintedBy } = follower;
		const hints = await hintedBy(
			() => watcher?.emit('error', Object.assign(new Error('gone wrong'), { code: 'EPERM' })),
			'a',
		);
		assert.deepEqual(errors, ['EPERM']);
		assert.deepEqual(hints, [{ relPath: 'a', kind: 'directory' }]);
		assert.equal(spy.open().length, open);
		await hintedBy(() => writeFile(join(dir, 'a/f'), 'x'), 'a/f');
		await hintedBy(() => writeFile(join(dir, 'b/f'), 'x'), 'b/f');
	});

	it('lets go of a directory that was moved at once, without a scan', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'old/sub'), { recursive: true });
		const clock = systemClock;
		const hints = createDirectoryHints({
			dir,
			excludes: () => false,
			includes: () => true,
			followLinks: false,
			clock,
		});
		hints.start(
			() => {},
			() => {},
		);
		for (const it of ['', 'old', 'old/sub']) hints.cover(it);
		const isWatched = (it: string) => spy.open().includes(join(dir, it));
		await until(() => isWatched('old/sub'));
		await rename(join(dir, 'old'), join(dir, 'new'));
		await until(() => !isWatched('old') && !isWatched('old/sub'));
		assert.ok(isWatched(''));
		await hints.close();
	});

	it('knows the directories that it watches from files', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'a'));
		follower = follow(createDirectoryHints, { dir });
		const gone = await follower.hintedBy(() => rmdir(join(dir, 'a')), 'a');
		assert.deepEqual(
			gone.filter((hint) => hint.relPath === 'a' && hint.kind === 'file'),
			[],
		);
	});

	it('does not hint by the old name where a link to the new one was left', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'old/sub'), { recursive: true });
		follower = follow(createDirectoryHints, { dir });
		const move = () => {
			// In one turn, so that nobody sees the gap.
			renameSync(join(dir, 'old'), join(dir, 'new'));
			symlinkSync(join(dir, 'new'), join(dir, 'old'));
		};
		await follower.hintedBy(move, 'new');
		await follower.quiet();
		const before = follower.seen.length;
		await writeFile(join(dir, 'new/f'), 'x');
		await follower.hintedBy(() => writeFile(join(dir, 'new/sub/f'), 'x'), 'new/sub/f');
		assert.deepEqual(
			follower.seen.slice(before).filter((hint) => hint.relPath.startsWith('old')),
			[],
		);
	});

	it('tries for one more watch a scan where there was none left, and for all once there is', async () => {
		const dir = await temp.make();
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		spy.refuse('ENOSPC');
		const names = Array.from({ length: 100 }, (_, n) => `d${n}`);
		for (const it of names) await mkdir(join(dir, it));
		await follower.quiet();
		const [asked, scans] = [spy.asked(), follower.scans()];
		for (let turn = 0; turn < 3; turn += 1) await follower.scan();
		await follower.quiet();
		assert.equal(spy.asked() - asked, follower.scans() - scans);
		spy.refuse(null);
		await follower.scan();
		await until(() => names.every((it) => spy.open().includes(join(dir, it))));
		assert.deepEqual(follower.errors, ['ENOSPC']);
	});

	it('can be probed again when there are watches again', async () => {
		const dir = await temp.make();
		spy.refuse('EMFILE');
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		assert.equal(await follower.hints.probe(20), true);
		spy.refuse(null);
		await follower.scan();
		assert.equal(await follower.hints.probe(1000), true);
		for (const { watcher } of spy.opened) watcher.close();
		assert.equal(await follower.hints.probe(20), false);
	});

	it('says of a directory that cannot be watched once, not at every scan', async () => {
		const dir = await temp.make();
		for (const it of ['a', 'b']) await mkdir(join(dir, it));
		spy.refuse('EACCES', (path) => !path.startsWith(join(dir, 'a')));
		follower = follow(createDirectoryHints, { dir });
		await follower.quiet();
		await follower.scan();
		await follower.quiet();
		assert.deepEqual(follower.errors, ['EACCES']);
		spy.refuse(null);
		await follower.scan();
		await follower.hintedBy(() => writeFile(join(dir, 'a/f'), 'x'), 'a/f');
	});
});
