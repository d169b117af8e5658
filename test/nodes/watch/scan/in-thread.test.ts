import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock, type Clock } from '../../../../nodes/watch/clock.ts';
import { nodeDisk } from '../../../../nodes/watch/disk.ts';
import { createThreadScanner } from '../../../../nodes/watch/scan/scanner-in-thread.ts';
import { STOP, type ScanOrder, type ScanReply } from '../../../../nodes/watch/scan/page.ts';
import type { Message } from '../../../../nodes/watch/thread.ts';
import { describeScanner, reporter } from '../../../conformance/scanner.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';

const file = new URL('../../../../nodes/watch/scan/scan-thread.ts', import.meta.url);
describeScanner('in a thread', createThreadScanner(file));

/** Whether a thread of this process waits for the other end of a pipe. */
const waitsInOpen = () =>
	readdirSync('/proc/self/task').some((id) =>
		/wait_for_partner|fifo_open/.test(readFileSync(`/proc/self/task/${id}/wchan`, 'utf8')),
	);
/** By their numbers: threads of other tests may end at any time. */
const threads = () => new Set(readdirSync('/proc/self/task'));
const since = (before: ReadonlySet<string>) => [...threads()].filter((one) => !before.has(one));

describe('the scan in a thread', () => {
	const temp = tempDirs();
	const never = new AbortController().signal;
	const hostile = new URL('./hostile-thread.ts', import.meta.url);
	function create(threadFile: URL, kind = '.*', clock: Clock = systemClock) {
		const log: string[] = [];
		const scanner = createThreadScanner(threadFile)({
			rules: { include: [], exclude: ['.*', kind], followLinks: false },
			disk: nodeDisk,
			clock,
			log: (_level, event, { lost }) => void log.push(`${event} ${String(lost)}`),
		});
		return { scanner, log };
	}
	async function folder(): Promise<string> {
		const dir = await temp.make();
		for (const name of ['a', 'b']) await writeFile(join(dir, name), name);
		return dir;
	}
	const whole = ['directory ', 'file a', 'file b'];

	for (const kind of ['throws', 'exits', 'is-not-there']) {
		it(`starts over in the main thread when the thread is lost: it ${kind}`, async () => {
			const dir = await folder();
			const missing = new URL('./no-such-thread.ts', import.meta.url);
			const { scanner, log } = create(kind === 'is-not-there' ? missing : hostile, kind);
			for (let lost = 1; lost <= 4; lost += 1) {
				const { report, sinks } = reporter();
				await scanner.scan(dir, sinks, never);
				assert.deepEqual(report.lines.toSorted(), whole, 'nothing of the walk that was lost');
				// The fourth scan does not try a thread any more.
				assert.equal(report.begun, lost <= 3 ? 2 : 1);
				assert.deepEqual(
					log,
					['scan.thread_lost 1', 'scan.thread_lost 2', 'scan.thread_lost 3'].slice(0, lost),
				);
			}
			await scanner.close();
		});
	}

	it('leaves a thread behind only where the disk holds it, and waits no longer than 2 s for that', async () => {
		const pipe = join(await temp.make(), 'pipe');
		execFileSync('mkfifo', [pipe]);
		const before = threads();
		const clock = fakeClock();
		const { scanner } = create(hostile, 'hangs', clock);
		const { report, sinks } = reporter();
		const scan = scanner.scan(pipe, sinks, never);
		const rejected = assert.rejects(scan, /closed/);
		await until(() => report.lines.length > 0 && waitsInOpen());
		let closed = false;
		const closing = scanner.close().then(() => (closed = true));
		await rejected;
		await clock.advance(1900);
		assert.equal(closed, false);
		await clock.advance(200);
		await closing;
		const other = await open(pipe, 'r+');
		await other.close();
		await until(() => since(before).length === 0);
	});

	it('ends its thread when it is closed', async () => {
		const dir = await folder();
		const { scanner } = create(file);
		const before = threads();
		await scanner.scan(dir, reporter().sinks, never);
		const made = since(before);
		assert.ok(made.length > 0);
		await scanner.close();
		await until(() => !made.some((one) => threads().has(one)));
	});

	it('holds the thread back while the main thread lags, and frees it when that gives up', async () => {
		const dir = await temp.make();
		// More than 32 pages of 512.
		for (let at = 0; at < 18_000; at += 1) writeFileSync(join(dir, `${at}`), '');
		const thread = new Worker(file, { workerData: { include: [], exclude: [], followLinks: false } });
		const replies: ScanReply[] = [];
		thread.on('message', (message: Message<ScanReply>) => replies.push(...message.map(([, reply]) => reply)));
		const order = (id: number, at: string) => {
			const taken = new Int32Array(new SharedArrayBuffer(4));
			thread.postMessage([[id, { dir: at, taken }]] satisfies Message<ScanOrder>);
			return taken;
		};
		const taken = order(1, dir);
		await until(() => replies.length >= 32);
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
		await new Promise((resolve) => setImmediate(resolve));
		assert.equal(replies.length, 32);
		Atomics.add(taken, 0, 1);
		Atomics.notify(taken, 0);
		await until(() => replies.length === 33);
		order(2, await folder());
		Atomics.store(taken, 0, STOP);
		Atomics.notify(taken, 0);
		await until(() => replies.length > 33);
		assert.deepEqual(replies.at(-1)?.page.files.toSorted(), ['a', 'b']);
		await thread.terminate();
	});
});
