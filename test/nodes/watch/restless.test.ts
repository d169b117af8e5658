import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import type { WatchSnapshot } from '../../../nodes/watch/snapshot.ts';
import { createConsumer, engines, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('a file that never stands still', () => {
	const temp = tempDirs();
	const { start } = engines();

	/** Whatever looks at the log finds that a line was added since the last look. */
	async function growing() {
		const dir = await temp.make();
		await writeFile(join(dir, 'log'), 'begin');
		await writeFile(join(dir, 'a'), 'one');
		const log = { isGrowing: true };
		const grow = (path: string) => {
			// A look that is still under way when the folder is removed must not bring the file back.
			if (log.isGrowing && path.endsWith('log') && existsSync(path)) appendFileSync(path, ' more');
		};
		const disk: Disk = {
			...nodeDisk,
			stat: (path) => (grow(path), nodeDisk.stat(path)),
			find: (root, relPath) => (grow(join(root, relPath)), nodeDisk.find(root, relPath)),
			open: (path, found) => (grow(path), nodeDisk.open(path, found)),
		};
		const snapshots: WatchSnapshot[] = [];
		const over = {
			disk,
			settings: { longestWaitMs: 100 },
			snapshot: async (one: WatchSnapshot) => (snapshots.push(one), { held: 0 }),
		};
		return { dir, log, over, snapshots, consumer: createConsumer() };
	}

	it('is taken as it is, again and again, and whole in the end', async () => {
		const { dir, log, over, consumer } = await growing();
		const engine = await start(dir, consumer, { ...over, outcomesAreFinal: true });
		const told = () => consumer.all.filter(({ docId }) => docId === 'log');
		await until(() => told().length >= 3);
		const sizes = told().map((change) => (change.event === 'deleted' ? -1 : change.size));
		assert.deepEqual(
			sizes,
			sizes.toSorted((a, b) => a - b),
		);
		const text = `begin${' more'.repeat(10_000)}`;
		for (const change of told()) {
			assert.ok(change.event !== 'deleted');
			assert.equal(change.sha256, sha256(text.slice(0, change.size)), 'what it was at that time');
		}
		log.isGrowing = false;
		await until(() => engine.status().roots[0]?.restless.length === 0);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('holds up neither the proof for the others, nor the end of the first round, nor those who wait', async () => {
		const { dir, over, consumer, snapshots } = await growing();
		const engine = await start(dir, consumer, { ...over, outcomesAreFinal: true });
		await until(() => engine.status().roots[0]?.restless[0] === 'log');
		await engine.idle();
		assert.notEqual(engine.status().roots[0]?.verifiedAt, null);
		assert.deepEqual(engine.status().roots[0]?.restless, ['log'], 'it still moves');
		await until(() => snapshots.length > 0);
		assert.deepEqual(snapshots[0]?.present, ['log'], 'it is there, and must not be let go of');
		const before = engine.status().roots[0]?.verifiedAt;
		await writeFile(join(dir, 'a'), 'two');
		await engine.idle();
		assert.equal(consumer.held()['a'], sha256('two'));
		assert.notEqual(engine.status().roots[0]?.verifiedAt, before);
	});

	it('is told again and again where the consumer reads by itself, and holds up nobody there either', async () => {
		const { dir, log, over, consumer, snapshots } = await growing();
		consumer.answer = async (batch) => batch.map(() => ({ kind: 'delivered', check: true }));
		const engine = await start(dir, consumer, over);
		await until(() => consumer.all.filter(({ docId }) => docId === 'log').length >= 2);
		await until(() => snapshots.length > 0);
		assert.equal(engine.explain('log').row?.delivered, null, 'nobody knows what was read');
		log.isGrowing = false;
		await until(() => engine.status().roots[0]?.restless.length === 0);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(engine.explain('log').row?.delivered?.sha256, consumer.held()['log']);
	});
});
