/**
 * The model of a watched folder: whatever is done to it, whatever becomes of the hints, of the process and of the
 * deliveries, after quiet the state equals the tree, and the stream of changes, replayed, gives the tree. Scenarios
 * run on a real file system and a real FileState; used by model.test.ts and by `npm run model`.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Deliver, FileChange, FileOutcome, TakenContent } from '../../../nodes/watch/file-change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createWatchEngine, type WatchEngine } from '../../../nodes/watch/watch-engine.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import type { FileState } from '../../../nodes/watch/state/file-state-port.ts';
import { createConsumer, createHandHints, QUICK, sha256, treeOf } from './harness.ts';
import { operate, operation, pathsOf } from './model-tree.ts';

const step = fc.oneof(
	{ weight: 16, arbitrary: operation },
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat(60) }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'kill' as const), stayDown: fc.boolean() }),
	},
);

/** What becomes of a hint: how often it arrives, after how long, and whether only after the one that follows it. */
const fate = fc.record({
	times: fc.constantFrom(0, 1, 1, 2),
	delayMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) }),
	overtaken: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
});

export const scenario = fc.record({
	steps: fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }),
	/** Of each hint in turn, over and over. */
	fates: fc.array(fate, { minLength: 5, maxLength: 5 }),
	/**
	 * What the consumer answers, over and over; with `taken` it takes even what it does not acknowledge. `reads`:
	 * it takes what the file holds by then, and nothing of one that is gone. `carries`: likewise, and it says what it
	 * took. `writer`: what somebody does to each file that is read meanwhile.
	 */
	answers: fc.array(
		fc.record({
			kind: fc.constantFrom(
				'delivered',
				'delivered',
				'reads',
				'reads',
				'carries',
				'carries',
				'parks',
				'retry',
				'throw',
			),
			writer: fc.constantFrom('nobody', 'nobody', 'goes back', 'writes twice'),
			taken: fc.boolean(),
			ms: fc.nat(30),
		}),
		{ minLength: 1, maxLength: 6 },
	),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;
type Answer = Scenario['answers'][number];

/** Short enough that a scenario takes tenths of a second, long enough that all of them are met on the way. */
const SETTINGS = {
	...QUICK,
	// Giving a file up is right where others are taken meanwhile, and told by other tests.
	maxTries: 1_000,
	quietMs: 10,
	deletionDelayMs: 20,
	windowMs: 5,
	retryMs: 2,
	retryMaxMs: 10,
	burstQuietMs: 10,
	burstMaxMs: 40,
	failedRetryMs: 50,
};
/** From this call on the consumer behaves, or nothing would ever come to rest. */
const PATIENCE = 25;
/** How long the consumer parks what it parks, ms. */
const PARKED = 30;
/** A scenario that has not come to rest by then never does, ms. */
const DEADLINE = 15_000;

/** Rejects where the model and the engine differ. Leaves nothing behind. */
export async function play({ steps, fates, answers }: Scenario): Promise<void> {
	const home = await mkdtemp(join(tmpdir(), 'docdrop-model-'));
	const dir = join(home, 'root');
	const consumer = createConsumer();
	const { answer, really } = unreliable(answers);
	consumer.answer = answer;
	let hints = createHandHints();
	let life = { killed: false };
	let engine: WatchEngine | null = null;
	const boot = async () => {
		hints = createHandHints();
		life = { killed: false };
		engine = createWatchEngine({
			roots: [{ label: 'docs', dir }],
			state: mortal(createSqliteFileState({ file: join(home, 'state.db'), clock: systemClock }), life),
			hints: hints.factory,
			clock: systemClock,
			deliver: consumer.deliver,
			log: () => {},
			settings: SETTINGS,
		});
		await engine.start();
		return engine;
	};
	const hint = unreliableHints(fates, (relPath) => {
		// Nobody knows whether a name is a file or a directory once it is gone.
		hints.file(relPath);
		hints.directory(relPath);
	});
	const end = async () => {
		const ending = engine;
		engine = null;
		await ending?.close().catch((error: unknown) => assert.ok(life.killed, String(error)));
	};

	try {
		await mkdir(dir);
		await boot();
		for (const it of steps) {
			if (it.do === 'pause') await systemClock.sleep(it.ms);
			else if ('stayDown' in it) {
				life.killed = it.do === 'kill';
				await end();
				if (!it.stayDown) await boot();
			} else {
				await operate(dir, it);
				for (const path of pathsOf(it)) hint.give(path);
			}
		}
		const last = engine ?? (await boot());
		const rest = async () => {
			await inTime(last.idle(), () => JSON.stringify([restless(last, steps), last.status()]));
			return last.status().roots[0]?.failed ?? [];
		};
		// Whom it gave up it tries again; that may only be who failed while others were taken.
		let failed = await rest();
		if (
			!answers.some(
				({ kind }) => kind === 'delivered' || ['delivered', 'reads', 'carries', 'parks'].includes(kind),
			)
		)
			assert.deepEqual(failed, [], 'an outage gives nobody up');
		hint.end();
		for (failed = await rest(); failed.length > 0; failed = await rest()) await systemClock.sleep(20);
		const tree = await treeOf(dir);
		assert.deepEqual(Object.fromEntries(really), tree, 'what the consumer holds');
		assert.deepEqual(consumer.held(), tree, 'the acknowledged changes alone, replayed');
		const root = last.status().roots[0] ?? assert.fail();
		assert.equal(root.files, Object.keys(tree).length);
		assert.equal(root.pending + root.inFlight, 0);
		assert.notEqual(root.verifiedAt, null);
	} finally {
		hint.end();
		life.killed = true;
		await end();
		await rm(home, { recursive: true, force: true });
	}
}

/** What the engine still has to do with the paths of the scenario. */
function restless(engine: WatchEngine, steps: Scenario['steps']): unknown[] {
	const paths = new Set(steps.flatMap((it) => ('path' in it ? pathsOf(it) : [])));
	return [...paths].flatMap((path) => {
		const { phase, row } = engine.explain(path);
		return phase === null || phase === 'at rest' ? [] : [path, phase, row?.note];
	});
}

/** Rejects where the engine does not come to rest; keeps the process alive meanwhile, which the engine does not. */
async function inTime(idle: Promise<void>, status: () => string): Promise<void> {
	const ended = new AbortController();
	const late = systemClock.sleep(DEADLINE, ended.signal).then(() => {
		throw new Error(`it does not come to rest: ${status()}`);
	});
	await Promise.race([idle, late]).finally(() => ended.abort());
}

/** Hints that get lost, come twice, late, and in another order. */
function unreliableHints(fates: Scenario['fates'], give: (relPath: string) => void) {
	const pending = new Set<() => void>();
	let overtaken: (() => void)[] = [];
	let count = 0;
	return {
		give(relPath: string): void {
			const { times, delayMs, overtaken: waits } = fates[count % fates.length] ?? assert.fail();
			count += 1;
			const before = overtaken;
			overtaken = [];
			for (let left = times; left > 0; left -= 1) {
				if (waits) overtaken.push(() => give(relPath));
				else if (delayMs === 0) give(relPath);
				else {
					const cancel = systemClock.after(delayMs, () => {
						pending.delete(cancel);
						give(relPath);
					});
					pending.add(cancel);
				}
			}
			for (const late of before) late();
		},
		end(): void {
			for (const cancel of pending) cancel();
		},
	};
}

/** A state that writes nothing more once its process was killed, whatever the last steps of the engine are. */
function mortal(state: FileState, life: { readonly killed: boolean }): FileState {
	return {
		...state,
		async commit(change) {
			if (life.killed) throw new Error('killed');
			await state.commit(change);
		},
	};
}

/** A consumer that takes some changes without being able to say so; `really` is what it holds. */
function unreliable(script: Scenario['answers']): { answer: Deliver; really: Map<string, string> } {
	const really = new Map<string, string>();
	const take = (it: FileChange) => {
		if (it.event === 'moved') really.delete(it.previousDocId);
		if (it.event === 'deleted') really.delete(it.docId);
		else really.set(it.docId, it.sha256);
	};
	/** What a consumer reads, while somebody writes; null: the file is gone. */
	const read = async (it: FileChange, writer: Answer['writer']): Promise<TakenContent | null> => {
		if (it.event === 'deleted') return (take(it), null);
		const before = await readFile(it.path).catch(() => null);
		if (before === null) return null;
		const write = (content: string | Buffer) => writeFile(it.path, content).catch(() => {});
		if (writer !== 'nobody') await write('half');
		const bytes = await readFile(it.path).catch(() => null);
		if (writer !== 'nobody') await write(writer === 'goes back' ? before : 'half and half');
		if (bytes === null) return null;
		const taken = { sha256: sha256(bytes), size: bytes.length };
		take({ ...it, ...taken });
		return taken;
	};
	let calls = 0;
	const answer: Deliver = async (batch) => {
		calls += 1;
		const { kind, taken, ms, writer } = script[calls % script.length] ?? assert.fail();
		const isReading = kind === 'reads' || kind === 'carries';
		const ending = calls > PATIENCE && !isReading ? 'delivered' : kind;
		await systemClock.sleep(ms);
		const contents: (TakenContent | null)[] = [];
		if (isReading)
			for (const it of batch) contents.push(await read(it, calls > PATIENCE ? 'nobody' : writer));
		else if (ending === 'delivered' || taken) batch.forEach(take);
		// So that a file may change between being taken and being answered for.
		if (isReading) await systemClock.sleep(ms);
		if (ending === 'throw') throw new Error('connection reset');
		return batch.map((it, place): FileOutcome => {
			if (ending === 'retry') return { kind: 'retry', reason: 'busy' };
			if (ending === 'reads') return { kind: 'delivered', check: true };
			const content = contents[place];
			if (content) return { kind: 'delivered', taken: content };
			if (ending === 'carries' && it.event !== 'deleted')
				return { kind: 'retry', reason: 'the file is gone' };
			if (ending !== 'parks') return { kind: 'delivered' };
			return { kind: 'failed', reason: 'waiting', retryAt: systemClock.now() + PARKED };
		});
	};
	return { answer, really };
}
