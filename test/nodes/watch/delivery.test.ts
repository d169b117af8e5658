import assert from 'node:assert/strict';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileChange, Outcome } from '../../../nodes/watch/change.ts';
import { withContent } from '../../../nodes/watch/diff.ts';
import { createEmitter } from '../../../nodes/watch/emitter.ts';
import { createIdentity } from '../../../nodes/watch/identity.ts';
import { openLedger } from '../../../nodes/watch/ledger.ts';
import { DEFAULT_SETTINGS, type WatchSettings } from '../../../nodes/watch/settings.ts';
import { createMemoryFileState } from '../../../nodes/watch/state/memory.ts';
import { allRows, fileRow } from '../../conformance/file-state.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { createConsumer, engines, newState, sha256, treeOf, until } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

const delivered = (batch: readonly FileChange[]) => batch.map((): Outcome => ({ kind: 'delivered' }));

/** An emitter on a clock that the test moves, with files that exist only as rows. */
async function bench(settings: Partial<WatchSettings> = {}) {
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
		moves: { previousOf: () => null, settled: () => {} },
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
			batch.map((it): Outcome =>
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
			batch.map((it): Outcome =>
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
			moves: { previousOf: () => null, settled: () => {} },
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
			batch.map((it): Outcome =>
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
		let answer: (outcomes: Outcome[]) => void = () => {};
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
