/** The worker of thread.test.ts: a table of methods with every way to answer. */
import { workerData } from 'node:worker_threads';
import { serveThread, type ThreadBatch } from '../../api/adapters/thread/thread-host.ts';
import { DocDropError } from '../../api/errors.ts';

const { batched, log } = workerData as { batched: boolean; log: Int32Array };

export type TestMethods = typeof methods;

const methods = {
	add: (a: number, b: number) => a + b,
	later: async (value: string) => {
		await new Promise((resolve) => setImmediate(resolve));
		return value;
	},
	never: () => new Promise<void>(() => undefined),
	fail: () => {
		throw new DocDropError('disk_full', 'the disk is full', { field: 'f', retryAfterMs: 7 });
	},
	failLater: async () => {
		throw new DocDropError('rate_limited', 'slowly');
	},
	defect: () => {
		throw new TypeError('with a secret in it');
	},
	uncloneable: () => () => undefined,
	crash: () => {
		setImmediate(() => {
			throw new Error('crash');
		});
	},
	exit: () => process.exit(3),
	bytes: (data: Uint8Array) => data.map((byte) => byte + 1),
	/** Says that it waits, and waits until the main thread says go, so that calls pile up. */
	block: () => {
		Atomics.store(log, 2, 1);
		Atomics.notify(log, 2);
		Atomics.wait(log, 0, 0);
	},
	mapped: () => {
		throw new RangeError('of a library');
	},
	/** Of the batch that this call came in. */
	batchSize: () => 0,
};

/** Runs each call and sends its answer at once; the first that throws ends the batch. */
const batch: ThreadBatch = (calls, { send }) => {
	for (const { method, args, resolve } of calls) {
		const run = methods[method as keyof TestMethods] as (...args: readonly unknown[]) => unknown;
		resolve(method === 'batchSize' ? calls.length : run(...args));
		send();
	}
};

serveThread({
	open: () => ({ methods, ...(batched && { batch }), close: () => void Atomics.add(log, 1, 1) }),
	mapError: (error) => (error instanceof RangeError ? new DocDropError('store_corrupt', 'mapped') : error),
});
