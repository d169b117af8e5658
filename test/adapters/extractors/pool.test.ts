import assert from 'node:assert/strict';
import childProcess, { type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { timeLimitMs } from '../../../api/adapters/extractors/pool-child.ts';
import { createExtractorPool, type ExtractorPoolSettings } from '../../../api/adapters/extractors/pool.ts';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import type { DocDropError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { extractorConformance } from '../../conformance/extractor.ts';

const chunking = { maxChars: 1200, overlapChars: 150 };
const bytes = (text: string) => new TextEncoder().encode(text);
const workerFile = new URL('./pool.worker.ts', import.meta.url);

extractorConformance('the extractor pool', (sizes) =>
	createExtractorPool({ workers: 2, chunking: sizes, clock: systemClock }),
);

describe('the extractor pool', () => {
	let pool: Extractor | undefined;
	const open = (settings: Partial<ExtractorPoolSettings> = {}) => {
		pool = createExtractorPool({ workers: 2, chunking, workerFile, clock: systemClock, ...settings });
		return pool;
	};
	const ask = (command: string, mimeType = 'text/plain') =>
		(pool ?? open()).extract({ content: bytes(command), mimeType }).then(({ title }) => title);
	afterEach(async () => {
		await pool?.close();
		pool = undefined;
	});

	for (const [command, settings, message] of [
		['hang', { limits: { timeoutMs: 2_500 } }, /text\/html.* 2500 ms/],
		['hoard', { limits: { heapMb: 24 } }, /text\/html.* 24 MB/],
		['exit', {}, /text\/html/],
	] as const) {
		it(`rejects only the file that makes its process ${command}, naming type and limit`, async () => {
			open({ ...settings, workers: 1 });
			const calls = ['a', 'b', command, 'c', 'd', ...Array.from({ length: 20 }, (_, i) => `more ${i}`)].map(
				(text) =>
					ask(text, 'text/html').then(
						(title) => ({ text, title }),
						(error: unknown) => ({ text, error }),
					),
			);
			for (const result of await Promise.all(calls)) {
				if (result.text !== command) {
					assert.ok('title' in result && result.title === result.text, `${result.text} was hurt`);
					continue;
				}
				assert.ok('error' in result);
				const error = result.error as { code: string; message: string };
				assert.equal(error.code, 'unreadable');
				assert.match(error.message, message);
			}
			assert.equal(await ask('and goes on'), 'and goes on');
		});
	}

	// Of another process Linux alone tells.
	(process.platform === 'linux' ? it : it.skip)(
		'bounds what a file takes beside the heap, and hurts none of its neighbours',
		async () => {
			open({ workers: 1, limits: { memoryMb: 250 } });
			const calls = ['a', 'hoard beside the heap', 'b'].map((text) => ask(text));
			await assert.rejects(calls[1] ?? Promise.resolve(), {
				code: 'unreadable',
				message: /text\/plain took more than 250 MB of memory/,
			});
			assert.deepEqual(await Promise.all([calls[0], calls[2]]), ['a', 'b']);
		},
	);

	// Of another process Linux alone tells.
	(process.platform === 'linux' ? it : it.skip)(
		'bounds the memory of a process that is never silent for long',
		async () => {
			open({ workers: 1, limits: { memoryMb: 250 } });
			const sink = { begin: () => Promise.resolve(), page: () => Promise.resolve() };
			const input = { content: bytes('hoard in parts'), mimeType: 'text/plain' };
			await assert.rejects(pool?.stream(input, sink) ?? Promise.resolve(), {
				code: 'unreadable',
				message: /took more than 250 MB of memory/,
			});
		},
	);

	it('gives each page that is recognised a time of its own, and reads on without those that take longer, but for a few', async () => {
		open({ workers: 1, limits: { timeoutMs: 600_000, recognisedPageMs: 300 } });
		const calls = ['recognise 4', 'recognise 3', 'b'].map((text) => ask(text, 'image/png'));
		await assert.rejects(calls[0] ?? Promise.resolve(), {
			code: 'unreadable',
			message: 'reading the file as image/png, text recognition (OCR) of a page took longer than 300 ms',
		});
		assert.deepEqual(await Promise.all(calls.slice(1)), ['without 1, 2, 3', 'b']);
	});

	it('lets the time of a file stand still while a page of it is recognised', async () => {
		const { fork } = childProcess;
		const clock = fakeClock();
		const child: EventEmitter = Object.assign(new EventEmitter(), {
			...{ pid: process.pid, connected: true, send: () => true, kill: () => child.emit('exit') },
		});
		childProcess.fork = (() => child) as unknown as typeof fork;
		syncBuiltinESMExports();
		try {
			const limits = { timeoutMs: 1_000, timeoutMsPerMb: 0, recognisedPageMs: 5_000, memoryMb: Infinity };
			open({ workers: 1, clock, limits });
			let end: unknown = 'none';
			void ask('a scan', 'image/png').catch((error: unknown) => (end = error));
			await nextTurn();
			child.emit('message', { ready: true });
			for (const [place, readingMs] of [900, 90, 9].entries()) {
				await clock.advance(readingMs);
				child.emit('message', { id: 1, recognising: place + 1 });
				await clock.advance(4_900);
				child.emit('message', { id: 1, recognising: null });
			}
			await clock.advance(0.5);
			assert.equal(end, 'none');
			await clock.advance(0.5);
			assert.match(String(end), /reading the file as image\/png took longer than 1000 ms$/);
		} finally {
			childProcess.fork = fork;
			syncBuiltinESMExports();
		}
	});

	it('gives a larger file more time', () => {
		const limits = { timeoutMs: 20_000, timeoutMsPerMb: 3_000 };
		const times = [0, 1_048_576, 16 * 1_048_576].map((bytes) => timeLimitMs({ bytes }, limits));
		assert.deepEqual(times, [20_000, 23_000, 68_000]);
	});

	it('ends a process that says that it is spent, blames nobody, and goes on with another', async () => {
		open({ workers: 1 });
		const files = ['be spent', 'a', 'be spent', 'pid', ...Array.from({ length: 20 }, (_, i) => `more ${i}`)];
		const [first, a, second, pid, ...more] = await Promise.all(files.map((file) => ask(file)));
		assert.equal(a, 'a');
		assert.equal(new Set([first, second, pid]).size, 3, 'a process of its own each');
		assert.deepEqual(more, files.slice(4));
	});

	it('tries a file again that its process was killed under, and gives it its answer', async () => {
		open({ workers: 1 });
		const pid = Number(await ask('pid'));
		const call = ask('innocent');
		process.kill(pid, 'SIGKILL');
		assert.equal(await call, 'innocent');
		assert.notEqual(Number(await ask('pid')), pid);
	});

	describe('where its processes cannot start', () => {
		const { fork } = childProcess;
		let forks: number;
		let clock: FakeClock;
		/** What starting a process does from now on. */
		const starting = (how: typeof fork) => {
			childProcess.fork = ((...args: Parameters<typeof fork>) => {
				forks += 1;
				return how(...args);
			}) as typeof fork;
			syncBuiltinESMExports();
		};
		const fails = () => {
			throw Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' });
		};
		beforeEach(() => {
			forks = 0;
			clock = fakeClock();
			starting(fork);
		});
		afterEach(() => {
			childProcess.fork = fork;
			syncBuiltinESMExports();
		});
		const many = (count: number) =>
			Promise.allSettled(Array.from({ length: count }, (_, n) => ask(`file ${n}`)));
		const outage = { code: 'extractor_unavailable', retryAfterMs: 5_000 };

		it('blames no file, and does not try for each of them', async () => {
			open({ workerFile: new URL('./no-such-file.ts', import.meta.url), clock });
			for (const result of await many(40)) {
				assert.ok(result.status === 'rejected');
				const { code, retryAfterMs } = result.reason as DocDropError;
				assert.deepEqual({ code, retryAfterMs }, outage);
			}
			assert.ok(forks <= 2, `${forks} processes`);
			await clock.advance(2_000);
			await assert.rejects(ask('later'), { ...outage, retryAfterMs: 3_000 });
			assert.ok(forks <= 2, 'it waits before it tries again');
		});

		it('outlives a machine without memory for them, and goes on when there is some', async () => {
			open({ clock });
			starting(fails);
			for (const result of await many(10)) assert.equal(result.status, 'rejected');
			assert.equal(forks, 1);
			starting(fork);
			await clock.advance(5_000);
			assert.equal(await ask('and goes on'), 'and goes on');
		});

		it('outlives a machine without handles for them', async () => {
			open({ clock });
			// What Node returns then: an error follows, and there is no channel to send by.
			starting(() => {
				const child = new EventEmitter();
				process.nextTick(() => child.emit('error', new Error('spawn EMFILE')));
				return child as ChildProcess;
			});
			await assert.rejects(ask('x'), outage);
		});

		it('lets those that run do all of it', async () => {
			open({ workers: 2, clock });
			const pid = await ask('pid');
			starting(fails);
			const results = await Promise.all(Array.from({ length: 60 }, () => ask('pid')));
			assert.deepEqual(new Set(results), new Set([pid]));
			assert.equal(forks, 2);
		});
	});

	it('gives its children no environment but the memory settings, and lets them neither write nor start anything', async () => {
		process.env['DOCDROP_TEST_SECRET'] = 'secret';
		try {
			const env = JSON.parse((await ask('env')) ?? '') as Record<string, string>;
			assert.deepEqual(
				Object.keys(env).filter((name) => !name.startsWith('NODE_CHANNEL')),
				['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_'],
			);
			assert.equal(await ask('write'), 'ERR_ACCESS_DENIED');
			assert.equal(await ask('start'), 'ERR_ACCESS_DENIED');
		} finally {
			delete process.env['DOCDROP_TEST_SECRET'];
		}
	});

	it('bounds the memory of the real extractors, and reads on', async () => {
		pool = createExtractorPool({ workers: 1, limits: { heapMb: 40 }, chunking, clock: systemClock });
		const large = pool.extract({
			content: bytes('<p>word <b>x</b>'.repeat(2_000_000)),
			mimeType: 'text/html',
		});
		const small = pool.extract({ content: bytes('small'), mimeType: 'text/plain' });
		await assert.rejects(large, { code: 'unreadable', message: /text\/html.* 40 MB/ });
		assert.equal((await small).chunks.length, 1);
	});

	it('gives what the in-process extractor gives, in many parts', async () => {
		pool = createExtractorPool({ workers: 1, chunking, clock: systemClock });
		const text = Array.from(
			{ length: 30_000 },
			(_, i) => `Line ${i} of a long text.\n${i % 9 === 0 ? '\n' : ''}`,
		).join('');
		const input = { content: bytes(text), mimeType: 'text/plain' };
		const result = await pool.extract(input);
		assert.ok(result.chunks.length > 500);
		assert.deepEqual(result, await createInProcessExtractor({ chunking }).extract(input));
	});

	it('starts no more children than it may, and uses all of them', async () => {
		open({ workers: 2 });
		const pids = await Promise.all(Array.from({ length: 40 }, () => ask('pid')));
		assert.equal(new Set(pids).size, 2);
	});

	it('rejects an aborted call at once, waiting or running, and answers the others', async () => {
		open({ workers: 1, limits: { timeoutMs: 3_000 } });
		await ask('started');
		const reason = new Error('enough');
		const abort = new AbortController();
		const running = pool?.extract({ content: bytes('hang'), mimeType: 'text/plain' }, abort.signal);
		const waiting = pool?.extract({ content: bytes('x'), mimeType: 'text/plain' }, abort.signal);
		const other = ask('other');
		await nextTurn();
		abort.abort(reason);
		await assert.rejects(running ?? Promise.resolve(), reason);
		await assert.rejects(waiting ?? Promise.resolve(), reason);
		assert.equal(await other, 'other');
	});

	it('rejects what is open when it is closed, and ends its children', async () => {
		open({ workers: 1 });
		const pid = Number(await ask('pid'));
		const calls = ['hang', 'a', 'b'].map((text) => assert.rejects(ask(text), { code: 'shutting_down' }));
		await pool?.close();
		await Promise.all(calls);
		assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
		await assert.rejects(ask('late'), { code: 'shutting_down' });
	});
});
