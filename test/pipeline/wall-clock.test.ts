import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { openSqliteDocStore } from '../../api/adapters/sqlite/sqlite-doc-store.ts';
import { DocDropError, isDocDropError } from '../../api/errors.ts';
import { createDocumentLimiter } from '../../api/pipeline/accept/document-limiter.ts';
import { wasAway } from '../../api/pipeline/faults/outage-marker.ts';
import { anchoredTime } from '../../api/domain/store-time.ts';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { createGate } from '../faults/nth/gate.ts';
import { gatedDocStore, gatedExtractor, gatedVectorStore } from '../faults/nth/ports.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { countingEmbedder, startPipelineFixture } from '../support/pipeline-fixture.ts';

/**
 * The wall clock goes an hour forward or back, as operators and NTP do: nobody may notice while the process runs, and
 * nothing may wait, or be thought over, because of it after a restart. Over the real document store, in time that
 * passes only when nothing is under way, so that what happens when is the same to the millisecond.
 */
const hour = 3_600_000;
const windowMs = 500;
const maxWaitMs = 5_000;
const stallMs = 4_000;
const text = (word: string) => ({ text: `# Title\n\nThis is about ${word}.` });

interface World {
	readonly dir: string;
	readonly clock: FakeClock;
	/** What the index holds outlives the process. */
	readonly index: VectorStore;
	/** What happened, and when by the monotonic clock. */
	readonly events: [number, string][];
	/** What of the world is at fault. */
	readonly faults: { isIndexAway: boolean; readonly refuse: Set<string>; readonly hang: Set<string> };
}

/** One life of the process. */
async function live({ dir, clock, index, events, faults }: World) {
	const gate = createGate(null, clock.monotonic);
	const note = (what: string) => void events.push([Math.round(clock.monotonic()), what]);
	const opened = await openSqliteDocStore({ dir });
	const highest = await opened.highestTime();
	const now = anchoredTime(clock, highest);
	const docStore: DocStore = {
		...opened,
		async claim(request) {
			const claimed = await opened.claim(request);
			for (const { docId, version } of claimed) note(`claim ${docId} ${version}`);
			return claimed;
		},
		async commit(commits, at) {
			const done = await opened.commit(commits, at);
			note(`commit ${done.join()}`);
			return done;
		},
	};
	const vectorStore: VectorStore = {
		...index,
		async put(writes, signal) {
			note(`put ${writes.map(({ docId }) => docId).join()}${faults.isIndexAway ? ' fails' : ''}`);
			if (faults.isIndexAway) throw new DocDropError('index_unavailable', 'not now');
			await index.put(writes, signal);
		},
		async remove(tenant, ids, signal) {
			if (faults.isIndexAway) note('remove fails');
			if (faults.isIndexAway) throw new DocDropError('index_unavailable', 'not now');
			await index.remove(tenant, ids, signal);
		},
	};
	const real = createInProcessExtractor({ chunking: { maxChars: 400, overlapChars: 0 } });
	/** The documents are short: their texts name them. */
	const isOneOf = (names: Set<string>, content: unknown) =>
		[...names].find((name) => Buffer.from(content as Uint8Array).includes(name) && names.delete(name)) !==
		undefined;
	const extractor = gatedExtractor(gate, {
		...real,
		async extract(input, signal) {
			if (isOneOf(faults.refuse, input.content)) throw new Error('a defect, once');
			return real.extract(input, signal);
		},
	});
	const breaker = { attempts: 1, retryDelayMs: 1, threshold: 2, halfOpenAfterMs: 1_000, timeoutMs: 60_000 };
	const embedder = countingEmbedder();
	const limiter = createDocumentLimiter({
		clock,
		settings: { total: 0, eachTenant: 0, tenants: new Map([['few', 10]]) },
		isContinued: highest > 0,
	});
	const fixture = startPipelineFixture({
		docStore: gatedDocStore(gate, docStore),
		vectorStore: gatedVectorStore(gate, vectorStore),
		extractor: {
			...extractor,
			// Not through the gate: nobody waits for it but the deadline.
			extract: (input, signal) =>
				isOneOf(faults.hang, input.content) ? new Promise(() => {}) : extractor.extract(input, signal),
		},
		embedder,
		clock,
		now,
		limiter,
		indexBreaker: { ...breaker, name: 'vector index', code: 'index_unavailable' },
		accept: {
			...{
				windowMs,
				maxWaitMs,
				maxPending: 100,
				maxPendingBytes: 1e6,
				maxFileBytes: 1e6,
				maxBufferedBytes: 1e6,
			},
			...{
				streamable: [],
				fingerprintOf: () => 'f',
				mimeTypes: extractor.mimeTypes,
				mimeTypeOf,
				refusedTypes: new Map(),
			},
		},
		worker: {
			...{ maxDocuments: 16, maxBytes: 1e6, maxReading: 32, stallMs, leaseMs: 3_000, maxAttempts: 3 },
			batch: { points: 64, bytes: 1e6, ageMs: 5 },
		},
	});
	const { pipeline } = fixture;

	return {
		docStore: opened,
		now,
		pipeline,
		/** Lets so much time pass, however often somebody waits for a part of it. */
		async pass(ms: number): Promise<void> {
			const end = clock.monotonic() + ms;
			for (;;) {
				await gate.quiet();
				const rest = end - clock.monotonic();
				await clock.advance(Math.min(clock.untilNext() ?? rest, rest));
				if (rest <= 0) return gate.quiet();
			}
		},
		async save(tenant: string, docId: string, word = docId): Promise<void> {
			const document = { tenant, docId, content: text(`${docId} ${word}`), mimeType: 'text/markdown' };
			const [result] = await pipeline.accept([pipeline.normalise(document)], {});
			if (isDocDropError(result)) note(`${docId}: ${result.code}, ${result.retryAfterMs} ms`);
			else note(`${docId}: ${result?.state} ${result?.version}`);
		},
		/** As a crash does: what is in work is left. */
		async end(): Promise<void> {
			const stopped = pipeline.stop(0);
			await clock.advance(0);
			await stopped;
			await gate.quiet();
			await opened.close();
		},
	};
}

describe('a wall clock that jumps', () => {
	let dir: string;
	beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'docdrop-clock-'))));
	afterEach(() => rm(dir, { recursive: true }));
	const world = (): World => ({
		dir,
		clock: fakeClock(),
		index: createMemoryVectorStore({ dimensions: 256 }),
		events: [],
		faults: { isIndexAway: false, refuse: new Set(['retried']), hang: new Set(['stuck']) },
	});

	/** Windows, retries, a deadline with its lease, a limit, an outage with its probes; the clock jumps in each. */
	async function carryOut(jumpMs: number): Promise<World['events']> {
		const own = world();
		const { clock, events, faults } = own;
		const life = await live(own);
		for (const docId of ['retried', 'stuck']) await life.save('t', docId);
		for (let save = 0; save < 20; save += 1) {
			if (save === 5) clock.jumpWall(jumpMs);
			await life.save('t', 'busy', `save ${save}`);
			await life.pass(300);
		}
		for (let place = 0; place < 4; place += 1) await life.save('few', `few${place}`);
		clock.jumpWall(jumpMs);
		await life.pass(5_000);
		await life.save('few', 'few9');
		await life.pass(1_000);
		await life.save('few', 'few9');
		faults.isIndexAway = true;
		await life.save('t', 'late');
		await life.pass(4_000);
		clock.jumpWall(jumpMs);
		await life.pass(12_000);
		faults.isIndexAway = false;
		await life.pass(15_000);
		const { pending, leased, failed } = await life.docStore.stats();
		assert.deepEqual([pending, leased, failed], [0, 0, 0]);
		await life.end();
		return events;
	}

	it('while running: everything happens when it would have, to the millisecond', async () => {
		const still = await carryOut(0);
		const times = (what: RegExp) => still.filter(([, event]) => what.test(event)).map(([at]) => at);
		// What is compared must be worth it.
		const [firstSave = 0] = times(/^busy/);
		const busy = times(/^claim busy/);
		assert.ok((busy[0] ?? Infinity) - firstSave <= maxWaitMs + 10, `claimed at ${busy.join()}`);
		const [first = 0, again = 0] = times(/^claim retried/);
		assert.equal(again - first, 500);
		const [begun = 0, after = 0] = times(/^claim stuck/);
		assert.equal(
			after - begun,
			stallMs + 500,
			'one lease until the deadline, longer than it lasts unrenewed',
		);
		assert.ok(times(/rate_limited/).length >= 3);
		const probes = times(/fails/);
		assert.ok(probes.length >= 4 && probes.length <= 8, `probed at ${probes.join()}`);
		for (const jumpMs of [hour, -hour]) {
			await rm(dir, { recursive: true });
			assert.deepEqual(await carryOut(jumpMs), still);
		}
	});

	for (const [name, jumpMs] of [
		['an hour forward', hour],
		['an hour back', -hour],
	] as const) {
		it(`${name} across a restart: nothing waits longer, and versions, receipts and times grow`, async () => {
			const own = world();
			const { clock, events, faults } = own;
			faults.hang.add('held');
			const before = await live(own);
			await before.save('t', 'held');
			await before.save('t', 'known');
			await before.pass(2_000);
			const known = await before.docStore.document('t', 'known');
			assert.equal(known?.state, 'published');
			assert.equal((await before.docStore.document('t', 'held'))?.state, 'processing');
			faults.isIndexAway = true;
			await before.save('t', 'away');
			await before.save('t', 'retried');
			await before.pass(1_000);
			await before.save('t', 'fresh');
			await before.pass(200);
			const lastTime = before.now();
			await before.end();
			faults.isIndexAway = false;
			clock.jumpWall(jumpMs);

			const after = await live(own);
			const startedAt = Math.round(clock.monotonic());
			assert.ok(after.now() >= lastTime - 1_000, 'store time does not go back behind what was stored');
			assert.equal(
				await wasAway('index', after.docStore, after.now()),
				jumpMs < 0,
				'an outage of a moment ago is believed, one of an hour ago is not',
			);
			await after.save('t', 'known', 'edited');
			await after.save('few', 'few0');
			await after.pass(maxWaitMs + 2_000);
			for (const docId of ['held', 'known', 'away', 'retried', 'fresh'])
				assert.equal((await after.docStore.document('t', docId))?.state, 'published', docId);
			const late = events.filter(([at, event]) => at > startedAt + maxWaitMs && event.startsWith('claim'));
			assert.deepEqual(late, [], 'within the longest wait');
			const edited = await after.docStore.document('t', 'known');
			assert.ok((edited?.version ?? 0) > (known.version ?? 0));
			assert.ok((edited?.published?.at ?? 0) > (known.published?.at ?? Infinity));
			const [newest, oldest] = await after.docStore.jobs({ tenant: 't', docId: 'known', limit: 2 });
			assert.ok((newest?.jobId ?? '') > (oldest?.jobId ?? ''), 'receipts are in order of their ids');
			assert.equal(newest?.version, edited?.version);
			// The minute before the restart is not known, whatever the clock says of it.
			const limited = events.find(([, event]) => event.startsWith('few0'));
			assert.match(limited?.[1] ?? '', /rate_limited, 600\d ms/);
			await after.pass(6_000);
			await after.save('few', 'few0');
			assert.match(events.findLast(([, event]) => event.startsWith('few0'))?.[1] ?? '', /accepted/);
			await after.end();
		});
	}
});
