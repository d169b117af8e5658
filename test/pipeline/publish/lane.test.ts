import { createBlame } from '../../../api/pipeline/faults/blame.ts';
import { createJobNotes } from '../../../api/pipeline/faults/job-notes.ts';
import assert from 'node:assert/strict';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { DocDropError } from '../../../api/errors.ts';
import { createContention } from '../../../api/pipeline/publish/contention.ts';
import { noCrash } from '../../../api/pipeline/faults/crash-points.ts';
import { createLane } from '../../../api/pipeline/publish/lane.ts';
import type { LaneDeps } from '../../../api/pipeline/publish/lane-deps.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { Claimed } from '../../../api/ports/work-claims.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { changeOf, claimItems, leased } from '../../support/leased-documents.ts';
import { noBreaker } from '../../support/no-breaker.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';
import { noSpools } from '../../support/no-spools.ts';

const rejected = (reason: string) => new DocDropError('index_rejected', reason);
const sections = (...texts: string[]) => texts.map((text, n) => `# H${n}\n\n${text}`).join('\n\n');

describe('lane', () => {
	let clock: FakeClock;
	let docStore: DocStore;
	let vectorStore: VectorStore;
	let done: Claimed[];
	let stopping: AbortController;

	beforeEach(() => {
		clock = fakeClock();
		docStore = createMemoryDocStore();
		vectorStore = createMemoryVectorStore({ dimensions: 256 });
		done = [];
		stopping = new AbortController();
	});
	afterEach(() => docStore.close());

	const lane = (more: Partial<LaneDeps> = {}, tenant = 't') =>
		createLane(tenant, {
			spools: noSpools,
			docStore,
			vectorStore,
			breaker: noBreaker,
			blame: createBlame(),
			notes: createJobNotes(),
			crashPoint: noCrash,
			now: () => clock.now(),
			signal: stopping.signal,
			clock,
			log: silentLog,
			telemetry: createTelemetry(),
			contention: createContention({ clock, log: silentLog, telemetry: createTelemetry() }),
			limits: { points: 1_000, bytes: 1_000_000, ageMs: 50 },
			maxAttempts: 5,
			leaseMs: 60_000,
			random: () => 0,
			isMoreComing: () => false,
			onTaken: () => {},
			onPartialWrite: () => {},
			onDone: (claimed) => done.push(claimed),
			...more,
		});
	const states = async () => {
		const found: Record<string, number> = {};
		for (const { state } of await docStore.documents({ tenant: 't', limit: 500 }))
			found[state] = (found[state] ?? 0) + 1;
		return found;
	};
	const doneIds = () => done.map(({ docId }) => docId).toSorted();
	const indexed = async (tenant = 't') => {
		const ids: string[] = [];
		for await (const { docId } of vectorStore.scan(tenant)) ids.push(docId);
		return ids.toSorted();
	};
	const pointIds = async () => {
		const ids: string[] = [];
		for await (const { id } of vectorStore.scan('t')) ids.push(id);
		return ids.toSorted();
	};

	it('writes what is ready in one bulk write, and settles it', async () => {
		const puts: number[] = [];
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			put: (writes, signal) => (puts.push(writes.length), put(writes, signal)),
		};
		const own = lane();
		for (const item of await leased(
			docStore,
			clock.now(),
			...['a', 'b', 'c'].map((id) => changeOf(id, id)),
		)) {
			own.add(item);
		}
		await clock.advance(0);
		assert.equal(done.length, 3);
		assert.deepEqual(await indexed(), ['a', 'b', 'c']);
		assert.deepEqual(await states(), { published: 3 });
		assert.deepEqual(puts, [1, 2], 'what came while the first was written travels together');
	});

	it('waits for company while more is on its way, at most for the age', async () => {
		let isMoreComing = true;
		const own = lane({ isMoreComing: () => isMoreComing });
		const [first, second] = await leased(docStore, clock.now(), changeOf('a', 'one'), changeOf('b', 'two'));
		assert.ok(first && second);
		own.add({ ...first, readyAt: clock.monotonic() });
		await clock.advance(49);
		assert.deepEqual(await indexed(), []);
		await clock.advance(1);
		assert.deepEqual(await indexed(), ['a']);
		own.add({ ...second, readyAt: clock.monotonic() });
		await clock.advance(10);
		assert.deepEqual(await indexed(), ['a']);
		isMoreComing = false;
		own.nudge();
		await clock.advance(0);
		assert.deepEqual(await indexed(), ['a', 'b'], 'the last one is not made to wait');
	});

	it('lets an edit go before what an onboarding has brought within the last second', async () => {
		const order: string[] = [];
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			put: (writes, signal) => (order.push(...writes.map(({ docId }) => docId)), put(writes, signal)),
		};
		let isMoreComing = true;
		const own = lane({
			isMoreComing: () => isMoreComing,
			limits: { points: 1_000, bytes: 1_000_000, ageMs: 60_000 },
		});
		const bulk = ['long ago', 'b1', 'b2'].map((id) => changeOf(id, id, { priority: 'low' }));
		const items = await leased(docStore, clock.now(), ...bulk, changeOf('edit', 'an edit'));
		await clock.advance(5_000);
		for (const [index, item] of items.entries())
			own.add({ ...item, readyAt: index === 0 ? 3_000 : clock.monotonic() });
		isMoreComing = false;
		own.nudge();
		await clock.advance(0);
		assert.deepEqual(order, ['long ago', 'edit', 'b1', 'b2']);
	});

	it('while one batch is written, the next makes its intent durable and the last its manifest', async () => {
		const steps: string[] = [];
		const gates: (() => void)[] = [];
		const memory = { docStore, vectorStore };
		const names = new Map<number, string>();
		const named = (docs: readonly { lease: { doc: number } }[]) =>
			docs.map(({ lease }) => names.get(lease.doc)).join();
		const held = {
			docStore: {
				...memory.docStore,
				recordIntent: (intents) => (
					steps.push(`intent ${named(intents)}`),
					memory.docStore.recordIntent(intents)
				),
				async commit(commits, at) {
					steps.push(`commit ${named(commits)}`);
					await new Promise<void>((go) => gates.push(go));
					return memory.docStore.commit(commits, at);
				},
			} satisfies DocStore,
			vectorStore: {
				...memory.vectorStore,
				async put(writes, signal) {
					steps.push(`put ${writes.map((write) => write.docId).join()}`);
					await new Promise<void>((go) => gates.push(go));
					await memory.vectorStore.put(writes, signal);
					steps.push(`in ${writes.map((write) => write.docId).join()}`);
				},
			} satisfies VectorStore,
		};
		const own = lane({ ...held, limits: { points: 1, bytes: 1e6, ageMs: 0 } });
		const items = await leased(docStore, clock.now(), ...['1', '2', '3', '4'].map((id) => changeOf(id, id)));
		for (const { prepared } of items) names.set(prepared.claimed.lease.doc, prepared.claimed.docId);
		for (const item of items) own.add(item);
		await clock.advance(0);
		assert.deepEqual(
			steps.splice(0),
			['intent 1', 'intent 2', 'intent 3', 'put 1'],
			'at most three are open',
		);
		gates.shift()?.();
		await clock.advance(0);
		assert.deepEqual(steps.splice(0), ['in 1', 'commit 1', 'put 2'], 'the lock is free before the manifest');
		gates.pop()?.();
		await clock.advance(0);
		assert.deepEqual(steps.splice(0), ['in 2', 'commit 2', 'put 3'], 'the fourth waits for the first to end');
		for (const end = 4; done.length < end;) {
			for (const gate of gates.splice(0)) gate();
			await clock.advance(0);
		}
		assert.deepEqual(steps, ['in 3', 'commit 3', 'intent 4', 'put 4', 'in 4', 'commit 4']);
		assert.deepEqual(await states(), { published: 4 });
	});

	it('one that waits for the index keeps its turn: what came later is not written earlier', async () => {
		const puts: string[] = [];
		let isAway = true;
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			async put(writes, signal) {
				if (isAway) throw new DocDropError('index_unavailable', 'away', { retryAfterMs: 100 });
				puts.push(writes.map((write) => write.docId).join());
				await put(writes, signal);
			},
		};
		const own = lane({ limits: { points: 1, bytes: 1e6, ageMs: 0 } });
		const items = await leased(docStore, clock.now(), ...['a', 'b', 'c'].map((id) => changeOf(id, id)));
		for (const item of items) own.add(item);
		await clock.advance(350);
		isAway = false;
		await clock.advance(100);
		assert.deepEqual(puts, ['a', 'b', 'c']);
		assert.deepEqual(await states(), { published: 3 });
	});

	it('measures how long a document waits for the lock, and not how long it waits for company', async () => {
		const telemetry = createTelemetry();
		const contention = createContention({ clock, log: silentLog, telemetry });
		const gates: (() => void)[] = [];
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			async put(writes, signal) {
				await new Promise<void>((go) => gates.push(go));
				await put(writes, signal);
			},
		};
		let isMoreComing = true;
		const own = lane({ contention, telemetry, isMoreComing: () => isMoreComing });
		const [first, second] = await leased(docStore, clock.now(), changeOf('a', 'one'), changeOf('b', 'two'));
		assert.ok(first && second);
		own.add({ ...first, readyAt: clock.monotonic() });
		await clock.advance(50);
		assert.deepEqual([gates.length, contention.figures().waitMaxMs], [1, 0], '50 ms were for company');
		isMoreComing = false;
		own.add({ ...second, readyAt: clock.monotonic() });
		await clock.advance(3_000);
		gates.shift()?.();
		await clock.advance(0);
		const { level, waitMaxMs, waitMeanMs, contended } = contention.figures();
		assert.deepEqual([level, waitMaxMs, waitMeanMs], ['alert', 3_000, 1_500]);
		assert.deepEqual(contended, [{ tenant: 't', level: 'alert', waitMeanMs: 1_500 }]);
		gates.shift()?.();
		await clock.advance(0);
		assert.equal(done.length, 2);
		assert.match(await telemetry.render(), /^docdrop_lane_wait_seconds_sum 3$/m);
	});

	it('commits one bulk write at a time; other lanes go on meanwhile', async () => {
		const open = new Map<string, number>();
		let most = 0;
		const gates: (() => void)[] = [];
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			async put(writes, signal) {
				const tenant = writes[0]?.tenant ?? '';
				assert.ok(
					writes.every((write) => write.tenant === tenant),
					'a bulk write never mixes lanes',
				);
				open.set(tenant, (open.get(tenant) ?? 0) + 1);
				most = Math.max(most, ...open.values());
				await new Promise<void>((go) => gates.push(go));
				open.set(tenant, (open.get(tenant) ?? 0) - 1);
				return put(writes, signal);
			},
		};
		const lanes = new Map(
			['t', 'u'].map((tenant) => [tenant, lane({ limits: { points: 1, bytes: 1e6, ageMs: 0 } }, tenant)]),
		);
		const changes = ['t', 'u'].flatMap((tenant) =>
			[1, 2, 3].map((n) => changeOf(`${tenant}${n}`, `text ${n}`, { tenant })),
		);
		for (const item of await leased(docStore, clock.now(), ...changes))
			lanes.get(item.prepared.claimed.tenant)?.add(item);
		await clock.advance(0);
		assert.deepEqual(
			[...open],
			[
				['t', 1],
				['u', 1],
			],
			'both lanes are in their first write',
		);
		for (let turn = 0; turn < 6; turn += 1) {
			for (const go of gates.splice(0)) go();
			await clock.advance(0);
		}
		assert.equal(most, 1);
		assert.equal(done.length, 6);
		assert.deepEqual([await vectorStore.count('t'), await vectorStore.count('u')], [3, 3]);
	});

	it('one poison document among 50: 49 land, one is a dead letter, and nothing of it stays in the index', async () => {
		const { put } = vectorStore;
		let puts = 0;
		vectorStore = {
			...vectorStore,
			// Writes what comes before the poison, a point of the poison too, and then refuses: applied in part.
			async put(writes, signal) {
				puts += 1;
				const at = writes.findIndex((write) => write.docId === 'doc23');
				if (at < 0) return put(writes, signal);
				await put(writes.slice(0, at), signal);
				const poison = writes[at];
				if (poison !== undefined) await put([{ ...poison, points: poison.points.slice(0, 1) }], signal);
				throw rejected('doc23 is not liked');
			},
		};
		const changes = Array.from({ length: 50 }, (_, n) =>
			changeOf(`doc${n}`, sections(`first of ${n}`, `second of ${n}`)),
		);
		const own = lane({ isMoreComing: () => done.length === 0 && puts === 0 && clock.monotonic() < 50 });
		for (const item of await leased(docStore, clock.now(), ...changes)) own.add(item);
		await clock.advance(60);
		assert.equal(done.length, 50);
		assert.deepEqual(await states(), { published: 49, failed: 1 });
		const found = await indexed();
		assert.equal(found.length, 98);
		assert.ok(!found.includes('doc23'));
		const failed = await docStore.document('t', 'doc23');
		assert.equal(failed?.orphans, 0);
		assert.deepEqual(failed.error, { code: 'index_rejected', message: 'doc23 is not liked' });
		assert.ok(puts <= 1 + 2 * Math.ceil(Math.log2(50)), `${puts} puts`);
	});

	it('an outage holds the batch without counting it against anybody', async () => {
		const { put } = vectorStore;
		let isAway = true;
		let tries = 0;
		vectorStore = {
			...vectorStore,
			async put(...args) {
				tries += 1;
				if (isAway) throw new DocDropError('index_unavailable', 'away', { retryAfterMs: 1_000 });
				return put(...args);
			},
		};
		const own = lane({ maxAttempts: 1 });
		for (const item of await leased(docStore, clock.now(), changeOf('a', 'one'))) own.add(item);
		await clock.advance(600_000);
		assert.ok(tries > 500, 'it asks again as often as the peer said');
		const waiting = await docStore.document('t', 'a');
		assert.deepEqual([waiting?.state, waiting?.attempts, done.length], ['processing', 0, 0]);
		isAway = false;
		await clock.advance(1_000);
		assert.deepEqual(await states(), { published: 1 });
	});

	it('an abort leaves everything to the next start', async () => {
		vectorStore = {
			...vectorStore,
			put: async () => {
				throw new DocDropError('index_unavailable', 'away', { retryAfterMs: 1_000 });
			},
		};
		const own = lane();
		for (const item of await leased(docStore, clock.now(), changeOf('a', 'one'))) own.add(item);
		await clock.advance(10);
		stopping.abort(new Error('the process is stopping'));
		await clock.advance(10_000);
		assert.equal((await docStore.document('t', 'a'))?.state, 'processing');
		assert.equal(clock.pending(), 0, 'no timer is left behind');
	});

	it('a defect is tried again, counted, and a dead letter at the last try', async () => {
		vectorStore = {
			...vectorStore,
			put: async () => {
				throw new TypeError('a defect');
			},
		};
		await docStore.accept([changeOf('a', 'one')], clock.now(), { maxPending: 9, maxPendingBytes: 1e6 });
		for (let attempt = 1; attempt <= 3; attempt += 1) {
			const [item, ...more] = await claimItems(docStore, clock.now());
			assert.ok(item !== undefined && more.length === 0, `try ${attempt}`);
			lane({ maxAttempts: 3 }).add(item);
			await clock.advance(0);
			const document = await docStore.document('t', 'a');
			assert.deepEqual(
				[document?.state, document?.error?.code],
				attempt < 3 ? ['retrying', 'internal'] : ['failed', 'internal'],
			);
			assert.ok(!document?.error?.message.includes('a defect'), 'nothing of the inside');
			await clock.advance(60_000);
		}
	});

	it('a lease that cannot be given back runs out by itself, and the lane goes on', async () => {
		const { put } = vectorStore;
		vectorStore = {
			...vectorStore,
			async put(writes, signal) {
				if (writes.some(({ docId }) => docId === 'a')) throw new TypeError('a defect');
				return put(writes, signal);
			},
		};
		const { release } = docStore;
		let asked = 0;
		Object.assign(docStore, {
			async release() {
				asked += 1;
				throw new DocDropError('store_unavailable', 'the state store did not answer');
			},
		});
		const own = lane({ limits: { points: 1, bytes: 1e6, ageMs: 0 } });
		for (const item of await leased(docStore, clock.now(), changeOf('a', 'one'), changeOf('b', 'two')))
			own.add(item);
		await clock.advance(0);
		assert.deepEqual([asked, doneIds()], [1, ['a', 'b']]);
		assert.deepEqual(await indexed(), ['b']);
		Object.assign(docStore, { release });
	});

	it('whatever throws unexpectedly, each document is done with exactly once, and the next one is begun', async () => {
		const broken = () => {
			throw new TypeError('a defect of the lane itself');
		};
		const errors: string[] = [];
		const own = lane({
			limits: { points: 2, bytes: 1e6, ageMs: 0 },
			telemetry: { ...createTelemetry(), count: broken, observe: broken },
			log: { ...silentLog, error: (_fields, message) => void errors.push(message) },
		});
		const ids = ['a', 'b', 'c', 'd', 'e'];
		const items = await leased(docStore, clock.now(), ...ids.map((id) => changeOf(id, id)));
		const [letter, ...rest] = items;
		assert.ok(letter);
		for (const item of rest) own.add(item);
		own.deadLetter(letter.prepared.claimed, new DocDropError('unreadable', 'the file holds nothing'));
		await clock.advance(0);
		assert.deepEqual(doneIds(), ids);
		assert.ok(errors.length > 0, 'and it is said');
	});

	describe('dead letter', () => {
		const before = sections('stays as it is', 'will be left out', 'will be left out too');
		const after = sections('stays as it is', 'is new');

		/** Publishes the old version, then lets the new one be refused by `remove`, which takes `taken` points first. */
		async function deadLettered(taken: number) {
			const own = lane();
			for (const item of await leased(docStore, clock.now(), changeOf('a', before))) own.add(item);
			await clock.advance(0);
			assert.equal((await pointIds()).length, 3);
			const { remove } = vectorStore;
			let removals = 0;
			vectorStore = {
				...vectorStore,
				async remove(tenant, ids, signal) {
					removals += 1;
					if (removals > 1) return remove(tenant, ids, signal);
					await remove(tenant, ids.slice(0, taken), signal);
					throw rejected('not this one');
				},
			};
			const again = lane();
			for (const item of await leased(docStore, clock.now(), changeOf('a', after))) again.add(item);
			await clock.advance(0);
			assert.equal((await docStore.document('t', 'a'))?.state, 'failed');
			return (await docStore.chunks('t', 'a')).map(({ pointId }) => pointId).toSorted();
		}

		for (const taken of [0, 1, 2]) {
			it(`keeps the old lines that are still in the index, ${2 - taken} of 2; the new ones go`, async () => {
				const manifest = await deadLettered(taken);
				assert.equal(manifest.length, 3 - taken);
				assert.deepEqual(await pointIds(), manifest, 'the manifest is what the index holds');
				assert.equal((await docStore.document('t', 'a'))?.orphans, 0);
				assert.equal((await docStore.document('t', 'a'))?.published?.chunks, 3 - taken);
			});
		}

		it('the next version heals it', async () => {
			await deadLettered(1);
			const own = lane();
			for (const item of await leased(docStore, clock.now(), changeOf('a', sections('all new'))))
				own.add(item);
			await clock.advance(0);
			assert.deepEqual(await states(), { published: 1 });
			assert.equal((await pointIds()).length, 1);
		});

		it('of a document that could not be prepared waits for the index, then happens', async () => {
			const [item] = await leased(docStore, clock.now(), changeOf('b', 'x'));
			assert.ok(item);
			await docStore.recordIntent([
				{ lease: item.prepared.claimed.lease, added: item.prepared.plan.added, uncertain: [] },
			]);
			let isAway = true;
			const { remove } = vectorStore;
			vectorStore = {
				...vectorStore,
				async remove(...args) {
					if (isAway) throw new DocDropError('index_unavailable', 'away', { retryAfterMs: 1_000 });
					return remove(...args);
				},
			};
			lane().deadLetter(item.prepared.claimed, new DocDropError('unreadable', 'the file holds nothing'));
			await clock.advance(5_000);
			assert.equal((await docStore.document('t', 'b'))?.state, 'processing');
			isAway = false;
			await clock.advance(1_000);
			const failed = await docStore.document('t', 'b');
			assert.deepEqual([failed?.state, failed?.error?.code, failed?.orphans], ['failed', 'unreadable', 0]);
			assert.equal(done.length, 1);
		});
	});

	it('a document whose lease was lost on the way is left to its new holder', async () => {
		const [item] = await leased(docStore, clock.now(), changeOf('a', 'old text'));
		assert.ok(item);
		await clock.advance(60_001);
		const [fresh] = await leased(docStore, clock.now(), changeOf('a', 'new text'));
		assert.ok(fresh);
		lane().add(item);
		await clock.advance(0);
		assert.deepEqual([done.length, await vectorStore.count('t')], [1, 0], 'nothing was written');
		lane().add(fresh);
		await clock.advance(0);
		assert.deepEqual(await states(), { published: 1 });
	});
});
