import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAutoHints } from '../../../../nodes/watch/hints/auto.ts';
import { describeHints } from '../../../conformance/hints.ts';
import { until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';
import { follow, leadsTo, type Follower } from './follower.ts';
import { spyOnWatch } from './fs-watch.ts';

describeHints('auto in a small tree', createAutoHints);
describeHints('auto in a large tree', createAutoHints, { files: 5000 });

describe('auto hints', () => {
	const spy = spyOnWatch();
	let follower: Follower;
	let dir: string;
	let files: number;
	let made = 0;
	afterEach(() => follower.close());
	const temp = tempDirs();

	const start = async (count: number) => {
		dir = await temp.make();
		files = count;
		follower = follow(createAutoHints, { dir, files: () => files });
		await follower.quiet();
	};
	/** Chokidar knows a new directory for what it is, a watch for each directory knows its name alone. */
	const adapter = async () => {
		const name = `new${(made += 1)}`;
		const hints = await follower.hintedBy(() => mkdir(join(dir, name)), name);
		return hints.find((hint) => hint.relPath === name)?.kind === 'file' ? 'directories' : 'chokidar';
	};
	const grown = async (count: number) => {
		files = count;
		await follower.scan();
		await follower.quiet();
		return adapter();
	};

	it('leaves a small tree to chokidar, and takes it back when it has grown', async () => {
		await start(2000);
		assert.equal(await adapter(), 'chokidar');
		assert.equal(await grown(4000), 'chokidar');
		assert.equal(await grown(4001), 'directories');
		assert.equal(await grown(2001), 'directories');
		assert.equal(await grown(2000), 'chokidar');
	});

	it('keeps one watch a directory, whichever adapter it is', async () => {
		await start(10);
		await mkdir(join(dir, 'a/b'), { recursive: true });
		for (const count of [10, 5000, 10, 5000]) {
			await grown(count);
			const open = spy.open().filter((path) => path.startsWith(dir));
			assert.deepEqual(open.length, new Set(open).size);
			assert.deepEqual(
				['', '/a', '/a/b'].filter((it) => !open.includes(dir + it)),
				[],
			);
		}
	});

	it('takes a root that is away for no small tree', async () => {
		const parent = await temp.make();
		dir = join(parent, 'root');
		follower = follow(createAutoHints, { dir, files: () => 5000 });
		await follower.quiet();
		await follower.scan();
		await follower.quiet();
		await mkdir(dir);
		await follower.scan();
		assert.equal(await adapter(), 'directories');
		assert.ok(!spy.opened.some(({ path }) => path === parent));
	});

	it('loses no hint while it swaps', async () => {
		const counts = [3500, 4400, 10];
		await start(10);
		await mkdir(join(dir, 'sub'));
		await follower.quiet();
		let seen = follower.seen.length;
		for (let n = 0; n < 60; n += 1) {
			if (n % 10 === 0) {
				files = counts[(n / 10) % counts.length] ?? 0;
				void follower.scan();
			}
			const path = `sub/f${n}`;
			await writeFile(join(dir, path), 'x');
			await until(() => follower.seen.slice(seen).some((hint) => leadsTo(hint, path)));
			seen = follower.seen.length;
		}
		await follower.quiet();
	});

	for (const code of ['ENOSPC', 'EMFILE']) {
		it(`stays with what it has where ${code} leaves chokidar no watch, and does not try again`, async () => {
			await start(3000);
			spy.refuse(code);
			files = 10;
			await follower.scan();
			await follower.quiet();
			const asked = spy.asked();
			assert.ok(asked > 2);
			for (let turn = 0; turn < 3; turn += 1) await follower.scan();
			await follower.quiet();
			assert.equal(spy.asked(), asked);
			spy.refuse(null);
			assert.equal(await grown(10), 'directories');
			assert.deepEqual(follower.errors, []);
			assert.equal(await follower.hints.probe(1000), true);
		});
	}
});
