import assert from 'node:assert/strict';
import type { PipelineDeps } from '../../../api/pipeline/index.ts';
import { startQdrantDouble, type QdrantDouble } from '../../doubles/qdrant.ts';
import { until } from '../../support/settled.ts';
import { qdrantAt, startPipelineFixture, type PipelineFixture } from '../../support/pipeline-fixture.ts';

/** Every way in which Qdrant fails, from its answer through the adapter and the decision to the receipt. */
const collection = 'docs';
const tenant = 't';
const text = (n: number) => ({ text: `# Title ${n}\n\nThe text of document ${n}.` });

describe('what an error of the index comes to', () => {
	let double: QdrantDouble;
	let fixture: PipelineFixture;
	let opened: string[];

	async function start(parts: Partial<PipelineDeps> = {}) {
		const store = qdrantAt(double.url, collection);
		opened = [];
		fixture = startPipelineFixture({
			vectorStore: store,
			indexBreaker: {
				name: 'vector index',
				code: 'index_unavailable',
				attempts: 1,
				retryDelayMs: 1,
				threshold: 3,
				halfOpenAfterMs: 20,
				timeoutMs: 5_000,
				onChange: (state) => void opened.push(state),
			},
			...parts,
		});
		// The pipeline opens the index at its first use, with requests of its own: they are none of the writes' errors.
		await fixture.pipeline.search({ tenant, query: 'anything' });
	}
	beforeEach(async () => {
		double = await startQdrantDouble();
	});
	afterEach(async () => {
		await fixture.stop();
		await fixture.vectorStore.close();
		await double.close();
	});
	const writes = () => double.requests.filter(({ path }) => path.endsWith('/points')).length;
	const retries = async () =>
		/docdrop_retries_total\{code="(\w+)"\} (\d+)/.exec(await fixture.telemetry.render());

	/** Lands although the next write is answered so; what was counted, and what the breaker did. */
	async function lands(docId: string) {
		const job = await fixture.publish({ tenant, docId, content: text(1) });
		assert.deepEqual([job.state, job.attempts], ['published', 0]);
		assert.equal((await fixture.points(tenant, docId)).length, 1);
		return { code: (await retries())?.[1], opened };
	}

	it('429 pauses for the time that it names, and trips nothing', async () => {
		await start();
		for (let n = 0; n < 5; n += 1) double.faults.answers.push({ status: 429, retryAfter: '0' });
		assert.deepEqual(await lands('a'), { code: 'index_throttled', opened: [] });
		assert.equal(writes(), 6);
	});

	it('429 without a time pauses by our own', async () => {
		await start();
		double.faults.answers.push({ status: 429 });
		assert.deepEqual(await lands('a'), { code: 'index_throttled', opened: [] });
	});

	it('507 holds, and trips nothing', async () => {
		await start();
		double.faults.answers.push({ status: 507, error: 'Insufficient storage: no space left' });
		assert.deepEqual(await lands('a'), { code: 'disk_full', opened: [] });
	});

	it('a write that is only acknowledged, or timed out waiting, is not taken for done', async () => {
		await start();
		for (const status of ['wait_timeout', 'acknowledged'] as const) {
			double.faults.writeStatus = status;
			const before = writes();
			const publishing = lands(status);
			await until(
				async () => writes(),
				(count) => count > before,
			);
			assert.equal((await fixture.docStore.document(tenant, status))?.published, null);
			double.faults.writeStatus = 'completed';
			assert.equal((await publishing).code, 'index_unavailable');
		}
	});

	it('an acknowledgement lost after the commit, and a batch that stopped half way, are sent again', async () => {
		await start();
		double.faults.loseAcks = 1;
		await lands('a');
		double.faults.partial = 1;
		await lands('b');
		assert.equal(double.points(collection).size, 2);
	});

	it('an outage trips, and is waited for without counting', async () => {
		await start();
		double.faults.dark = 'unavailable';
		const publishing = lands('a');
		await until(
			async () => opened.length,
			(count) => count > 2,
		);
		double.faults.dark = null;
		assert.equal((await publishing).opened.at(-1), 'closed');
	});

	it('requests above the budget are cut until they pass, of one document too, and nobody is blamed', async () => {
		await start();
		double.faults.writeBudget = 5;
		const sections = Array.from({ length: 40 }, (_, n) => `# Part ${n}\n\nText of part ${n}.`);
		const mimeType = 'text/markdown';
		const job = await fixture.publish({
			tenant,
			docId: 'a',
			content: { text: sections.join('\n\n') },
			mimeType,
		});
		assert.deepEqual([job.state, job.attempts, job.detail?.added], ['published', 0, 40]);
		assert.equal(double.points(collection).size, 40);
		const before = writes();
		const content = { text: sections.slice(0, 10).join('\n\n') };
		await fixture.publish({ tenant, docId: 'b', content, mimeType });
		assert.equal(writes() - before, Math.ceil(10 / 5), 'what passes is remembered');
		await fixture.publish({ tenant, docId: 'a', op: 'delete' });
		assert.equal(double.points(collection).size, 10);
	});

	describe('one poison document among 500', () => {
		const count = 500;
		const worker = {
			maxDocuments: 800,
			maxBytes: 10_000_000,
			maxReading: count,
			stallMs: 900_000,
			leaseMs: 60_000,
			maxAttempts: 2,
			batch: { points: 600, bytes: 100_000_000, ageMs: 5_000 },
		};
		/** Requests that all of them take, in one batch. */
		async function requestsFor(poison: number | null): Promise<number> {
			await start({ worker });
			double.faults.rejectContent = 'poison';
			const before = double.requests.length;
			const { pipeline, docStore } = fixture;
			const documents = Array.from({ length: count }, (_, n) =>
				pipeline.normalise({
					tenant,
					docId: `doc${n}`,
					content: n === poison ? { text: 'poison' } : text(n),
				}),
			);
			await pipeline.accept(documents, { skipWindow: true });
			const stats = await until(
				() => docStore.stats(),
				({ pending }) => pending === 0,
			);
			const failed = poison === null ? 0 : 1;
			assert.deepEqual([stats.documents, stats.failed], [count - failed, failed]);
			assert.equal(double.points(collection).size, count - failed);
			return double.requests.length - before;
		}

		/** Their points in requests of 256, and nothing else. */
		const clean = Math.ceil(count / 256);

		it('without it they take two requests', async () => {
			assert.equal(await requestsFor(null), clean);
		});

		for (const poison of [0, 137]) {
			it(`at ${poison}: its mates land, without a wait, at no more than 2 log2(500) requests more`, async () => {
				const bisected = await requestsFor(poison);
				// Each halving writes both halves again; its remains are removed by one more.
				const most = clean + 2 * Math.ceil(Math.log2(count)) + 1;
				assert.ok(bisected <= most, `${bisected} requests`);
				const held = await fixture.docStore.document(tenant, `doc${poison}`);
				assert.deepEqual([held?.state, held?.error?.code, held?.orphans], ['failed', 'index_rejected', 0]);
				const jobs = await fixture.docStore.jobs({ state: 'published', limit: count });
				assert.ok(jobs.every(({ attempts }) => attempts === 0));
			});
		}
	});
});
