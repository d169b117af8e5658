import assert from 'node:assert/strict';
import { DocDropError } from '../../../api/errors.ts';
import type { PipelineDeps } from '../../../api/pipeline/index.ts';
import type { Reranker } from '../../../api/ports/reranker.ts';
import { startPipelineFixture, type PipelineFixture } from '../../support/pipeline-fixture.ts';

describe('a reranked search', () => {
	let fixture: PipelineFixture;
	let asked: { question: string; texts: readonly string[] }[];
	let scoreOf: (text: string) => number;
	let failure: Error | null;
	afterEach(() => fixture.stop());

	async function start(more: Partial<Reranker> = {}, parts: Partial<PipelineDeps> = {}): Promise<void> {
		[asked, failure, scoreOf] = [[], null, (text) => Number(/\d+/.exec(text)?.[0] ?? 0) / 100];
		const reranker: Reranker = {
			model: 'm',
			top: 4,
			async rerank(question, texts) {
				asked.push({ question, texts });
				if (failure !== null) throw failure;
				return texts.map(scoreOf);
			},
			...more,
		};
		const breaker = { attempts: 1, retryDelayMs: 1, threshold: 3, halfOpenAfterMs: 1_000, timeoutMs: 2_000 };
		fixture = startPipelineFixture({
			reranker: { reranker, breaker: { ...breaker, name: 'reranker', code: 'reranker_unavailable' } },
			...parts,
		});
		// The more often the word stands there, the better it is found; the number is what the reranker likes.
		for (let n = 0; n < 6; n += 1) {
			const text = `# Page ${n}\n\n${'otter '.repeat(6 - n)}number ${n}.`;
			await fixture.publish({ tenant: 't', docId: `${n}.md`, content: { text } });
		}
	}
	const search = (request: Partial<Parameters<PipelineFixture['pipeline']['search']>[0]> = {}) =>
		fixture.pipeline.search({ tenant: 't', query: 'otter', mode: 'text', ...request });
	const idsOf = ({ results }: Awaited<ReturnType<typeof search>>) => results.map(({ docId }) => docId);

	it('has its first passages in the order of the reranker, the others behind them, with the scores of before', async () => {
		await start();
		const answer = await search({ explain: true });
		assert.deepEqual(idsOf(answer), ['3.md', '2.md', '1.md', '0.md', '4.md', '5.md']);
		assert.deepEqual([answer.reranked, answer.hint, asked.length], [true, null, 1]);
		assert.deepEqual([asked[0]?.question, asked[0]?.texts.length], ['otter', 4]);
		assert.match(asked[0]?.texts[0] ?? '', /^Page 0\n\n.*otter/s, 'with the headings, as it was embedded');
		const places = answer.results.map(({ explain }) => [explain?.text?.rank, explain?.rerank]);
		assert.deepEqual(places[0], [4, { rank: 1, score: 0.03 }]);
		assert.deepEqual(places[4], [5, null]);
		const scores = new Map(answer.results.map(({ docId, score }) => [docId, score]));
		assert.ok((scores.get('0.md') ?? 0) > (scores.get('3.md') ?? 1));
	});

	it('has pages that fit together, groups and thresholds', async () => {
		await start();
		const pages = [await search({ limit: 3 }), await search({ limit: 3, offset: 3 })].map(idsOf);
		assert.deepEqual(pages.flat(), idsOf(await search()));
		assert.deepEqual(idsOf(await search({ groupByDocument: true, limit: 2 })), ['3.md', '2.md']);
		const { results } = await search();
		const middle = results.find(({ docId }) => docId === '2.md')?.score ?? 0;
		assert.deepEqual(idsOf(await search({ minScore: middle })), ['2.md', '1.md', '0.md']);
		assert.deepEqual(idsOf(await search({ query: 'unicorns' })), []);
	});

	it('keeps the order of before where scores are equal', async () => {
		await start();
		scoreOf = () => 0.5;
		assert.deepEqual(idsOf(await search()), ['0.md', '1.md', '2.md', '3.md', '4.md', '5.md']);
	});

	it('goes out as it is where the reranker fails, says so, and soon stops asking', async () => {
		await start();
		failure = new DocDropError('reranker_unavailable', 'the reranker answered 500');
		const before = ['0.md', '1.md', '2.md', '3.md', '4.md', '5.md'];
		const first = await search({ explain: true });
		assert.deepEqual(idsOf(first), before);
		assert.deepEqual([first.reranked, first.hint], [false, 'Not reranked: the reranker answered 500.']);
		assert.equal(first.results[0]?.explain?.rerank, null);
		await search();
		await search();
		const paused = await search();
		assert.deepEqual([idsOf(paused), paused.reranked, asked.length], [before, false, 3]);
		assert.match(paused.hint ?? '', /calls to it are paused/);
		assert.equal(fixture.pipeline.rerankerState(), 'open');
	});

	it('one question that it refuses closes it to nobody', async () => {
		await start();
		failure = new DocDropError('reranker_rejected', 'the reranker answered 422');
		for (let n = 0; n < 5; n += 1) assert.equal((await search()).reranked, false);
		failure = null;
		assert.equal((await search()).reranked, true);
		assert.equal(fixture.pipeline.rerankerState(), 'closed');
	});

	it('says nothing of one where there is none', async () => {
		await start({}, { reranker: null });
		const answer = await search({ explain: true });
		assert.ok(!('reranked' in answer) && !('rerank' in (answer.results[0]?.explain ?? {})));
		assert.equal(fixture.pipeline.rerankerState(), null);
	});
});
