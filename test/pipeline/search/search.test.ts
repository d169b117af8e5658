import assert from 'node:assert/strict';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { DocDropError } from '../../../api/errors.ts';
import type { Embedder } from '../../../api/ports/embedder.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';
import {
	countingEmbedder,
	startPipelineFixture,
	type PipelineFixture,
} from '../../support/pipeline-fixture.ts';

describe('search', () => {
	let fixture: PipelineFixture;
	let isAway: boolean;
	beforeEach(async () => {
		isAway = false;
		const embedder: Embedder = countingEmbedder();
		const { embed } = embedder;
		embedder.embed = async (texts, signal) => {
			if (isAway) throw new DocDropError('embedder_unavailable', 'the embedder does not answer');
			return embed(texts, signal);
		};
		fixture = startPipelineFixture({ embedder });
		const texts = {
			'rpath.md': '# Linking\n\nSet CMAKE_INSTALL_RPATH so that the shared library is found.',
			'tests.md': '# Testing\n\nRun every test with ctest before the release.',
			'cake.md': '# Baking\n\nA cake needs flour, eggs and patience.',
		};
		for (const [docId, text] of Object.entries(texts)) {
			await fixture.publish({ tenant: 't', docId, content: { text }, metadata: { kind: 'guide' } });
		}
		await fixture.publish({
			tenant: 'other',
			docId: 'rpath.md',
			content: { text: 'cmake rpath of another tenant' },
		});
	});
	afterEach(() => fixture.stop());
	const ids = async (request: Partial<Parameters<PipelineFixture['pipeline']['search']>[0]>) =>
		(await fixture.pipeline.search({ tenant: 't', query: 'install rpath', ...request })).results.map(
			({ docId }) => docId,
		);

	it('finds by words, by vector, and by both', async () => {
		for (const mode of ['text', 'dense', 'hybrid'] as const) {
			assert.equal((await ids({ mode }))[0], 'rpath.md', mode);
		}
		assert.deepEqual(await ids({ mode: 'text', query: 'flour' }), ['cake.md']);
		assert.equal((await ids({ mode: 'dense', query: 'patient bakers' }))[0], 'cake.md', 'by parts of words');
		assert.deepEqual(await ids({ mode: 'text', query: 'pastry cooks' }), []);
	});

	it('answers with all that a reader needs, of this tenant only', async () => {
		const { results, tookMs } = await fixture.pipeline.search({
			tenant: 't',
			query: 'rpath library',
			mode: 'text',
		});
		assert.equal(results.length, 1);
		const [hit] = results;
		assert.deepEqual(
			[hit?.docId, hit?.heading, hit?.metadata, hit?.page],
			['rpath.md', 'Linking', { kind: 'guide' }, null],
		);
		assert.match(hit?.content ?? '', /shared library/);
		assert.ok(tookMs >= 0 && (hit?.score ?? 0) > 0 && (hit?.version ?? 0) > 0);
		assert.deepEqual(await ids({ tenant: 'nobody' }), []);
	});

	it('obeys quotes and minuses, also for what is found by vector', async () => {
		const query = 'cmake library test cake';
		assert.equal((await ids({ query })).length, 3);
		assert.deepEqual(await ids({ query: `${query} "shared library"` }), ['rpath.md']);
		assert.deepEqual((await ids({ query: `${query} -flour -"every test"` })).sort(), ['rpath.md']);
		assert.equal((await ids({ query: '-flour' }))[0], 'cake.md', 'a word, where nothing else is asked for');
	});

	it('finds other forms of a word, an unfinished one, a misspelt one, folders and tags', async () => {
		const tags = ['quokka'];
		await fixture.publish({ tenant: 't', docId: 'zoo/a.md', content: { text: 'Fur.' }, metadata: { tags } });
		const found = async (query: string) => (await ids({ mode: 'text', query })).join();
		assert.equal(await found('installed'), 'rpath.md');
		assert.equal(await found('releas'), 'tests.md');
		assert.equal(await found('libary '), 'rpath.md');
		assert.equal(await found('quokkas'), 'zoo/a.md');
		assert.equal(await found('zoo'), 'zoo/a.md');
	});

	it('finds a document by its new tags, though its text has not changed', async () => {
		const publish = (tags: string[]) =>
			fixture.publish({ tenant: 't', docId: 'a.md', content: { text: 'Fur.' }, metadata: { tags } });
		await publish(['quokka']);
		await publish(['wombat']);
		assert.deepEqual(await ids({ mode: 'text', query: 'wombat ' }), ['a.md']);
		assert.deepEqual(await ids({ mode: 'text', query: 'quokka ' }), []);
	});

	it('keeps to one document, and to the limit', async () => {
		assert.deepEqual(new Set(await ids({ docId: 'tests.md', query: 'test release' })), new Set(['tests.md']));
		assert.deepEqual(await ids({ docId: 'none.md' }), []);
		assert.equal((await ids({ limit: 1, query: 'the' })).length, 1);
	});

	describe('asked for more', () => {
		const ask = (request: Partial<Parameters<PipelineFixture['pipeline']['search']>[0]>) =>
			fixture.pipeline.search({ tenant: 't', query: 'the', ...request });
		const publish = (docId: string, metadata: Record<string, unknown>, text = `The ${docId} passage.`) =>
			fixture.publish({ tenant: 't', docId, content: { text }, metadata });

		it('searches only documents that are like the filter', async () => {
			await publish('new.md', { kind: 'news', year: 2026 });
			assert.deepEqual(await ids({ query: 'the', filter: { kind: 'news', year: { gte: 2026 } } }), [
				'new.md',
			]);
			assert.deepEqual(await ids({ query: 'the', filter: { kind: 'news' }, docId: 'cake.md' }), []);
			assert.deepEqual((await ids({ filter: {} }))[0], 'rpath.md');
		});

		it('refuses by its name what it does not take', async () => {
			const wrong: readonly [Parameters<typeof ask>[0], string][] = [
				[{ filter: { tenant: 'other' } }, 'filter/tenant'],
				[{ filter: { or: [{ kind: { like: 'x' } }] } }, 'filter/or/0/kind/like'],
				[{ facets: ['kind', 'version'] }, 'facets/1'],
			];
			for (const [request, field] of wrong) await assert.rejects(ask(request), { code: 'invalid', field });
		});

		it('answers page by page what it answers at once', async () => {
			for (let at = 0; at < 12; at += 1) await publish(`page${at}.md`, {});
			const whole = await ask({ limit: 30 });
			assert.equal(whole.next, null);
			const paged: string[] = [];
			for (let offset: number | null = 0; offset !== null;) {
				const { results, next } = await ask({ limit: 4, offset });
				paged.push(...results.map(({ pointId }) => pointId));
				assert.ok(next === null || next === offset + 4);
				offset = next;
			}
			assert.deepEqual(
				paged,
				whole.results.map(({ pointId }) => pointId),
			);
			assert.ok(paged.length >= 12);
		});

		it('answers each document once, with its best passage', async () => {
			const section = (at: number) => `# Part ${at}\n\nwhale ${'water '.repeat(at + 1)}\n\n`;
			await publish('book.md', {}, Array.from({ length: 6 }, (_, at) => section(at)).join(''));
			await publish('note.md', {}, 'A whale.');
			const plain = await ask({ query: 'whale', mode: 'text', limit: 20 });
			assert.ok(plain.results.length > 2);
			const { results } = await ask({ query: 'whale', mode: 'text', groupByDocument: true });
			assert.deepEqual(results.map(({ docId }) => docId).sort(), ['book.md', 'note.md']);
			for (const { docId, pointId } of results)
				assert.equal(plain.results.find((hit) => hit.docId === docId)?.pointId, pointId);
		});

		it('leaves out what scores lower than is asked for', async () => {
			const { results } = await ask({ limit: 20 });
			const scores = results.map(({ score }) => score);
			const middle = scores[Math.floor(scores.length / 2)] as number;
			const good = await ask({ limit: 20, minScore: middle });
			assert.equal(good.results.length, scores.filter((score) => score >= middle).length);
			assert.deepEqual(
				(await ask({ minScore: 1 })).results.filter(({ score }) => score < 1),
				[],
			);
		});

		it('shows the chunks around a passage, in their order', async () => {
			const texts = ['alpha', 'beta', 'gamma', 'delta'].map((word) => `# ${word}\n\nOnly ${word} here.`);
			await publish('row.md', {}, texts.join('\n\n'));
			const around = async (query: string, context: number) => {
				const { results } = await ask({ query, context, mode: 'text', docId: 'row.md' });
				const { before = [], after = [] } = results[0]?.context ?? {};
				return [before, after].map((side) => side.map((text) => /Only (\w+)/.exec(text)?.[1]));
			};
			assert.deepEqual(await around('gamma', 1), [['beta'], ['delta']]);
			assert.deepEqual(await around('gamma', 5), [['alpha', 'beta'], ['delta']]);
			assert.deepEqual(await around('alpha', 2), [[], ['beta', 'gamma']]);
			assert.equal((await ask({ query: 'gamma' })).results[0]?.context, undefined);
		});

		it('says where the words of the query stand', async () => {
			const { results } = await ask({ query: 'Libraries rpath', mode: 'text', highlight: true });
			const [hit] = results;
			const marked = hit?.highlights?.map(({ start, end }) => hit.content.slice(start, end));
			assert.deepEqual(marked, ['CMAKE_INSTALL_RPATH', 'library']);
		});

		it('says which place and score a passage had in each list', async () => {
			const { results } = await ask({ query: 'flour', explain: true });
			const [best, ...others] = results;
			assert.deepEqual([best?.explain?.dense?.rank, best?.explain?.text?.rank], [1, 1]);
			assert.ok((best?.explain?.text?.score ?? 0) > 0);
			for (const other of others) assert.equal(other.explain?.text, null);
			const { results: dense } = await ask({ query: 'flour', explain: true, mode: 'dense' });
			assert.equal(dense[0]?.explain?.text, null);
		});

		it('counts the documents that were found by their values, on every page alike', async () => {
			await publish('one.md', { kind: 'news', tags: ['a', 'b', 'a'], due: '2026-01-31' });
			await publish('two.md', { kind: 'news', tags: ['b'], due: null });
			const { facets } = await ask({ limit: 1, facets: ['kind', 'tags', 'due', 'absent', 'docId'] });
			assert.deepEqual(facets?.['kind'], [
				{ value: 'guide', documents: 3 },
				{ value: 'news', documents: 2 },
			]);
			assert.deepEqual(facets?.['tags'], [
				{ value: 'b', documents: 2 },
				{ value: 'a', documents: 1 },
			]);
			assert.deepEqual(facets?.['due'], [{ value: '2026-01-31', documents: 1 }]);
			assert.deepEqual(facets?.['absent'], []);
			assert.equal(facets?.['docId']?.length, 5);
		});
	});

	it('by words alone it needs no embedder; a hybrid search does without and says so, a dense one fails', async () => {
		const asked = (mode: 'text' | 'hybrid') =>
			fixture.pipeline.search({ tenant: 't', query: 'install rpath', mode });
		const { mode, hint } = await asked('hybrid');
		assert.deepEqual([mode, hint], ['hybrid', null]);
		isAway = true;
		assert.deepEqual(await ids({ mode: 'text' }), ['rpath.md']);
		assert.equal((await asked('text')).hint, null);
		const half = await asked('hybrid');
		assert.deepEqual([half.mode, half.results.map(({ docId }) => docId)], ['text', ['rpath.md']]);
		assert.match(half.hint ?? '', /^Searched by words alone: .*embedder/);
		await assert.rejects(ids({ mode: 'dense' }), { code: 'embedder_unavailable' });
	});

	it('searches for the first different words of a long question', async () => {
		const other = (n: number) => `word${n}`;
		const many = (count: number) =>
			Array.from({ length: count }, (_, n) => `${other(n)} ${other(n)}`).join(' ');
		assert.deepEqual(await ids({ mode: 'text', query: `${many(63)} flour` }), ['cake.md']);
		assert.deepEqual(await ids({ mode: 'text', query: `${many(64)} flour` }), []);
	});

	it('a question of signs only finds nothing, and is no error', async () => {
		assert.deepEqual(await ids({ query: '?!…' }), []);
	});

	it('refuses halves of surrogate pairs', async () => {
		await assert.rejects(ids({ query: '\ud800' }), { code: 'invalid', field: 'query' });
		await assert.rejects(ids({ docId: 'a\udc00' }), { code: 'invalid', field: 'docId' });
	});
});

describe('search and an index that does not answer', () => {
	const away = () => new DocDropError('index_unavailable', 'the vector index does not answer');
	let clock: FakeClock;
	let fixture: PipelineFixture;
	let isAway: boolean;
	let isWritable: boolean;
	/** Searches that reached the index. */
	let asked: number;
	beforeEach(() => {
		isAway = true;
		isWritable = true;
		asked = 0;
		clock = fakeClock();
		const store = createMemoryVectorStore({ dimensions: 256 });
		const vectorStore: VectorStore = {
			...store,
			async search(query) {
				asked += 1;
				if (isAway) throw away();
				return store.search(query);
			},
			async remove(...args) {
				if (!isWritable) throw away();
				return store.remove(...args);
			},
		};
		const indexBreaker = {
			name: 'vector index',
			code: 'index_unavailable',
			timeoutMs: 60_000,
			attempts: 3,
			retryDelayMs: 1,
			threshold: 3,
			halfOpenAfterMs: 1_000,
		} as const;
		// Nobody works on documents: what publishing would find out is said by the test.
		fixture = startPipelineFixture({ vectorStore, clock, indexBreaker, worker: null });
	});
	afterEach(() => fixture.stop());
	const search = () => fixture.pipeline.search({ tenant: 't', query: 'about' });
	const states = () => {
		const { breakers, indexState } = fixture.pipeline;
		return [breakers.index.state(), breakers.search.state(), indexState()];
	};
	const publishing = {
		succeeds() {
			isWritable = true;
			return fixture.pipeline.breakers.index.run(async () => {});
		},
		fails() {
			isWritable = false;
			return assert.rejects(fixture.pipeline.breakers.index.run(() => Promise.reject(away())));
		},
	};

	it('asks once and not again; after some failures it is refused at once, with a time', async () => {
		for (let nth = 1; nth <= 3; nth += 1) {
			// The one that opens the breaker is told, as those after it, when the next probe is due.
			const retryAfterMs = nth < 3 ? undefined : 1_000;
			await assert.rejects(search(), { code: 'index_unavailable', retryAfterMs });
			assert.equal(asked, nth);
		}
		await assert.rejects(search(), { code: 'index_unavailable', retryAfterMs: 1_000 });
		assert.equal(asked, 3, 'no call was made');
		assert.deepEqual(states(), ['closed', 'open', 'open'], 'publishing finds out for itself');
		isAway = false;
		await clock.advance(1_000);
		await search();
		assert.deepEqual(states(), ['closed', 'closed', 'closed']);
	});

	it('is refused at once when publishing has found the index away, and goes on when it is back', async () => {
		await publishing.fails();
		assert.deepEqual(states(), ['open', 'open', 'open']);
		await assert.rejects(search(), { code: 'index_unavailable', retryAfterMs: 1_000 });
		assert.equal(asked, 0);
		await clock.advance(1_000);
		await assert.rejects(search(), { code: 'index_unavailable', retryAfterMs: 2_000 });
		assert.deepEqual(
			[asked, states()[1]],
			[1, 'open'],
			'its own probe failed, and it is told of the next one',
		);
		isAway = false;
		await publishing.succeeds();
		assert.deepEqual(states(), ['closed', 'closed', 'closed']);
		await search();
	});

	it('takes no probe from publishing, and publishing none from it', async () => {
		await publishing.fails();
		await clock.advance(1_000);
		isAway = false;
		await search();
		assert.deepEqual(states(), ['open', 'closed', 'open'], 'an index that refuses writes can be searched');
		for (let probe = 0; probe < 3; probe += 1) {
			await publishing.fails();
			await search();
			await clock.advance(15_000);
		}
		assert.deepEqual(fixture.pipeline.breakers.index.attempts(), { total: 9, whileOpen: 3 });
		isAway = true;
		for (let nth = 0; nth < 20; nth += 1) await assert.rejects(search());
		await publishing.succeeds();
		assert.equal(states()[0], 'closed', 'nor do searches that fail keep publishing waiting');
	});
});

describe('search and an index that takes long', () => {
	it('ends after its time, and one tenant’s searches leave room for the others’', async () => {
		const clock = fakeClock();
		const store = createMemoryVectorStore({ dimensions: 256 });
		const begun: string[] = [];
		const gate = Promise.withResolvers<void>();
		const fixture = startPipelineFixture({
			clock,
			worker: null,
			admission: { waitMs: 60_000, previews: 1, searches: 2, searchMs: 1_000, embeddingsMs: 1_000 },
			vectorStore: {
				...store,
				async search(query) {
					begun.push(query.tenant);
					if (query.tenant === 'slow') await gate.promise;
					return store.search(query);
				},
			},
		});
		const search = (tenant: string) => fixture.pipeline.search({ tenant, query: 'words', mode: 'text' });
		const late = search('slow').catch((error: unknown) => error);
		const next = search('slow').catch((error: unknown) => error);
		assert.deepEqual((await search('other')).results, []);
		await clock.advance(1_000);
		assert.equal(((await late) as DocDropError).code, 'search_timeout');
		await clock.advance(1_000);
		assert.deepEqual(begun, ['slow', 'other'], 'the index still has the one that was answered');
		gate.resolve();
		assert.deepEqual(((await next) as { results: unknown[] }).results, []);
		await fixture.stop();
	});
});
