import assert from 'node:assert/strict';
import { chmod, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../nodes/watch/clock.ts';
import type { WatchSnapshot } from '../../../nodes/watch/snapshot.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import { createConsumer, engines, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

describe('snapshots: the end of an epoch’s first round', () => {
	const { start } = engines();
	const temp = tempDirs();

	async function folder(names: readonly string[]): Promise<string> {
		const dir = await temp.make();
		for (const name of names) await writeFile(join(dir, name), `content of ${name}`);
		return dir;
	}
	function taker(held = 0) {
		const taken: WatchSnapshot[] = [];
		return {
			taken,
			take: async (snapshot: WatchSnapshot) => {
				taken.push(snapshot);
				return { held: snapshot.confirmed ? 0 : held };
			},
		};
	}

	it('is told once, when all there is was delivered, and names what is there without having been', async () => {
		const dir = await folder(['a', 'b', 'refused', 'unreadable']);
		const file = join(await temp.make(), 'state.db');
		const state = () => createSqliteFileState({ file, clock: systemClock });
		const consumer = createConsumer();
		consumer.answer = async (batch) =>
			batch.map(({ docId }) =>
				docId === 'refused' ? { kind: 'failed', reason: 'type' } : { kind: 'delivered' },
			);
		const { taken, take } = taker();
		const isRoot = process.getuid?.() === 0;
		if (!isRoot) await chmod(join(dir, 'unreadable'), 0);
		const engine = await start(dir, consumer, { state: state(), snapshot: take });
		await engine.idle();
		await until(() => engine.status().snapshot.closed);
		const [snapshot, ...more] = taken;
		assert.deepEqual(more, []);
		const highest = Math.max(...consumer.all.map(({ seq }) => seq));
		const present = isRoot ? ['refused'] : ['refused', 'unreadable'];
		assert.deepEqual([...(snapshot?.present ?? [])].sort(), present);
		assert.ok((snapshot?.seq ?? 0) > highest);
		assert.equal(snapshot?.confirmed, false);
		await unlink(join(dir, 'a'));
		await engine.idle();
		await engine.close();
		const again = await start(dir, consumer, { state: state(), snapshot: take });
		await again.idle();
		assert.equal(again.status().snapshot.closed, true);
		assert.equal(taken.length, 1);
	});

	it('waits until a failing consumer has taken everything', async () => {
		const dir = await folder(['a', 'b']);
		const consumer = createConsumer();
		let fails = true;
		consumer.answer = async (batch) => {
			if (fails) throw new Error('away');
			return batch.map(() => ({ kind: 'delivered' }));
		};
		const { taken, take } = taker();
		const engine = await start(dir, consumer, { snapshot: take });
		await until(() => consumer.calls() > 3);
		assert.deepEqual(taken, []);
		fails = false;
		await engine.idle();
		await until(() => taken.length === 1);
	});

	it('is told again after a rejection, and where it is held only when a person agrees', async () => {
		const dir = await folder(['a']);
		const consumer = createConsumer();
		const { taken, take } = taker(9);
		let fails = true;
		const snapshot = async (one: WatchSnapshot) => {
			if (!fails) return take(one);
			fails = false;
			throw new Error('away');
		};
		const engine = await start(dir, consumer, { snapshot, settings: { retryMaxMs: 1 } });
		await engine.idle();
		await engine.scanNow();
		await until(() => engine.status().snapshot.held === 9);
		await engine.scanNow();
		await engine.idle();
		assert.equal(taken.length, 1);
		assert.equal(engine.release(), 9);
		await until(() => engine.status().snapshot.closed);
		assert.deepEqual(
			taken.map(({ confirmed }) => confirmed),
			[false, true],
		);
		assert.deepEqual(engine.status().snapshot, { closed: true, held: 0 });
	});
});
