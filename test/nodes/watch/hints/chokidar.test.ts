import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createChokidarHints } from '../../../../nodes/watch/hints/chokidar.ts';
import { describeHints } from '../../../conformance/hints.ts';
import { createConsumer, engines, treeOf, until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';

describeHints('chokidar', createChokidarHints);

describe('chokidar hints', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('makes a change arrive by itself, without a scan being asked for', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		await start(dir, consumer, { hints: createChokidarHints });
		const arrived = async (change: () => Promise<unknown>) => {
			await change();
			const tree = JSON.stringify(Object.entries(await treeOf(dir)).sort());
			await until(() => JSON.stringify(Object.entries(consumer.held()).sort()) === tree);
		};
		await arrived(async () => {});
		await arrived(() => writeFile(join(dir, 'a'), 'two'));
		await arrived(() =>
			mkdir(join(dir, 'x/y'), { recursive: true }).then(() => writeFile(join(dir, 'x/y/z'), 'deep')),
		);
		await arrived(() => rename(join(dir, 'x'), join(dir, 'w')));
		await arrived(() => unlink(join(dir, 'a')));
		await arrived(() => rm(join(dir, 'w'), { recursive: true }));
	});

	it('watches a root that is a symbolic link', async () => {
		const real = await temp.make();
		await mkdir(join(real, 'sub'));
		const dir = join(await temp.make(), 'link');
		await symlink(real, dir);
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { hints: createChokidarHints });
		await engine.idle();
		await writeFile(join(real, 'sub/a'), 'one');
		await until(() => consumer.held()['sub/a'] !== undefined);
		await unlink(join(real, 'sub/a'));
		await until(() => consumer.held()['sub/a'] === undefined);
	});

	it('outlives its root', async () => {
		const dir = join(await temp.make(), 'root');
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { hints: createChokidarHints });
		await engine.idle();
		await mkdir(dir);
		await writeFile(join(dir, 'a'), 'one');
		await engine.idle();
		await rm(dir, { recursive: true });
		await engine.idle();
		await mkdir(dir);
		await writeFile(join(dir, 'a'), 'one');
		await engine.idle();
		await writeFile(join(dir, 'b'), 'two');
		await until(() => consumer.held()['b'] !== undefined);
		assert.deepEqual(consumer.news(), ['created a', 'created b']);
	});
});
