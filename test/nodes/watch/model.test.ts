import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { FileChange, Outcome } from '../../../nodes/watch/change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import type { WatchEngine } from '../../../nodes/watch/engine.ts';
import { createSqliteFileState } from '../../../nodes/watch/state/sqlite.ts';
import { createConsumer, createHandHints, engines, treeOf } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** Few names, so that operations meet: a path is a file now and a directory later. */
const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const text = fc.constantFrom('', 'one', 'two', 'x'.repeat(5000));
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), path, text }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('append' as const), path }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), path }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('rename' as const), path, to: path }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('rm -rf' as const), path }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 60 }) }),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			do: fc.constantFrom('restart' as const, 'kill' as const),
			whileStopped: fc.boolean(),
		}),
	},
);
/** What becomes of each hint. */
const fates = fc.array(fc.constantFrom('lost' as const, 'lost' as const, 'once' as const, 'twice' as const), {
	minLength: 7,
	maxLength: 7,
});
/** What the consumer answers, over and over; with `taken`, it took even what it did not acknowledge. */
const answers = fc.array(
	fc.record({
		kind: fc.constantFrom('delivered', 'delivered', 'delivered', 'retry', 'throw'),
		taken: fc.boolean(),
		ms: fc.nat(15),
	}),
	{ minLength: 1, maxLength: 6 },
);

describe('watch engine: any operations, lost and doubled hints, restarts and kills, a consumer that fails', () => {
	const temp = tempDirs();
	const { start } = engines();

	it('ends with the consumer holding exactly what is on disk', async function () {
		this.timeout(60_000);
		let run = 0;
		const dirs = [await temp.make(), await temp.make()] as const;
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { minLength: 3, maxLength: 30 }),
				fates,
				answers,
				async (steps, hintFates, script) => {
					run += 1;
					const dir = join(dirs[0], String(run));
					await mkdir(dir);
					const file = join(dirs[1], `${run}.db`);
					const consumer = createConsumer();
					// What a consumer really holds that takes some changes without being able to say so.
					const really = new Map<string, string>();
					const take = (batch: readonly FileChange[]) => {
						for (const it of batch) {
							if (it.event === 'deleted') really.delete(it.docId);
							else really.set(it.docId, it.sha256);
						}
					};
					let calls = 0;
					consumer.answer = async (batch): Promise<Outcome[]> => {
						const answer = script[(calls += 1) % script.length];
						// After a while it behaves, or nothing would ever come to rest.
						const kind = calls > 25 ? 'delivered' : (answer?.kind ?? 'delivered');
						await systemClock.sleep(answer?.ms ?? 0);
						if (kind === 'delivered' || answer?.taken) take(batch);
						if (kind === 'throw') throw new Error('connection reset');
						return batch.map(() => (kind === 'retry' ? { kind, reason: 'busy' } : { kind: 'delivered' }));
					};
					let hints = createHandHints();
					let hinted = 0;
					const hint = (relPath: string) => {
						const fate = hintFates[(hinted += 1) % hintFates.length];
						for (let times = fate === 'lost' ? 0 : fate === 'once' ? 1 : 2; times > 0; times -= 1)
							hints.file(relPath);
					};
					let life = { killed: false };
					const boot = () => {
						hints = createHandHints();
						const now = (life = { killed: false });
						const real = createSqliteFileState({ file, clock: systemClock });
						// A killed process writes nothing more, whatever its last steps were.
						const commit: typeof real.commit = async (change) => {
							if (now.killed) throw new Error('killed');
							await real.commit(change);
						};
						const state = { ...real, commit };
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
					let engine: WatchEngine | null = await boot();
					for (const it of steps) {
						if (it.do === 'pause') await systemClock.sleep(it.ms);
						else if ('whileStopped' in it) {
							life.killed = it.do === 'kill';
							await engine?.close().catch((error: unknown) => assert.ok(life.killed, String(error)));
							engine = null;
							if (!it.whileStopped) engine = await boot();
						} else {
							await apply(dir, it);
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
					await rm(dir, { recursive: true });
				},
			),
			{ numRuns: Number(process.env['DOCDROP_MODEL_RUNS'] ?? 30), endOnFailure: false },
		);
		assert.ok(run >= 10);
		assert.deepEqual(await readdir(dirs[0]), []);
	});
});

type Operation = Exclude<
	typeof step extends fc.Arbitrary<infer T> ? T : never,
	{ do: 'pause' | 'restart' | 'kill' }
>;

/** Does what can be done; an operation that makes no sense on this tree is left out. */
async function apply(dir: string, it: Operation): Promise<void> {
	const at = join(dir, it.path);
	try {
		switch (it.do) {
			case 'write':
				await mkdir(dirname(at), { recursive: true });
				return await writeFile(at, it.text);
			case 'append':
				return await appendFile(at, '+');
			case 'delete':
				return await unlink(at);
			case 'rename':
				return await rename(at, join(dir, it.to));
			case 'mkdir':
				return void (await mkdir(at, { recursive: true }));
			case 'rm -rf':
				return await rm(at, { recursive: true });
		}
	} catch {
		// The tree does not allow it.
	}
}
