import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createChokidarHints } from '../../../../nodes/watch/hints/chokidar.ts';
import type { Hint } from '../../../../nodes/watch/hints/port.ts';
import { createConsumer, engines, treeOf, until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';

describe('chokidar hints', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('hints at files and directories by their path under the root, and at nothing excluded', async () => {
		const dir = await temp.make();
		await mkdir(join(dir, 'sub'));
		await mkdir(join(dir, '.git'));
		await writeFile(join(dir, 'sub/old'), 'x');
		const seen: string[] = [];
		const hints = createChokidarHints({ dir, excludes: (relPath) => relPath.startsWith('.') });
		hints.start(
			({ relPath, kind }: Hint) => void seen.push(`${kind} ${relPath}`),
			(error) => assert.fail(String(error)),
		);
		// The root is hinted at once it is armed.
		await until(() => seen.includes('directory '));
		await writeFile(join(dir, '.git/x'), 'x');
		await writeFile(join(dir, 'sub/new'), 'x');
		await until(() => seen.includes('file sub/new'));
		await unlink(join(dir, 'sub/old'));
		await until(() => seen.includes('file sub/old'));
		await mkdir(join(dir, 'dir'));
		await until(() => seen.includes('directory dir'));
		await hints.close();
		const before = seen.length;
		await writeFile(join(dir, 'sub/late'), 'x');
		assert.equal(seen.length, before);
		assert.ok(!seen.some((it) => it.includes('.git')));
	});

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
