import assert from 'node:assert/strict';
import { createDueQueue } from '../../../nodes/watch/due-queue.ts';
import { createWorkQueue } from '../../../nodes/watch/work-queue.ts';
import { fakeClock } from '../../support/fake-clock.ts';

describe('due queue', () => {
	it('hands each name on once, at its last time, never early', async () => {
		const clock = fakeClock();
		const seen: [string, number][] = [];
		const queue = createDueQueue({ clock, onDue: (name) => seen.push([name, clock.monotonic()]) });
		queue.set('late', 500);
		queue.set('a', 100);
		queue.set('b', 105);
		queue.set('moved', 50);
		queue.set('moved', 300);
		queue.set('dropped', 80);
		queue.delete('dropped');
		await clock.advance(1000);
		assert.deepEqual(seen, [
			['a', 100],
			['b', 120],
			['moved', 300],
			['late', 500],
		]);
		assert.equal(clock.pending(), 0);
	});

	it('hands nothing on after clear', async () => {
		const clock = fakeClock();
		const queue = createDueQueue({ clock, onDue: () => assert.fail('handed on') });
		queue.set('a', 10);
		queue.clear();
		await clock.advance(100);
	});
});

describe('work queue', () => {
	const turn = () => new Promise((resolve) => setImmediate(resolve));
	function make(parallel: number) {
		const ended = new Map<string, () => void>();
		const begun: string[] = [];
		const queue = createWorkQueue({
			parallel,
			run: (name) => (begun.push(name), new Promise((resolve) => ended.set(name, resolve))),
			onRest: () => {},
		});
		return { queue, begun, end: (name: string) => (ended.get(name)?.(), turn()) };
	}

	it('works on a name again when it was pushed meanwhile, and never twice at once', async () => {
		const { queue, begun, end } = make(4);
		queue.push('a');
		queue.push('a');
		queue.push('a');
		assert.deepEqual(begun, ['a']);
		await end('a');
		assert.deepEqual(begun, ['a', 'a']);
		await end('a');
		assert.deepEqual([begun.length, queue.size], [2, 0]);
	});

	it('keeps its bound, and a busy name does not hold up others', async () => {
		const { queue, begun, end } = make(2);
		for (const name of ['a', 'a', 'b', 'c']) queue.push(name);
		assert.deepEqual(begun, ['a', 'b']);
		await end('b');
		assert.deepEqual(begun, ['a', 'b', 'c']);
		await end('a');
		assert.deepEqual(begun, ['a', 'b', 'c', 'a']);
	});

	it('drops what waits when it closes, and waits for what runs', async () => {
		const { queue, begun, end } = make(1);
		queue.push('a');
		queue.push('b');
		let closed = false;
		const closing = queue.close().then(() => (closed = true));
		await turn();
		assert.equal(closed, false);
		await end('a');
		await closing;
		queue.push('c');
		assert.deepEqual(begun, ['a']);
	});
});
