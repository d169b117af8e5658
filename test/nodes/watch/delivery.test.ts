import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileChange, FileOutcome } from '../../../nodes/watch/file-change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { withContent } from '../../../nodes/watch/diff.ts';
import { nodeDisk, type Disk } from '../../../nodes/watch/disk.ts';
import { createEmitter } from '../../../nodes/watch/emitter.ts';
import { createIdentity } from '../../../nodes/watch/identity.ts';
import { openLedger } from '../../../nodes/watch/ledger.ts';
import { createReadVerifier } from '../../../nodes/watch/read-verifier.ts';
import { DEFAULT_SETTINGS, type WatchSettings } from '../../../nodes/watch/settings.ts';
import { createMemoryFileState } from '../../doubles/memory-file-state.ts';
import { allRows, fileRow } from '../../conformance/file-state.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { createConsumer, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

type Checking = Pick<Parameters<typeof createEmitter>[0], 'verifier' | 'lookSoon'>;
const believing: Checking = {
	verifier: async () => ({ confirms: async () => true }),
	lookSoon: (_docId: string) => {},
};

const delivered = (batch: readonly FileChange[]) => batch.map((): FileOutcome => ({ kind: 'delivered' }));

/** An emitter on a clock that the test moves, with files that exist only as rows. */
async function bench(settings: Partial<WatchSettings> = {}, checking: Checking = believing) {
	const clock = fakeClock();
	const state = createMemoryFileState({ clock });
	const identity = createIdentity([{ label: 'docs', dir: '/docs' }], 'docs');
	const ledger = await openLedger({ state, head: await state.open(), identity });
	const consumer = createConsumer();
	const sentAt: number[] = [];
	const emitter = createEmitter({
		ledger,
		pathOf: (row) => `/docs/${row.path}`,
		deliver: (batch, signal) => (sentAt.push(clock.monotonic()), consumer.deliver(batch, signal)),
		moves: { previousOf: () => null, finished: () => {} },
		...checking,
		clock,
		random: () => 1,
		settings: { ...DEFAULT_SETTINGS, ...settings },
		log: () => {},
		onChange: () => {},
	});
	const stat = { kind: 'file' as const, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
	const write = (path: string, text: string, size = text.length) => {
		const content = { size, xxh64: '', sha256: sha256(text) };
		ledger.set(path, withContent(ledger.get(path), { root: 'docs', path }, content, { ...stat, size }, 0));
		emitter.offer(path);
	};
	return { clock, ledger, consumer, emitter, sentAt, write };
}

describe('delivery: windows', () => {
	it('gathers for 100 ms, or until 200 files or 32 MiB', async () => {
		const { clock, consumer, sentAt, write } = await bench();
		write('a', 'a');
		await clock.advance(60);
		write('b', 'b');
		await clock.advance(39);
		assert.equal(consumer.calls(), 0);
		await clock.advance(1);
		assert.deepEqual(consumer.news(), ['created a', 'created b']);
		for (let n = 0; n < 450; n += 1) write(`f${n}`, 'x');
		await clock.advance(0);
		assert.equal(consumer.news().length, 400);
		await clock.advance(100);
		assert.equal(consumer.news().length, 50);
		for (const name of ['x', 'y', 'z']) write(name, name, 16 * 1024 * 1024);
		await clock.advance(0);
		assert.deepEqual(consumer.news(), ['created x', 'created y']);
		assert.deepEqual(sentAt, [100, 100, 100, 200, 200]);
	});

	it('keeps at most four batches in flight and, meanwhile, only the newest state of each path', async () => {
		const { clock, consumer, emitter, write } = await bench({ batchFiles: 10 });
		const releases: (() => void)[] = [];
		consumer.answer = async (batch) => {
			await new Promise<void>((resolve) => releases.push(resolve));
			return delivered(batch);
		};
		for (let n = 0; n < 100; n += 1) write(`f${n}`, 'x');
		await clock.advance(1000);
		assert.equal(consumer.calls(), 4);
		for (let n = 0; n < 100; n += 1) for (let edit = 0; edit < 20; edit += 1) write(`f${n}`, `edit ${edit}`);
		assert.equal([...emitter.waiting()].length, 60);
		while (releases.length > 0) {
			releases.shift()?.();
			await clock.advance(200);
		}
		assert.ok(emitter.isEmpty());
		assert.equal(consumer.all.length, 140);
		assert.deepEqual(new Set(Object.values(consumer.held())), new Set([sha256('edit 19')]));
	});
});

describe('delivery: failures', () => {
	it('waits out an outage: 1 s, doubling to 60 s, one batch at a time, nothing marked as failed', async () => {
		const { clock, ledger, consumer, emitter, sentAt, write } = await bench({ batchFiles: 10 });
		consumer.answer = async () => Promise.reject(new Error('connect ECONNREFUSED'));
		for (let n = 0; n < 100; n += 1) write(`f${n}`, 'x');
		await clock.advance(600_000);
		// Four were in flight when it began; they count as one failure.
		assert.deepEqual(sentAt.slice(0, 4), [0, 0, 0, 0]);
		assert.deepEqual(
			sentAt.slice(4, 12).map((at, index) => at - (sentAt[3 + index] ?? 0)),
			[1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000],
		);
		assert.ok(sentAt.length < 25);
		assert.equal(emitter.status().lastFailure, 'connect ECONNREFUSED');
		assert.ok([...ledger.entries()].every(([, row]) => row.failed === null));
		consumer.answer = null;
		await clock.advance(61_000);
		for (let turn = 0; turn < 10; turn += 1) await clock.advance(1);
		assert.equal(Object.keys(consumer.held()).length, 100);
		assert.deepEqual([emitter.isEmpty(), emitter.status().lastFailure], [true, null]);
	});

	it('goes on where one of the batches that were in flight when it began is never answered', async () => {
		const { clock, consumer, emitter, write } = await bench({ batchFiles: 10, batchesInFlight: 2 });
		consumer.answer = () =>
			consumer.calls() === 1 ? new Promise(() => {}) : Promise.reject(new Error('worker killed'));
		for (let n = 0; n < 20; n += 1) write(`f${n}`, 'x');
		await clock.advance(100);
		assert.deepEqual([consumer.calls(), emitter.status().batchesInFlight], [2, 1]);
		consumer.answer = null;
		for (let n = 20; n < 40; n += 1) write(`f${n}`, 'x');
		await clock.advance(2000);
		for (let turn = 0; turn < 10; turn += 1) await clock.advance(1);
		assert.equal(Object.keys(consumer.held()).length, 30);
		assert.equal(emitter.status().batchesInFlight, 1);
	});

	it('sends the newest state after an outage, not the one that failed', async () => {
		const { clock, consumer, write } = await bench();
		consumer.answer = async () => Promise.reject(new Error('away'));
		write('a', 'one');
		await clock.advance(5000);
		write('a', 'two');
		write('a', 'three');
		consumer.answer = null;
		consumer.all.length = 0;
		await clock.advance(60_000);
		assert.equal(consumer.all.length, 1);
		assert.deepEqual(consumer.held(), { a: sha256('three') });
	});

	it('sends one file’s retry again without holding up its batch mates', async () => {
		const { clock, consumer, sentAt, write } = await bench();
		let refusals = 0;
		consumer.answer = async (batch) =>
			batch.map((it): FileOutcome =>
				it.docId === 'bad' && (refusals += 1) <= 2
					? { kind: 'retry', reason: 'busy' }
					: { kind: 'delivered' },
			);
		for (const name of ['a', 'bad', 'c']) write(name, name);
		await clock.advance(100);
		assert.deepEqual(Object.keys(consumer.held()), ['a', 'c']);
		write('d', 'd');
		await clock.advance(100);
		assert.deepEqual(Object.keys(consumer.held()), ['a', 'c', 'd']);
		await clock.advance(10_000);
		assert.deepEqual(Object.keys(consumer.held()), ['a', 'c', 'd', 'bad']);
		assert.deepEqual(sentAt, [100, 200, 1200, 3300]);
	});

	it('does not let a file that is never taken delay the others, even when it is alone for long', async () => {
		const { clock, consumer, emitter, write } = await bench();
		consumer.answer = async (batch) =>
			batch.map((it): FileOutcome =>
				it.docId === 'bad' ? { kind: 'retry', reason: 'busy' } : { kind: 'delivered' },
			);
		write('bad', 'bad');
		await clock.advance(300_000);
		assert.ok(consumer.calls() > 5 && consumer.calls() < 15);
		assert.equal(emitter.status().failures, 0);
		write('good', 'good');
		await clock.advance(100);
		assert.deepEqual(Object.keys(consumer.held()), ['good']);
	});

	it('takes a wrong number of outcomes for none at all', async () => {
		const { clock, consumer, ledger, write } = await bench();
		consumer.answer = async () => [];
		write('a', 'one');
		await clock.advance(500);
		assert.match(ledger.get('a')?.note ?? '', /one outcome a change/);
		consumer.answer = null;
		await clock.advance(2000);
		assert.deepEqual(consumer.held(), { a: sha256('one') });
	});

	it('keeps paths of the system out of the reason', async () => {
		const { clock, consumer, emitter, write } = await bench();
		consumer.answer = async () => {
			throw Object.assign(new Error("ENOENT: no such file, open '/secret'"), {
				code: 'ENOENT',
				syscall: 'open',
			});
		};
		write('a', 'one');
		await clock.advance(500);
		assert.equal(emitter.status().lastFailure, 'ENOENT');
	});

	it('sends nothing while the state cannot be saved', async () => {
		const { clock, consumer, write } = await bench();
		const state = createMemoryFileState({ clock });
		let full = true;
		const identity = createIdentity([{ label: 'docs', dir: '/docs' }], 'docs');
		const head = await state.open();
		const commit: typeof state.commit = async (change) => {
			if (full) throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR' });
			return state.commit(change);
		};
		const ledger = await openLedger({ state: { ...state, commit }, head, identity });
		const settings = DEFAULT_SETTINGS;
		const { deliver } = consumer;
		const emitter = createEmitter({
			ledger,
			pathOf: () => '',
			deliver,
			moves: { previousOf: () => null, finished: () => {} },
			...believing,
			clock,
			random: () => 1,
			settings,
			log: () => {},
			onChange: () => {},
		});
		const stat = { kind: 'file' as const, size: 1, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
		ledger.set(
			'a',
			withContent(undefined, { root: 'docs', path: 'a' }, { size: 1, xxh64: '', sha256: 'a' }, stat, 0),
		);
		emitter.offer('a');
		await clock.advance(10_000);
		assert.equal(consumer.calls(), 0);
		full = false;
		await clock.advance(60_000);
		assert.deepEqual(consumer.news(), ['created a']);
		// Durable now, in one piece: a new ledger on the same state has nothing to send.
		const again = await openLedger({ state, head: await state.open(), identity });
		assert.equal(again.get('a')?.deliveredSeq, again.get('a')?.seq);
		write('unused', '');
	});
});

describe('ledger', () => {
	it('keeps what could not be saved for the next flush, unless something newer came', async () => {
		const clock = fakeClock();
		const state = createMemoryFileState({ clock });
		const identity = createIdentity([{ label: 'docs', dir: '/docs' }], 'docs');
		let full = true;
		const commit: typeof state.commit = async (change) => {
			if (!full) return state.commit(change);
			ledger.set('b', fileRow({ path: 'b', note: 'newer' }));
			ledger.remove('c');
			throw new Error('disk full');
		};
		const ledger = await openLedger({ state: { ...state, commit }, head: await state.open(), identity });
		for (const path of ['a', 'b', 'c']) ledger.set(path, fileRow({ path }));
		await assert.rejects(ledger.flush(), /disk full/);
		full = false;
		await ledger.flush();
		const saved = (await allRows(state)).toSorted((x, y) => (x.path < y.path ? -1 : 1));
		assert.deepEqual(saved, [fileRow({ path: 'a' }), fileRow({ path: 'b', note: 'newer' })]);
	});
});

describe('delivery: refusals and closing', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('remembers a refused file, tries it when it changes and at a start, and lets the others pass', async () => {
		const dir = await temp.make();
		const state = newState();
		for (const name of ['good', 'bad']) await writeFile(join(dir, name), name);
		const consumer = createConsumer();
		consumer.answer = async (batch) =>
			batch.map((it): FileOutcome =>
				it.docId === 'bad' ? { kind: 'failed', reason: 'type not readable' } : { kind: 'delivered' },
			);
		const first = await start(dir, consumer, { state });
		await first.idle();
		await first.idle();
		assert.deepEqual(consumer.news(), ['created bad', 'created good']);
		assert.deepEqual(first.status().roots[0]?.failed, [{ relPath: 'bad', reason: 'type not readable' }]);
		assert.equal(first.explain('bad').phase, 'failed');
		await writeFile(join(dir, 'bad'), 'other');
		await first.idle();
		assert.deepEqual(consumer.news(), ['created bad']);
		await first.close();
		consumer.answer = null;
		const second = await start(dir, consumer, { state });
		await second.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(second.status().roots[0]?.failedCount, 0);
	});

	it('tells the deletion of a file that was refused: the consumer may hold an older one', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.answer = async (batch) => batch.map(() => ({ kind: 'failed', reason: 'no' }));
		await writeFile(join(dir, 'a'), 'two');
		await engine.idle();
		consumer.answer = null;
		await unlink(join(dir, 'a'));
		await engine.idle();
		assert.deepEqual(consumer.held(), {});
	});

	/** Answers `retryAt` from now, once, and takes everything else. */
	const parksFor = (ms: number) => {
		let parked = false;
		return async (batch: readonly FileChange[]) => {
			if (parked) return delivered(batch);
			parked = true;
			const retryAt = systemClock.now() + ms;
			return batch.map((): FileOutcome => ({ kind: 'failed', reason: 'a person is asked', retryAt }));
		};
	};

	it('leaves a parked file alone, over a start and the hourly retry, and sends it when it changes', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		consumer.answer = parksFor(3_600_000);
		const settings = { failedRetryMs: 20 };
		const first = await start(dir, consumer, { state, settings });
		await first.idle();
		assert.deepEqual(first.status().roots[0]?.failed, [{ relPath: 'a', reason: 'a person is asked' }]);
		await first.close();
		const second = await start(dir, consumer, { state, settings });
		await second.idle();
		await systemClock.sleep(60);
		await second.idle();
		assert.deepEqual(consumer.news(), ['created a']);
		await writeFile(join(dir, 'a'), 'two');
		await second.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
		assert.equal(second.status().roots[0]?.failedCount, 0);
	});

	it('sends a parked file again when its time has come', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const park = parksFor(100);
		const calledAt: number[] = [];
		consumer.answer = (batch) => (calledAt.push(systemClock.monotonic()), park(batch));
		const engine = await start(dir, consumer, { settings: { failedRetryMs: 20 } });
		await engine.idle();
		await until(() => consumer.calls() === 2);
		const [parkedAt = NaN, againAt = NaN] = calledAt;
		assert.ok(againAt - parkedAt > 90, `after ${againAt - parkedAt} ms`);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('parks both names of a moved file', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer, { settings: { failedRetryMs: 20, deletionDelayMs: 600_000 } });
		await engine.idle();
		consumer.answer = parksFor(300);
		await rename(join(dir, 'a'), join(dir, 'b'));
		await engine.idle();
		await engine.idle();
		assert.deepEqual([...new Set(consumer.news())], ['created a', 'moved b'], 'however often by now');
		await until(() => consumer.calls() >= 3);
		await engine.idle();
		await until(() => engine.status().roots[0]?.failedCount === 0);
		await engine.idle();
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('tells nothing of the old name of a parked move but the move, however slow the disk is', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const slow = { isOn: false };
		const disk: Disk = {
			...nodeDisk,
			async find(root, relPath) {
				if (slow.isOn && relPath === 'a') await systemClock.sleep(60);
				return nodeDisk.find(root, relPath);
			},
		};
		const consumer = createConsumer();
		const settings = { failedRetryMs: 20, deletionDelayMs: 600_000 };
		const engine = await start(dir, consumer, { disk, settings });
		await engine.idle();
		consumer.answer = parksFor(1);
		await rename(join(dir, 'a'), join(dir, 'b'));
		slow.isOn = true;
		await engine.idle();
		assert.deepEqual(consumer.news(), ['created a', 'moved b', 'moved b']);
		assert.deepEqual(consumer.held(), await treeOf(dir));
	});

	it('aborts what is in flight when it closes, waits for it, and keeps what it answers', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		consumer.answer = (batch, signal) =>
			new Promise((resolve) =>
				signal.addEventListener('abort', () => setTimeout(() => resolve(delivered(batch)), 20)),
			);
		const engine = await start(dir, consumer, { state });
		await until(() => consumer.calls() === 1);
		await engine.close();
		consumer.answer = null;
		await (await start(dir, consumer, { state })).idle();
		assert.equal(consumer.calls(), 1);
	});

	it('does not wait for ever for a consumer that does not end', async () => {
		const dir = await temp.make();
		const state = newState();
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		let answer: (outcomes: FileOutcome[]) => void = () => {};
		consumer.answer = () => new Promise((resolve) => (answer = resolve));
		const engine = await start(dir, consumer, { state, settings: { closeWaitMs: 30 } });
		await until(() => consumer.calls() === 1);
		await engine.close();
		// Too late: the state is closed, and may be another engine's by now.
		answer([{ kind: 'delivered' }]);
		await new Promise((resolve) => setImmediate(resolve));
		const next = createConsumer();
		await (await start(dir, next, { state })).idle();
		assert.deepEqual(next.held(), { a: sha256('one') });
	});
});

describe('delivery: outcomes that are checked', () => {
	const { start } = engines();
	const temp = tempDirs();
	const checked = (batch: readonly FileChange[]) =>
		batch.map((): FileOutcome => ({ kind: 'delivered', check: true }));

	/** Starts on one file, and does `meanwhile` while the first change after that is in flight. */
	async function meanwhile(dir: string, change: () => Promise<void>, then: () => Promise<void>) {
		await writeFile(join(dir, 'a'), 'one');
		const consumer = createConsumer();
		const engine = await start(dir, consumer);
		await engine.idle();
		consumer.news();
		let first = true;
		consumer.answer = async (batch) => {
			if (first) await then();
			first = false;
			return checked(batch);
		};
		await change();
		await engine.idle();
		return { consumer, engine };
	}

	it('takes a check for a failure where all outcomes were said to be final', async () => {
		const { clock, consumer, emitter, ledger, write } = await bench({}, { ...believing, verifier: null });
		consumer.answer = async (batch) => checked(batch);
		write('a', 'one');
		await clock.advance(100);
		assert.match(emitter.status().lastFailure ?? '', /said to be final/);
		assert.equal(ledger.get('a')?.deliveredSeq, 0);
		consumer.answer = null;
		await clock.advance(100_000);
		assert.equal(ledger.get('a')?.deliveredSeq, ledger.get('a')?.seq);
	});

	it('has a file that is not as told looked at, holds it back until then, and blames nobody', async () => {
		const suspects: string[] = [];
		const confirms = async () => suspects.length > 0;
		const doubting = {
			verifier: async () => ({ confirms }),
			lookSoon: (docId: string) => void suspects.push(docId),
		};
		const { clock, consumer, emitter, ledger, sentAt, write } = await bench({}, doubting);
		consumer.answer = async (batch) => checked(batch);
		write('a', 'one');
		await clock.advance(100_000);
		assert.deepEqual([suspects, sentAt, emitter.status().failures], [['a'], [100], 0]);
		emitter.offer('a');
		await clock.advance(100);
		assert.deepEqual(sentAt, [100, 100_100]);
		assert.equal(ledger.get('a')?.deliveredSeq, 2);
	});

	it('believes them where the file is as it was told', async () => {
		const dir = await temp.make();
		const edit = () => writeFile(join(dir, 'a'), 'two');
		const { consumer, engine } = await meanwhile(dir, edit, async () => {});
		assert.deepEqual(consumer.news(), ['changed a']);
		assert.equal(engine.explain('a').row?.deliveredSeq, engine.explain('a').row?.seq);
	});

	it('sends a file again that was something else for a moment', async () => {
		const dir = await temp.make();
		const path = join(dir, 'a');
		const edit = () => writeFile(path, 'two');
		const flicker = async () => {
			await writeFile(path, 'read by the consumer');
			await writeFile(path, 'two');
		};
		const { consumer, engine } = await meanwhile(dir, edit, flicker);
		assert.deepEqual(consumer.news(), ['changed a', 'changed a']);
		assert.deepEqual([engine.status().delivery.failures, engine.explain('a').row?.tries], [0, 0]);
	});

	for (const says of ['nothing', 'what it read'] as const) {
		it(`sends a file again that was another one within one tick of its times: the consumer says ${says}`, async () => {
			const dir = await temp.make();
			const path = join(dir, 'a');
			await writeFile(path, 'one');
			let isCoarse = true;
			const second = BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n;
			const coarse = <T extends { mtimeNs: bigint; ctimeNs: bigint }>(it: T): T =>
				isCoarse ? { ...it, mtimeNs: second, ctimeNs: second } : it;
			const disk: Disk = {
				...nodeDisk,
				stat: async (at) => coarse(await nodeDisk.stat(at)),
				find: async (root, relPath) => coarse(await nodeDisk.find(root, relPath)),
				open: async (at, found) => {
					const file = await nodeDisk.open(at, found);
					return { ...file, stat: async () => coarse(await file.stat()) };
				},
			};
			const consumer = createConsumer();
			let held = '';
			consumer.answer = async (batch) => {
				const isFirst = consumer.calls() === 1;
				if (isFirst) await writeFile(path, 'two');
				held = sha256(await readFile(path));
				if (isFirst) await writeFile(path, 'one');
				else isCoarse = false;
				const told = says === 'nothing' ? {} : { sha256: held };
				return batch.map(() => ({ kind: 'delivered', check: true, ...told }));
			};
			const engine = await start(dir, consumer, { disk });
			await engine.idle();
			assert.ok(consumer.calls() > 1);
			assert.equal(held, sha256('one'));
			assert.equal(engine.explain('a').row?.delivered?.sha256, held);
		});
	}

	it('believes a consumer that says it has what was told, where the times cannot tell', async () => {
		const confirm = async (sha: string | null) => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a'), 'one');
			const stat = await nodeDisk.find(dir, 'a');
			const identity = createIdentity([{ label: 'docs', dir }], 'docs');
			const look = async () => ({ stat, fingerprint: null });
			const verify = createReadVerifier({
				reader: { look },
				dirOf: () => dir,
				identity,
				isWanted: () => true,
			});
			const seen = { ...stat, xxh64: '', sha256: sha256('one'), racy: true };
			return (await verify(['a'])).confirms('a', seen, sha);
		};
		assert.deepEqual(
			[await confirm(null), await confirm(sha256('two')), await confirm(sha256('one'))],
			[false, false, true],
		);
	});

	it('sends a file again that came back, and that has other times by now', async () => {
		const dir = await temp.make();
		const path = join(dir, 'a');
		const edit = () => writeFile(path, 'two');
		const away = async () => {
			await rename(path, join(dir, '.away'));
			await rename(join(dir, '.away'), path);
		};
		assert.deepEqual((await meanwhile(dir, edit, away)).consumer.news(), ['changed a', 'changed a']);
		const touch = () => chmod(path, 0o600);
		assert.deepEqual((await meanwhile(dir, edit, touch)).consumer.news(), ['changed a', 'changed a']);
	});

	it('sends a file again whose folder was elsewhere for a moment', async () => {
		const dir = await temp.make();
		const edit = async () => {
			await mkdir(join(dir, 'deep/folder'), { recursive: true });
			await writeFile(join(dir, 'deep/folder/b'), 'two');
		};
		const away = async () => {
			await rename(join(dir, 'deep'), join(dir, '.away'));
			await rename(join(dir, '.away'), join(dir, 'deep'));
		};
		const { consumer } = await meanwhile(dir, edit, away);
		assert.deepEqual(consumer.news(), ['created deep/folder/b', 'created deep/folder/b']);
	});

	it('believes them where files came and went in the same folder', async () => {
		const dir = await temp.make();
		const edit = () => writeFile(join(dir, 'a'), 'two');
		const busy = async () => {
			await writeFile(join(dir, '.c'), '');
			await unlink(join(dir, '.c'));
		};
		assert.deepEqual((await meanwhile(dir, edit, busy)).consumer.news(), ['changed a']);
	});

	it('tells of the deletion of a file that went while it was taken', async () => {
		const dir = await temp.make();
		const edit = () => writeFile(join(dir, 'a'), 'two');
		const { consumer } = await meanwhile(dir, edit, () => unlink(join(dir, 'a')));
		assert.deepEqual(consumer.news(), ['changed a', 'deleted a']);
	});

	it('believes a deletion only where the file is still gone, or is none that is watched', async () => {
		const dir = await temp.make();
		const path = join(dir, 'a');
		const remove = () => unlink(path);
		const back = () => writeFile(path, 'one');
		const { consumer } = await meanwhile(dir, remove, back);
		assert.deepEqual(consumer.news(), ['changed a', 'deleted a']);
		await unlink(path);
		const folder = () => mkdir(path).then(() => {});
		await writeFile(path, 'x');
		assert.deepEqual((await meanwhile(dir, remove, folder)).consumer.news(), ['deleted a']);
	});
});
