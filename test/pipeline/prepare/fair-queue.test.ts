import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createFairQueue, createGate } from '../../../api/pipeline/prepare/fair-queue.ts';
import type { QueueKey, WorkClass } from '../../../api/domain/queue-key.ts';

const queueKey = (tenant: string, at: WorkClass = 0): QueueKey => ({ tenant, class: at });

describe('fair queue', () => {
	it('gives out everything once, each flow in order', () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom<WorkClass>(0, 1, 2))),
				(pushed) => {
					const queue = createFairQueue<string>();
					for (const [index, [tenant, at]] of pushed.entries())
						queue.push(queueKey(tenant, at), `${tenant}${at} ${index}`);
					const taken: string[] = [];
					for (let one = queue.take(); one !== undefined; one = queue.take()) taken.push(one);
					assert.equal(queue.size, 0);
					const inOrder = (items: readonly string[], name: string) =>
						items.filter((item) => item.startsWith(name));
					const all = pushed.map(([tenant, at], index) => `${tenant}${at} ${index}`);
					for (const name of new Set(all.map((item) => item.slice(0, 3))))
						assert.deepEqual(inOrder(taken, name), inOrder(all, name));
					assert.equal(taken.length, all.length);
				},
			),
		);
	});

	it('an edit does not stand behind a thousand others', () => {
		const queue = createFairQueue<string>();
		for (let n = 0; n < 3_000; n += 1) queue.push(queueKey('bulk', n % 2 === 0 ? 2 : 0), `bulk ${n}`);
		for (let n = 0; n < 1_100; n += 1) queue.take();
		queue.push(queueKey('live'), 'edit');
		assert.ok([queue.take(), queue.take(), queue.take()].includes('edit'));
	});

	it('what travels together is of one class', () => {
		const queue = createFairQueue<string>();
		for (let n = 0; n < 100; n += 1) queue.push(queueKey('bulk', 2), `bulk ${n}`);
		queue.push(queueKey('live'), 'edit');
		queue.push(queueKey('other'), 'edit of another');
		assert.deepEqual(queue.takeTogether(10), ['edit', 'edit of another']);
		assert.equal(queue.takeTogether(10).length, 10);
		assert.equal(queue.size, 90);
		assert.deepEqual(createFairQueue().takeTogether(10), []);
	});
});

describe('gate', () => {
	const { signal } = new AbortController();
	const turn = () => new Promise((resolve) => setImmediate(resolve));

	it('lets so many in at a time, and the next one for each that leaves, by turn', async () => {
		const gate = createGate(2);
		const inside: string[] = [];
		const leave = new Map<string, () => void>();
		const enter = (name: string, own: QueueKey) =>
			void gate.enter(own, 1, signal).then((out) => (inside.push(name), leave.set(name, out)));
		for (let n = 0; n < 5; n += 1) enter(`bulk ${n}`, queueKey('bulk', 2));
		await turn();
		enter('edit', queueKey('live'));
		await turn();
		assert.deepEqual(inside, ['bulk 0', 'bulk 1']);
		leave.get('bulk 0')?.();
		// Once is all it counts.
		leave.get('bulk 0')?.();
		await turn();
		assert.deepEqual(inside, ['bulk 0', 'bulk 1', 'edit']);
		leave.get('edit')?.();
		leave.get('bulk 1')?.();
		await turn();
		assert.equal(inside.length, 5);
	});

	it('who gives up is passed by, and holds no place', async () => {
		const gate = createGate(1);
		const out = await gate.enter(queueKey('a'), 1, signal);
		const stop = new AbortController();
		const given = gate.enter(queueKey('a'), 1, stop.signal);
		const other = gate.enter(queueKey('b'), 1, signal);
		stop.abort(new Error('no more'));
		await assert.rejects(given, /no more/);
		await assert.rejects(gate.enter(queueKey('a'), 1, stop.signal), /no more/);
		out();
		(await other)();
		(await gate.enter(queueKey('c'), 1, signal))();
	});
});
