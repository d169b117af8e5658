import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { openThread, type Thread } from '../../api/adapters/thread/thread-client.ts';
import { type DocDropError, isDocDropError } from '../../api/errors.ts';
import { forward } from '../../api/adapters/thread/forward.ts';
import { threadFile } from '../../api/adapters/thread/thread-files.ts';
import type { TestMethods } from './thread.worker.ts';

describe('a thread of its own', () => {
	let log: Int32Array;
	let thread: Thread<TestMethods>;
	const closed = () => log[1];

	function start(batched = false, isApart = false): Thread<TestMethods> {
		log = new Int32Array(new SharedArrayBuffer(12));
		thread = openThread<TestMethods>({
			file: new URL('./thread.worker.ts', import.meta.url),
			workerData: { batched, log },
			isApart,
		});
		return thread;
	}
	function unblock() {
		Atomics.store(log, 0, 1);
		Atomics.notify(log, 0);
	}
	afterEach(async () => {
		unblock();
		await thread.close().catch(() => undefined);
	});

	it('answers sync and async methods, each call its own result', async () => {
		const { call } = start();
		const calls = Array.from({ length: 50 }, (_, index) => call('add', index, 1));
		const later = call('later', 'word');
		assert.deepEqual(
			await Promise.all(calls),
			Array.from({ length: 50 }, (_, index) => index + 1),
		);
		assert.equal(await later, 'word');
	});

	it('sends what is called in one turn in one message, microtasks included', async () => {
		const messages: unknown[] = [];
		process.once('worker', (worker: Worker) => {
			const post = worker.postMessage.bind(worker);
			worker.postMessage = (message: unknown) => {
				messages.push(message);
				post(message);
			};
		});
		const { call } = start();
		await new Promise((resolve) => setImmediate(resolve));
		const now = [call('add', 1, 1), call('add', 2, 2)];
		await Promise.resolve();
		assert.deepEqual(await Promise.all([...now, call('add', 3, 3)]), [2, 4, 6]);
		assert.equal(messages.length, 1);
	});

	it('names its methods once what they need is open', async () => {
		const methods = await start(true).open();
		assert.deepEqual(
			['add', 'fail', 'batchSize'].filter((name) => !methods.includes(name as 'add')),
			[],
		);
		const { add } = forward<TestMethods>(methods, thread.call);
		assert.equal(await add(1, 2), 3);
	});

	it('sends each call apart where it is to hold the arguments of one alone', async () => {
		const messages: unknown[] = [];
		process.once('worker', (worker: Worker) => {
			const post = worker.postMessage.bind(worker);
			worker.postMessage = (message: unknown) => (messages.push(message), post(message));
		});
		start(false, true);
		await new Promise((resolve) => setImmediate(resolve));
		assert.deepEqual(await Promise.all([thread.call('add', 1, 1), thread.call('add', 2, 2)]), [2, 4]);
		assert.equal(messages.length, 2);
	});

	it('rejects what is open when it is ended at once', async () => {
		start();
		const never = failure(thread.call('never'));
		assert.equal(thread.load(), 1);
		await thread.terminate();
		assert.equal((await never).code, 'store_unavailable');
		assert.equal(thread.load(), 0);
	});

	it('clones bytes and leaves the caller its own', async () => {
		const { call } = start();
		const mine = new Uint8Array([1, 2, 3]);
		assert.deepEqual(await call('bytes', mine), new Uint8Array([2, 3, 4]));
		assert.deepEqual(mine, new Uint8Array([1, 2, 3]));
	});

	it('brings errors of the table over whole', async () => {
		const { call } = start();
		const error = await failure(call('fail'));
		const { code, message, field, retryAfterMs } = error;
		assert.deepEqual(
			{ code, message, field, retryAfterMs },
			{
				code: 'disk_full',
				message: 'the disk is full',
				field: 'f',
				retryAfterMs: 7,
			},
		);
		assert.equal((await failure(call('failLater'))).code, 'rate_limited');
		assert.equal(await call('add', 1, 1), 2);
	});

	it('hides what a defect says, but keeps its stack as the cause', async () => {
		const error = await failure(start().call('defect'));
		assert.equal(error.code, 'internal');
		assert.equal(error.message.includes('secret'), false);
		assert.match(String(error.cause), /TypeError: with a secret in it\n.*thread\.worker\.ts/);
	});

	it('rejects only the call whose argument or result cannot be cloned', async () => {
		const { call } = start();
		const fine = call('add', 1, 2);
		const argument = failure(call('later', (() => 'x') as unknown as string));
		const result = failure(call('uncloneable'));
		const alsoFine = call('add', 3, 4);
		assert.equal((await argument).code, 'internal');
		assert.equal((await result).code, 'internal');
		assert.deepEqual([await fine, await alsoFine], [3, 7]);
	});

	it('lets the host turn errors of a library into those of the table', async () => {
		const error = await failure(start().call('mapped'));
		assert.deepEqual([error.code, error.message], ['store_corrupt', 'mapped']);
	});

	it('rejects a method that is not there', async () => {
		const { call } = start();
		assert.equal((await failure(call('absent' as 'never'))).code, 'internal');
	});

	for (const way of ['crash', 'exit'] as const) {
		it(`rejects every call, then and later, when the thread ends by itself (${way})`, async () => {
			start();
			const before = failure(thread.call('never'));
			assert.equal(thread.lost(), false);
			void thread.call(way).catch(() => undefined);
			assert.equal((await before).code, 'store_unavailable');
			assert.equal((await failure(thread.call('add', 1, 1))).code, 'store_unavailable');
			assert.equal(thread.lost(), true);
			await thread.close();
		});
	}

	it('rejects calls to a thread whose file does not load', async () => {
		start();
		await thread.close();
		thread = openThread<TestMethods>({ file: pathToFileURL('/nowhere/worker.ts') });
		assert.equal((await failure(thread.call('add', 1, 1))).code, 'store_unavailable');
	});

	it('answers what was called before close, then closes once, then refuses', async () => {
		start();
		const calls = [thread.call('later', 'a'), thread.call('add', 1, 2)];
		const closing = [thread.close(), thread.close()];
		assert.equal((await failure(thread.call('add', 1, 1))).code, 'store_unavailable');
		assert.deepEqual(await Promise.all(calls), ['a', 3]);
		await Promise.all(closing);
		assert.equal(closed(), 1);
		assert.equal(thread.lost(), false);
	});

	describe('with a batch hook', () => {
		it('hands over together what was called in one turn', async () => {
			start(true);
			const sizes = await Promise.all([1, 2, 3].map(() => thread.call('batchSize')));
			assert.deepEqual(sizes, [3, 3, 3]);
		});

		it('hands over together all that waits, from however many turns', async () => {
			start(true);
			const blocked = thread.call('block');
			await Atomics.waitAsync(log, 2, 0).value;
			const waiting: Promise<number>[] = [];
			for (let turn = 0; turn < 5; turn += 1) {
				await new Promise((resolve) => setImmediate(resolve));
				waiting.push(thread.call('batchSize'));
			}
			await new Promise((resolve) => setImmediate(resolve));
			unblock();
			await blocked;
			assert.deepEqual(await Promise.all(waiting), [5, 5, 5, 5, 5]);
		});

		it('sends what is settled before the batch is over', async () => {
			start(true);
			const first = thread.call('add', 1, 2);
			const blocked = thread.call('block');
			assert.equal(await first, 3);
			unblock();
			await blocked;
		});

		it('rejects what is left when the hook throws, and not what was answered', async () => {
			start(true);
			const answered = thread.call('add', 1, 2);
			const failed = failure(thread.call('fail'));
			const left = failure(thread.call('add', 3, 4));
			assert.equal(await answered, 3);
			assert.deepEqual([(await failed).code, (await left).code], ['disk_full', 'disk_full']);
			assert.equal(await thread.call('add', 5, 6), 11);
		});
	});
});

describe('thread files', () => {
	it('are found beside the sources', () => {
		assert.match(
			threadFile('adapters/sqlite-vec/index-writer').href,
			/\/api\/adapters\/sqlite-vec\/index-writer\.ts$/,
		);
	});
});

async function failure(promise: Promise<unknown>): Promise<DocDropError> {
	const error = await promise.then(
		() => assert.fail('it should have been rejected'),
		(reason: unknown) => reason,
	);
	assert.ok(isDocDropError(error), String(error));
	return error;
}
