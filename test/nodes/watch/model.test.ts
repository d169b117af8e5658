import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { Deliver } from '../../../nodes/watch/change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import type { WatchEngine } from '../../../nodes/watch/engine.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import type { FileState } from '../../../nodes/watch/state/port.ts';
import { createConsumer, createHandHints, engines, treeOf } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** Few names and contents, so that operations meet and contents come back; a name is a file now and a directory later. */
const name = fc.constantFrom('a', 'b', 'c');
const path = fc.oneof(
	{ weight: 4, arbitrary: name },
	{ weight: 1, arbitrary: fc.array(name, { minLength: 2, maxLength: 3 }).map((parts) => parts.join('/')) },
);
const text = fc.constantFrom('one', 'two', 'one', 'two', '', 'x'.repeat(5000));
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), path, text }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('append' as const), path }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), path }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), path, to: path }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('rm -rf' as const), path }) },
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat(80) }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'kill' as const), stayDown: fc.boolean() }),
	},
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const scenario = fc.record({
	steps: fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }),
	/** What becomes of each hint, over and over: how often it arrives. */
	hints: fc.array(fc.constantFrom(0, 1, 1, 2), { minLength: 5, maxLength: 5 }),
	/** What the consumer answers, over and over; with `taken` it takes even what it does not acknowledge. */
	answers: fc.array(
		fc.record({
			kind: fc.constantFrom('delivered', 'delivered', 'retry', 'throw'),
			taken: fc.boolean(),
			ms: fc.nat(40),
		}),
		{ minLength: 1, maxLength: 6 },
	),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const RUNS = Number(process.env['DOCDROP_MODEL_RUNS'] ?? 10);
/** Scenarios that run side by side, because they mostly wait. */
const ABREAST = 8;
/** From this call on the consumer behaves, or nothing would ever come to rest. */
const PATIENCE = 25;

describe('watch engine: any operations, lost and doubled hints, stops and kills, a consumer that fails', () => {
	const { start } = engines();
	const temp = tempDirs();

	it('ends with the consumer holding exactly what is on disk', async function () {
		this.timeout(20_000 + RUNS * 4000);
		const scenarios = fc.array(scenario, { minLength: 1, maxLength: ABREAST, size: 'max' });
		await fc.assert(
			fc.asyncProperty(scenarios, async (all) => void (await Promise.all(all.map(play)))),
			{ numRuns: RUNS },
		);
	});

	async function play({ steps, hints: fates, answers }: Scenario): Promise<void> {
		const home = await temp.make();
		const dir = join(home, 'root');
		await mkdir(dir);
		const consumer = createConsumer();
		const { answer, really } = unreliable(answers);
		consumer.answer = answer;
		let hints = createHandHints();
		let life = { killed: false };
		const boot = (): Promise<WatchEngine> => {
			hints = createHandHints();
			life = { killed: false };
			const state = mortal(createSqliteFileState({ file: join(home, 'state.db'), clock: systemClock }), life);
			const settings = {
				quietMs: 10,
				graceMs: 20,
				windowMs: 5,
				retryMs: 2,
				retryMaxMs: 10,
				burstQuietMs: 10,
			};
			return start(dir, consumer, { state, hints: hints.factory, settings });
		};
		let hinted = 0;
		const hint = (relPath: string) => {
			hinted += 1;
			for (let times = fates[hinted % fates.length] ?? 0; times > 0; times -= 1) hints.file(relPath);
		};

		let engine: WatchEngine | null = await boot();
		for (const it of steps) {
			if (it.do === 'pause') await systemClock.sleep(it.ms);
			else if ('stayDown' in it) {
				life.killed = it.do === 'kill';
				await engine?.close().catch((error: unknown) => assert.ok(life.killed, String(error)));
				engine = it.stayDown ? null : await boot();
			} else {
				await operate(dir, it);
				hint(it.path);
				if (it.do === 'rename') hint(it.to);
			}
		}
		engine ??= await boot();
		await engine.idle();
		await engine.idle();
		const tree = await treeOf(dir);
		assert.deepEqual(Object.fromEntries(really), tree);
		assert.deepEqual(consumer.held(), tree, 'the acknowledged changes alone, replayed');
		const { files, verifiedAt } = engine.status().roots[0] ?? assert.fail();
		assert.equal(files, Object.keys(tree).length);
		assert.notEqual(verifiedAt, null);
		await engine.close();
	}
});

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
	let calls = 0;
	const answer: Deliver = async (batch) => {
		calls += 1;
		const { kind, taken, ms } = script[calls % script.length] ?? assert.fail();
		const ending = calls > PATIENCE ? 'delivered' : kind;
		await systemClock.sleep(ms);
		for (const it of ending === 'delivered' || taken ? batch : []) {
			if (it.event === 'deleted') really.delete(it.docId);
			else really.set(it.docId, it.sha256);
		}
		if (ending === 'throw') throw new Error('connection reset');
		return batch.map(() => (ending === 'retry' ? { kind: 'retry', reason: 'busy' } : { kind: 'delivered' }));
	};
	return { answer, really };
}

/** Does what can be done; an operation that makes no sense on this tree is left out. */
async function operate(dir: string, it: Extract<Step, { path: string }>): Promise<void> {
	const at = join(dir, it.path);
	try {
		if (it.do === 'write') {
			await mkdir(dirname(at), { recursive: true });
			await writeFile(at, it.text);
		} else if (it.do === 'append') await appendFile(at, '+');
		else if (it.do === 'delete') await unlink(at);
		else if (it.do === 'rename') await rename(at, join(dir, it.to));
		else if (it.do === 'mkdir') await mkdir(at, { recursive: true });
		else await rm(at, { recursive: true });
	} catch {
		// The tree does not allow it.
	}
}
