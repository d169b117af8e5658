import assert from 'node:assert/strict';
import { groupCommit } from '../../api/adapters/thread/group-commit.ts';
import type { ThreadCall } from '../../api/adapters/thread/thread-host.ts';

describe('group commit', () => {
	const setUp = (most: number) => {
		const done: string[] = [];
		const apart: string[] = [];
		/** A transaction each; what was undone is not there. */
		const transactions: string[][] = [];
		let open: string[] = [];
		const methods = {
			read: (name: string) => (open.push(`read ${name}`), name),
			write: (name: string) => (open.push(name), name),
			fail: (name: string) => {
				throw new Error(name);
			},
		};
		const batch = groupCommit({
			methods,
			transaction(work) {
				open = [];
				const results = work();
				transactions.push(open);
				return results;
			},
			sizeOf: () => 1,
			most,
			reads: new Set(['read']),
			apart: { copy: async (name: string) => void apart.push(`${name} within ${transactions.length}`) },
		});
		const call = (method: string, name: string): ThreadCall => ({
			method,
			args: [name],
			resolve: () => done.push(name),
			reject: () => done.push(`${name} failed`),
		});
		return { batch, call, done, apart, transactions };
	};
	const idle = { send: () => {}, arrived: () => [] };

	it('runs what waits together, cut where it is too much, and what reads before what writes', () => {
		const { batch, call, done, transactions } = setUp(2);
		batch([call('write', 'a'), call('read', 'r'), call('write', 'b'), call('write', 'c')], idle);
		assert.deepEqual(transactions, [['read r'], ['a', 'b'], ['c']]);
		assert.deepEqual(done, ['r', 'a', 'b', 'c']);
	});

	it('lets reads that come meanwhile go before the writes that wait', () => {
		const { batch, call, done, transactions } = setUp(1);
		const later = [[call('write', 'z'), call('read', 'r')], []];
		let sent = 0;
		batch([call('write', 'a'), call('write', 'b')], {
			send: () => (sent += 1),
			arrived: () => later.shift() ?? [],
		});
		assert.deepEqual(transactions, [['a'], ['read r'], ['b'], ['z']]);
		assert.deepEqual([done, sent], [['a', 'r', 'b', 'z'], 4], 'each is answered as soon as it is durable');
	});

	it('begins what stands apart before everything, in no transaction, and answers it when it is done', async () => {
		const { batch, call, done, apart, transactions } = setUp(9);
		batch([call('write', 'a'), call('copy', 'c'), call('write', 'b')], idle);
		assert.deepEqual([transactions, apart, done], [[['a', 'b']], ['c within 0'], ['a', 'b']]);
		await new Promise((resolve) => setImmediate(resolve));
		assert.deepEqual(done, ['a', 'b', 'c']);
	});

	it('keeps a failure alone, also of something that reads', () => {
		const { batch, call, done, transactions } = setUp(9);
		batch([call('write', 'a'), call('fail', 'f'), call('write', 'b')], idle);
		assert.deepEqual(done, ['a', 'f failed', 'b']);
		assert.deepEqual(transactions, [['a'], ['b']]);
	});
});
