import { createBlame } from '../../../api/pipeline/faults/blame.ts';
import { createJobNotes } from '../../../api/pipeline/faults/job-notes.ts';
import assert from 'node:assert/strict';
import { lexicalVector } from '../../support/lexical-vector.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { DocDropError } from '../../../api/errors.ts';
import { noCrash } from '../../../api/pipeline/faults/crash-points.ts';
import { startWorker, type WorkerDeps, type WorkerSettings } from '../../../api/pipeline/prepare/worker.ts';
import { createLanes } from '../../../api/pipeline/publish/index.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { Change } from '../../../api/domain/change.ts';
import type { ExtractInput } from '../../../api/ports/extractor.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { changeOf } from '../../support/leased-documents.ts';
import { noBreaker } from '../../support/no-breaker.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';
import { noSpools } from '../../support/no-spools.ts';

describe('worker', () => {
	let clock: FakeClock;
	let docStore: DocStore;
	let vectorStore: VectorStore;
	let stopping: AbortController;
	/** Extractions that wait, by the text that they read. */
	let gates: Map<string, () => void>;
	let isGated: boolean;
	let extractions: number;
	let isOutage: boolean;
	const outage = new DocDropError('extractor_unavailable', 'no process', { retryAfterMs: 5_000 });

	beforeEach(() => {
		isOutage = true;
		clock = fakeClock();
		docStore = createMemoryDocStore();
		vectorStore = createMemoryVectorStore({ dimensions: 256 });
		stopping = new AbortController();
		gates = new Map();
		isGated = false;
		extractions = 0;
	});
	afterEach(async () => {
		stopping.abort(new Error('the test is over'));
		await clock.advance(0);
		await docStore.close();
	});

	const textOf = ({ content }: ExtractInput) => Buffer.from(content as Uint8Array).toString();
	const start = (settings: Partial<WorkerSettings> = {}, more: Partial<WorkerDeps> = {}) => {
		const common = {
			spools: noSpools,
			docStore,
			vectorStore,
			extractor: {
				fingerprintOf: () => 'x',
				mimeTypes: ['text/markdown'],
				streamable: [],
				stream: () => Promise.reject(new Error('no document here is large')),
				async extract(input: ExtractInput, signal?: AbortSignal) {
					const text = textOf(input);
					extractions += 1;
					if (isGated) {
						await new Promise<void>((go, stop) => {
							gates.set(text, go);
							signal?.addEventListener('abort', () => stop(signal.reason as Error));
						});
					}
					if (text.startsWith('unreadable')) throw new DocDropError('unreadable', 'the file is none');
					if (text.startsWith('gone'))
						throw new DocDropError('content_missing', 'the content that waited is gone');
					if (text.startsWith('outage') && isOutage) throw outage;
					if (text.startsWith('defect')) throw new TypeError('a defect');
					const hash = Buffer.from(text).toString('hex').slice(-64).padStart(64, '0');
					const chunk = { hash, text, heading: null, page: null, terms: text };
					return { title: null, mimeType: input.mimeType, warnings: [], chunks: [chunk] };
				},
				close: async () => {},
			},
			embed: { embed: async (texts: readonly string[]) => texts.map(lexicalVector), replace() {} },
			breaker: noBreaker,
			blame: createBlame(),
			notes: createJobNotes(),
			clock,
			now: () => clock.now(),
			random: () => 0,
			crashPoint: noCrash,
			log: silentLog,
			telemetry: createTelemetry(),
			signal: stopping.signal,
			...more,
		};
		const all = {
			maxDocuments: 4,
			maxBytes: 1_000,
			maxReading: 32,
			stallMs: 900_000,
			leaseMs: 9_000,
			maxAttempts: 3,
			...settings,
		};
		const batch = { points: 100, bytes: 1_000_000, ageMs: 5 };
		const lanes = createLanes({ ...common, settings: { ...all, batch }, onPartialWrite: () => {} });
		return startWorker({ openLane: lanes.open, ...common, settings: all });
	};
	const accept = (...changes: Change[]) =>
		docStore.accept(changes, clock.now(), { maxPending: Infinity, maxPendingBytes: Infinity });
	const stateOf = async (docId: string) => (await docStore.document('t', docId))?.state;
	/** What a second worker would get. */
	const steal = () => docStore.claim({ now: clock.now(), limit: 10, maxBytes: 1e9, leaseMs: 1 });
	const open = async (...texts: string[]) => {
		for (const text of texts) gates.get(text)?.();
		await clock.advance(10);
	};

	it('works on what waits when it starts, and on what it is woken for', async () => {
		await accept(changeOf('a', 'one'));
		const worker = start();
		await clock.advance(10);
		assert.equal(await stateOf('a'), 'published');
		await accept(changeOf('b', 'two'));
		worker.wake();
		await clock.advance(10);
		assert.equal(await stateOf('b'), 'published');
		assert.equal(worker.inWork(), 0);
	});

	it('finds what it was not woken for within a second, and what has a window when it is over', async () => {
		start();
		await clock.advance(10);
		await accept(changeOf('quiet', 'one'), changeOf('later', 'two', { windowMs: 400, maxWaitMs: 5_000 }));
		await clock.advance(1_000);
		assert.deepEqual([await stateOf('quiet'), await stateOf('later')], ['published', 'published']);
		await accept(changeOf('later', 'three', { windowMs: 400, maxWaitMs: 5_000 }));
		await clock.advance(1_100);
		assert.equal(await stateOf('later'), 'published');
	});

	it('never has more documents in work than it may', async () => {
		isGated = true;
		const texts = Array.from({ length: 10 }, (_, n) => `text ${n}`);
		await accept(...texts.map((text, n) => changeOf(`doc${n}`, text)));
		const worker = start();
		await clock.advance(10);
		assert.equal(gates.size, 3, 'one place is for others');
		await accept(changeOf('other', 'other', { tenant: 'u' }));
		worker.wake();
		await clock.advance(10);
		assert.deepEqual([gates.has('other'), worker.inWork()], [true, 4]);
		await open('text 0', 'text 1', 'other');
		assert.deepEqual([gates.size, worker.inWork()], [6, 3]);
		isGated = false;
		await open(...texts);
		await clock.advance(2_000);
		assert.equal((await docStore.stats()).documents, 11);
		assert.equal(worker.inWork(), 0);
	});

	it('nor more bytes, beside one document that is larger alone', async () => {
		isGated = true;
		const large = 'L'.repeat(5_000);
		await accept(
			changeOf('large', large),
			changeOf('b', 'b'.repeat(600)),
			changeOf('c', 'c'.repeat(600)),
			changeOf('d', 'd'),
		);
		const worker = start();
		await clock.advance(10);
		assert.deepEqual([...gates.keys()], [large], 'the large one alone');
		await open(large);
		assert.equal(await stateOf('large'), 'published');
		assert.deepEqual(worker.inWork(), 2, 'up to the document that reaches the bound');
		await open('b'.repeat(600), 'c'.repeat(600));
		await open('d');
		await clock.advance(1_100);
		assert.equal((await docStore.stats()).documents, 4);
	});

	it('takes no second large document while one is in work: what waits costs nothing, and nobody waits for it', async () => {
		const large = (name: string) =>
			changeOf(name, name, { content: { sha256: name, size: 5_000_000, body: { blob: name } } });
		await accept(large('l1'), large('l2'), large('l3'));
		let writes = 0;
		const release = (...args: Parameters<DocStore['release']>) => {
			writes += 1;
			return docStore.release(...args);
		};
		const spools = { ...noSpools, open: () => new Promise<never>(() => {}) };
		start({ maxBytes: 64_000_000 }, { spools, docStore: { ...docStore, release } });
		await clock.advance(10_000);
		await accept(changeOf('small', 'small'));
		await clock.advance(10_000);
		assert.equal(await stateOf('small'), 'published');
		assert.deepEqual(
			(await docStore.jobs({ tenant: 't', state: 'processing', limit: 9 })).map(({ docId }) => docId),
			['l1'],
		);
		assert.equal(writes, 0, 'no lease was given back');
	});

	it('keeps its leases alive for as long as the work takes, and no other gets them', async () => {
		isGated = true;
		await accept(changeOf('slow', 'slow'));
		start();
		await clock.advance(10);
		for (let n = 0; n < 10; n += 1) {
			await clock.advance(8_000);
			assert.deepEqual(await steal(), []);
		}
		await open('slow');
		assert.equal(await stateOf('slow'), 'published');
		assert.equal(extractions, 1, 'nor does the worker begin anew itself');
	});

	it('takes a document away from an extractor that never answers, tries it again, and gives it up in the end', async () => {
		isGated = true;
		await accept(changeOf('hung', 'hung'), changeOf('other', 'other'));
		const worker = start({ stallMs: 30_000, maxReading: 2 });
		await clock.advance(10);
		await open('other');
		await clock.advance(29_000);
		assert.deepEqual(await steal(), [], 'slow is not hung');
		await clock.advance(2_000);
		const held = await docStore.document('t', 'hung');
		assert.deepEqual([held?.attempts, held?.error?.code], [1, 'internal']);
		assert.match(held?.error?.message ?? '', /no answer within 30000 ms/);
		await clock.advance(120_000);
		assert.equal(await stateOf('hung'), 'failed');
		assert.equal(worker.inWork(), 0, 'its place is free');
		isGated = false;
		await accept(changeOf('next', 'next'), changeOf('after', 'after'), changeOf('that', 'that'));
		worker.wake();
		await clock.advance(1_100);
		assert.equal((await docStore.stats()).documents, 4, 'and so are its places at the extractor');
	});

	it('a change that arrives meanwhile is the next to be worked on, and wins', async () => {
		isGated = true;
		await accept(changeOf('a', 'old'));
		const worker = start();
		await clock.advance(10);
		await accept(changeOf('a', 'new'));
		worker.wake();
		await clock.advance(10);
		assert.deepEqual([...gates.keys()], ['old'], 'one worker a document');
		await open('old');
		await open('new');
		await clock.advance(1_100);
		await open('new');
		assert.deepEqual(
			(await docStore.chunks('t', 'a')).map(({ text }) => text),
			['new'],
		);
		assert.equal(await vectorStore.count('t'), 1);
	});

	it('one document that cannot be read is a dead letter at once; a defect is one after tries with waits', async () => {
		await accept(changeOf('bad', 'unreadable'), changeOf('odd', 'defect'), changeOf('good', 'good'));
		start();
		await clock.advance(100);
		assert.deepEqual(
			[await stateOf('bad'), await stateOf('odd'), await stateOf('good')],
			['failed', 'retrying', 'published'],
		);
		await clock.advance(60_000);
		const odd = await docStore.document('t', 'odd');
		assert.deepEqual([odd?.state, odd?.error?.code], ['failed', 'internal']);
		const [job] = await docStore.jobs({ tenant: 't', docId: 'odd', limit: 1 });
		assert.equal(job?.attempts, 3);
	});

	it('a machine that starts no process for extraction is waited for, and counts against nobody', async () => {
		await accept(changeOf('a', 'outage'), changeOf('lost', 'gone'));
		start();
		await clock.advance(60_000);
		const waiting = await docStore.document('t', 'a');
		assert.deepEqual(
			[waiting?.state, waiting?.attempts, waiting?.error?.code],
			['retrying', 0, 'extractor_unavailable'],
		);
		assert.ok(extractions <= 14, `${extractions} tries in a minute`);
		isOutage = false;
		await clock.advance(6_000);
		assert.equal(await stateOf('a'), 'published');
		const lost = await docStore.document('t', 'lost');
		assert.deepEqual([lost?.state, lost?.error?.code], ['failed', 'content_missing']);
	});

	it('drain: what is in work is finished, nothing new is begun', async () => {
		isGated = true;
		const worker = start();
		await accept(changeOf('a', 'one'));
		worker.wake();
		await clock.advance(10);
		let isDrained = false;
		void worker.drain().then(() => (isDrained = true));
		await accept(changeOf('b', 'two'));
		worker.wake();
		await clock.advance(3_000);
		assert.deepEqual([isDrained, [...gates.keys()]], [false, ['one']]);
		await open('one');
		assert.equal(isDrained, true);
		assert.deepEqual([await stateOf('a'), await stateOf('b')], ['published', 'accepted']);
	});

	it('drain of an idle worker is at once', async () => {
		const worker = start();
		await clock.advance(0);
		await worker.drain();
	});

	it('an abort leaves what is in work to whoever comes when the lease is over', async () => {
		isGated = true;
		await accept(changeOf('a', 'one'));
		start();
		await clock.advance(10);
		stopping.abort(new Error('the process is stopping'));
		await clock.advance(8_000);
		assert.deepEqual(await steal(), []);
		await clock.advance(2_000);
		assert.equal((await steal()).length, 1);
		assert.equal((await docStore.document('t', 'a'))?.attempts, 0);
	});

	it('a store that does not answer is asked again, and nothing is lost', async () => {
		const { claim } = docStore;
		let asked = 0;
		Object.assign(docStore, {
			claim: async () => {
				asked += 1;
				throw new DocDropError('store_unavailable', 'the state store did not answer');
			},
		});
		await accept(changeOf('a', 'one'));
		start();
		await clock.advance(3_500);
		assert.ok(asked >= 3 && asked <= 6, `asked ${asked} times in 3.5 s`);
		Object.assign(docStore, { claim });
		await clock.advance(1_100);
		assert.equal(await stateOf('a'), 'published');
	});
});
