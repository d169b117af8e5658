import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { DocDropError } from '../../../api/errors.ts';
import { type Blame, createBlame } from '../../../api/pipeline/faults/blame.ts';
import { noCrash } from '../../../api/pipeline/faults/crash-points.ts';
import { createJobNotes } from '../../../api/pipeline/faults/job-notes.ts';
import { createContention } from '../../../api/pipeline/publish/contention.ts';
import { createLane } from '../../../api/pipeline/publish/lane.ts';
import { endedAs, leftOver } from '../../../api/pipeline/publish/lane-outcomes.ts';
import type { LaneDeps } from '../../../api/pipeline/publish/lane-deps.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import type { Claimed } from '../../../api/ports/work-claims.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';
import { changeOf, claimItems, leased } from '../../support/leased-documents.ts';
import { noBreaker } from '../../support/no-breaker.ts';
import { noSpools } from '../../support/no-spools.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';

/** What a call of a port may come to: the error is thrown before it did anything, or, of the index, after. */
const failures = {
	defect: () => new TypeError('a defect'),
	rejected: () => new DocDropError('index_rejected', 'refused'),
	away: () => new DocDropError('index_unavailable', 'away'),
	own: () => new DocDropError('index_unavailable', 'too slow', { isOwn: true }),
	store: () => new DocDropError('store_unavailable', 'no answer'),
} as const;
interface Fate {
	readonly failure: keyof typeof failures;
	readonly isDone: boolean;
}

describe('a document leaves its lane', () => {
	let clock: FakeClock;
	let docStore: DocStore;
	let vectorStore: VectorStore;
	let blame: Blame;
	let stopping: AbortController;
	let taken: Claimed[];
	let done: Claimed[];
	const setUp = () => {
		clock = fakeClock();
		docStore = createMemoryDocStore();
		vectorStore = createMemoryVectorStore({ dimensions: 256 });
		blame = createBlame();
		stopping = new AbortController();
		taken = [];
		done = [];
	};
	beforeEach(setUp);
	afterEach(() => docStore.close());

	const openLane = (parts: Partial<LaneDeps> = {}) =>
		createLane('t', {
			...{ spools: noSpools, docStore, vectorStore, breaker: noBreaker, blame, clock, log: silentLog },
			notes: createJobNotes(),
			crashPoint: noCrash,
			now: () => clock.now(),
			signal: stopping.signal,
			telemetry: createTelemetry(),
			contention: createContention({ clock, log: silentLog, telemetry: createTelemetry() }),
			limits: { points: 1_000, bytes: 1_000_000, ageMs: 50 },
			maxAttempts: 3,
			leaseMs: 3_600_000,
			random: () => 0,
			isMoreComing: () => false,
			onTaken: (claimed) => taken.push(claimed),
			onPartialWrite: () => {},
			onDone: (claimed) => done.push(claimed),
			...parts,
		});
	const add = (lane: ReturnType<typeof openLane>, items: Awaited<ReturnType<typeof leased>>) => {
		for (const item of items) {
			taken.push(item.prepared.claimed);
			lane.add(item);
		}
	};
	const stateOf = async (docId: string) => (await docStore.document('t', docId))?.state;
	const moved = (n: number) =>
		changeOf(`new${n}`, `text ${n}`, {
			previous: { jobId: changeOf('', '').jobId, tenant: 't', docId: `old${n}` },
		});
	const publish = async (...changes: Parameters<typeof changeOf>[]) => {
		const lane = openLane();
		add(lane, await leased(docStore, clock.now(), ...changes.map((args) => changeOf(...args))));
		await clock.advance(100);
	};

	it('once, whatever the index and the store answer: nobody stays, nobody is forgotten', async () => {
		const fate = fc.option(
			fc.record({
				failure: fc.constantFrom(...(Object.keys(failures) as (keyof typeof failures)[])),
				isDone: fc.boolean(),
			}),
			{ freq: 2 },
		);
		const calls = [
			'put',
			'remove',
			'vectors',
			'recordIntent',
			'commit',
			'orphans',
			'deadLetter',
			'claim',
		] as const;
		const fates = fc.record(
			Object.fromEntries(calls.map((name) => [name, fc.array(fate, { maxLength: 12 })])) as Record<
				(typeof calls)[number],
				fc.Arbitrary<(Fate | null)[]>
			>,
		);
		await fc.assert(
			fc.asyncProperty(
				fates,
				fc.integer({ min: 1, max: 4 }),
				fc.integer({ min: 0, max: 3 }),
				async (plan, fresh, moves) => {
					setUp();
					const old = Array.from({ length: moves }, (_, n) => [`old${n}`, `text ${n}`] as const);
					if (moves > 0) await publish(...old.map(([id, text]): [string, string] => [id, text]));
					const faulty = <T extends object>(port: T, names: readonly string[]): T => {
						const wrapped = { ...port } as Record<string, unknown>;
						for (const name of names) {
							const queue = [...plan[name as (typeof calls)[number]]];
							const call = (port as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
							wrapped[name] = async (...args: unknown[]) => {
								const next = queue.shift() ?? null;
								// A call of the store that is rejected had no effect.
								if (next !== null && (!next.isDone || port === docStore)) throw failures[next.failure]();
								const answer = await call?.(...args);
								if (next !== null) throw failures[next.failure]();
								return answer;
							};
						}
						return wrapped as T;
					};
					const lane = openLane({
						docStore: faulty(docStore, calls.slice(3)),
						vectorStore: faulty(vectorStore, calls.slice(0, 3)),
					});
					const changes = [
						...Array.from({ length: fresh }, (_, n) => changeOf(`doc${n}`, `content ${n}`)),
						...Array.from({ length: moves }, (_, n) => moved(n)),
					];
					add(lane, await leased(docStore, clock.now(), ...changes));
					await clock.advance(3_000_000);
					assert.deepEqual(
						done.map(({ lease }) => lease.token).toSorted(),
						taken.map(({ lease }) => lease.token).toSorted(),
						'each that was taken is done with once',
					);
					for (const { docId, state } of await docStore.documents({ tenant: 't', limit: 100 }))
						assert.notEqual(state, 'processing', `${docId} waits for the end of its lease`);
					await docStore.close();
				},
			),
			{ numRuns: 150 },
		);
	}).timeout(120_000);

	it('with its mates when one removal of their old names fails for once: nobody is buried, nobody waits', async () => {
		for (const failure of ['defect', 'rejected', 'own'] as const) {
			setUp();
			await publish(['old0', 'text 0'], ['old1', 'text 1'], ['old2', 'text 2']);
			let left = 1;
			const lane = openLane({
				// All three travel together.
				isMoreComing: () => taken.length < 6,
				limits: { points: 1_000, bytes: 1_000_000, ageMs: 60_000 },
				vectorStore: {
					...vectorStore,
					async remove(...args) {
						left -= 1;
						if (left === 0) throw failures[failure]();
						return vectorStore.remove(...args);
					},
				},
			});
			add(lane, await leased(docStore, clock.now(), moved(0), moved(1), moved(2)));
			await clock.advance(100);
			const olds = await Promise.all([0, 1, 2].map((n) => stateOf(`old${n}`)));
			assert.deepEqual(olds, ['deleted', 'deleted', 'deleted'], failure);
		}
	});

	describe('after a write that fails while the index answers others', () => {
		/** Writes of `slow` take too long; all others succeed. */
		const slowly = (): VectorStore => ({
			...vectorStore,
			async put(writes, signal) {
				if (writes.some(({ docId }) => docId === 'slow')) throw failures.own();
				return vectorStore.put(writes, signal);
			},
		});
		const again = async () => {
			await clock.advance(120_000);
			const lane = openLane({ vectorStore: slowly() });
			add(lane, await claimItems(docStore, clock.now()));
			await clock.advance(0);
		};

		it('goes back with its reason, and its mates are published', async () => {
			const lane = openLane({ vectorStore: slowly() });
			const changes = ['a', 'slow', 'b', 'c'].map((id) => changeOf(id, id));
			add(lane, await leased(docStore, clock.now(), ...changes));
			await clock.advance(500);
			assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(stateOf)), [
				'published',
				'published',
				'published',
			]);
			const slow = await docStore.document('t', 'slow');
			assert.deepEqual([slow?.state, slow?.error?.code], ['retrying', 'index_unavailable']);
		});

		it('keeps what is prepared for some tries while nobody else is served', async () => {
			const lane = openLane({ vectorStore: slowly() });
			add(lane, await leased(docStore, clock.now(), changeOf('slow', 'x')));
			await clock.advance(1_000);
			assert.deepEqual([await stateOf('slow'), done.length], ['processing', 0]);
			await clock.advance(10_000);
			assert.deepEqual([await stateOf('slow'), done.length], ['retrying', 1]);
		});

		it('is a dead letter after its tries, with the reason, where others were served meanwhile', async () => {
			const lane = openLane({ vectorStore: slowly() });
			add(lane, await leased(docStore, clock.now(), changeOf('slow', 'x')));
			await clock.advance(0);
			for (let round = 0; round < 5; round += 1) {
				await publish([`other${round}`, 'x']);
				await again();
			}
			const slow = await docStore.document('t', 'slow');
			assert.deepEqual(
				[slow?.state, slow?.error],
				['failed', { code: 'index_unavailable', message: 'too slow' }],
			);
		});

		it('is blamed for nothing where nobody else is served, and gives its lane free', async () => {
			const lane = openLane({ vectorStore: slowly() });
			add(lane, await leased(docStore, clock.now(), changeOf('slow', 'x')));
			for (let round = 0; round < 10; round += 1) await again();
			const slow = await docStore.document('t', 'slow');
			assert.deepEqual([slow?.state, slow?.attempts], ['retrying', 0]);
		});
	});

	it('and its lane would notice one that left twice, or never', async () => {
		const [a, b] = (await leased(docStore, clock.now(), changeOf('a', 'x'), changeOf('b', 'x'))).map(
			({ prepared }) => prepared.claimed,
		);
		assert.ok(a !== undefined && b !== undefined);
		assert.deepEqual(leftOver([a, b], endedAs('published', [a])), [b]);
		assert.throws(() => leftOver([a, b], endedAs('lost', [a, a])), /second time/);
		assert.throws(() => leftOver([a], endedAs('failed', [b])), /second time/);
	});
});
