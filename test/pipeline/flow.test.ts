import assert from 'node:assert/strict';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import { DocDropError } from '../../api/errors.ts';
import type { Job } from '../../api/ports/doc-views.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { startPipelineFixture, type PipelineFixture } from '../support/pipeline-fixture.ts';

/** The whole way of a change, in memory: what the index holds, and what it cost. */
describe('the flow', () => {
	let fixture: PipelineFixture;
	beforeEach(() => {
		fixture = startPipelineFixture();
	});
	afterEach(() => fixture.stop());

	const document = (text: string, more: Partial<DocumentInput> = {}): DocumentInput => ({
		tenant: 't',
		docId: 'a.md',
		content: { text },
		...more,
	});
	const sections = (...texts: readonly string[]) =>
		texts.map((text, n) => `# Part ${n}\n\n${text}`).join('\n\n');
	const points = () => fixture.points('t', 'a.md');
	/** Texts embedded while `act` runs. */
	async function cost(act: () => Promise<unknown>): Promise<number> {
		const before = fixture.embedder.texts.length;
		await act();
		return fixture.embedder.texts.length - before;
	}
	const search = async (query: string, mode: 'text' | 'dense' | 'hybrid') =>
		(await fixture.pipeline.search({ tenant: 't', query, mode })).results;
	/** What a chunk says below its heading. */
	const body = ({ content }: { readonly content: string }) => content.split('\n').at(-1);
	const five = ['on rivers', 'on mountains', 'on forests', 'on deserts', 'on oceans'];

	it('publishes: every chunk once, in order, found by word and by vector', async () => {
		const job = await fixture.publish(
			document(sections(...five), { title: 'Atlas', metadata: { shelf: 3 } }),
		);
		assert.equal(job.state, 'published');
		assert.deepEqual([job.detail?.added, job.detail?.embedded, job.detail?.kept], [5, 5, 0]);
		assert.ok((job.detail?.publishMs ?? -1) >= 0 && job.detail?.closedBy !== undefined);
		const found = await points();
		assert.deepEqual(
			found.map((point) => [point.heading, body(point)]),
			five.map((text, n) => [`Atlas > Part ${n}`, text]),
		);
		for (const { fields } of found) {
			assert.deepEqual(
				[fields.title, fields.mimeType, fields.extra, fields.version],
				['Atlas', 'text/markdown', { shelf: 3 }, job.version],
			);
		}
		for (const mode of ['text', 'dense', 'hybrid'] as const) {
			assert.deepEqual((await search('deserts', mode)).slice(0, 1).map(body), ['on deserts'], mode);
		}
		assert.deepEqual((await search('desertification', 'dense')).slice(0, 1).map(body), ['on deserts']);
	});

	it('an edit embeds the changed chunk only, and keeps the points of the others', async () => {
		await fixture.publish(document(sections(...five)));
		const before = await points();
		const edited = five.with(2, 'on jungles');
		assert.equal(await cost(() => fixture.publish(document(sections(...edited)))), 1);
		assert.match(fixture.embedder.texts.at(-1) ?? '', /on jungles/);
		const after = await points();
		assert.deepEqual(after.map(body), edited);
		assert.deepEqual(
			after.map(({ id }, n) => id === before[n]?.id),
			[true, true, false, true, true],
		);
		assert.equal(
			new Set(after.map(({ fields }) => fields.version)).size,
			1,
			'kept points say the new version too',
		);
		assert.deepEqual(await search('forests', 'text'), []);
	});

	it('a paragraph put in front shifts nothing else', async () => {
		const text = (all: readonly string[]) => all.map((one) => `# ${one}\n\nabout ${one}`).join('\n\n');
		await fixture.publish(document(text(five)));
		const before = await points();
		assert.equal(await cost(() => fixture.publish(document(text(['on ice', ...five])))), 1);
		const after = await points();
		assert.deepEqual(
			after.slice(1),
			before.map((point, n) => ({ ...point, fields: after[n + 1]?.fields })),
		);
		assert.equal(after[0]?.heading, 'on ice');
	});

	it('other metadata embeds nothing, and changes the fields of every point', async () => {
		await fixture.publish(document(sections(...five), { metadata: { shelf: 3, toString: 'x' } }));
		const before = await points();
		const change = () =>
			fixture.publish(document(sections(...five), { path: 'p/a.md', metadata: { shelf: 4 } }));
		assert.equal(await cost(change), 0);
		const after = await points();
		assert.deepEqual(
			after.map(({ id, order, content }) => [id, order, content]),
			before.map(({ id, order, content }) => [id, order, content]),
		);
		for (const { fields } of after) {
			assert.deepEqual([fields.path, fields.extra], ['p/a.md', { shelf: 4 }]);
		}
	});

	it('another title is embedded with every chunk, and found', async () => {
		await fixture.publish(document(sections(...five), { title: 'Atlas' }));
		assert.equal(await cost(() => fixture.publish(document(sections(...five), { title: 'Gazetteer' }))), 5);
		assert.equal((await search('gazetteer', 'text')).length, 5);
		assert.equal((await search('atlas', 'text')).length, 0);
		assert.deepEqual(new Set((await points()).map(({ fields }) => fields.title)), new Set(['Gazetteer']));
	});

	it('the same again is unchanged, and costs nothing', async () => {
		await fixture.publish(document(sections(...five)));
		assert.equal(
			await cost(async () =>
				assert.equal((await fixture.publish(document(sections(...five)))).state, 'unchanged'),
			),
			0,
		);
	});

	it('a deletion leaves nothing, and can be taken back', async () => {
		await fixture.publish(document(sections(...five)));
		const gone = await fixture.publish({ tenant: 't', docId: 'a.md', op: 'delete' });
		assert.deepEqual([gone.state, gone.detail?.removed], ['deleted', 5]);
		assert.deepEqual(await points(), []);
		assert.deepEqual(await search('deserts', 'hybrid'), []);
		assert.deepEqual(await fixture.docStore.chunks('t', 'a.md'), []);
		assert.equal((await fixture.publish({ tenant: 't', docId: 'a.md', op: 'delete' })).state, 'unchanged');
		const again = await fixture.publish(document(sections(...five)));
		assert.deepEqual([again.state, again.detail?.added], ['published', 5]);
		assert.ok(again.version > gone.version);
		assert.equal((await points()).length, 5);
	});

	it('A, B, A: back to A whether B was published or still waits', async () => {
		const [a, b] = [document(sections('first text')), document(sections('second text'))];
		await fixture.publish(a);
		await fixture.publish(b);
		assert.equal((await fixture.publish(a)).state, 'published');
		assert.deepEqual((await points()).map(body), ['first text']);
		const [waiting, back] = await fixture.pipeline.accept(
			[fixture.pipeline.normalise(b), fixture.pipeline.normalise(a)],
			{ skipWindow: true },
		);
		assert.ok(waiting && back && !(waiting instanceof Error) && !(back instanceof Error));
		assert.equal(back.state, 'unchanged');
		const job = await fixture.docStore.job(waiting.jobId);
		assert.deepEqual([job?.state, job?.supersededBy], ['superseded', back.jobId]);
		assert.deepEqual((await points()).map(body), ['first text']);
	});

	it('an empty document is published with no chunks, and can grow and be emptied', async () => {
		for (const [text, chunks] of [
			['', 0],
			[' \n\n ', 0],
			[sections('now something'), 1],
			['', 0],
		] as const) {
			const job = await fixture.publish(document(text));
			assert.equal(job.state, 'published');
			assert.equal((await points()).length, chunks);
			assert.equal((await fixture.docStore.document('t', 'a.md'))?.published?.chunks, chunks);
		}
	});

	it('many documents of several tenants land together, each in its own', async () => {
		const sent = Array.from({ length: 120 }, (_, n) => ({
			tenant: `tenant${n % 3}`,
			docId: `doc${Math.floor(n / 3)}.md`,
			content: { text: `text ${n} of tenant ${n % 3}` },
		}));
		await Promise.all(sent.map((one) => fixture.publish(one)));
		for (const tenant of ['tenant0', 'tenant1', 'tenant2'])
			assert.equal(await fixture.vectorStore.count(tenant), 40);
		const { results } = await fixture.pipeline.search({
			tenant: 'tenant1',
			query: 'tenant text',
			limit: 100,
		});
		assert.ok(results.length > 10 && results.every(({ content }) => content.endsWith('of tenant 1')));
	});

	describe('a move', () => {
		const move = (from: string, to: string, text: string, more: Partial<DocumentInput> = {}) =>
			document(text, { docId: to, previous: { docId: from }, ...more });
		/** Submits a move and waits for the end of both of its receipts. */
		async function moved(...args: Parameters<typeof move>): Promise<readonly [Job, Job]> {
			const receipt = await fixture.submit(move(...args));
			assert.ok(receipt.previous);
			return [await fixture.ended(receipt.jobId), await fixture.ended(receipt.previous.jobId)];
		}
		const vectorsOf = async (docId: string) => {
			const ids = (await fixture.points('t', docId)).map(({ id }) => id);
			const vectors = await fixture.vectorStore.vectors('t', ids);
			return ids.map((id) => vectors.get(id));
		};
		const documents = async () => {
			const ids = new Set<string>();
			for await (const { tenant, docId } of fixture.vectorStore.scan(null)) ids.add(`${tenant}/${docId}`);
			return [...ids].toSorted();
		};

		it('embeds nothing, has the vectors that embedding would give, and leaves nothing behind', async () => {
			const text = `# Atlas\n\nabove all\n\n${sections(...five, five[0] ?? '')}`;
			await fixture.publish(document(text, { docId: 'old.md' }));
			const before = await vectorsOf('old.md');
			const preview = await fixture.pipeline.preview(move('old.md', 'new.md', text));
			assert.deepEqual([preview.diff.added, preview.diff.embeddings], [before.length, 0]);
			let receipts: readonly [Job, Job] | undefined;
			const spent = await cost(async () => void (receipts = await moved('old.md', 'new.md', text)));
			assert.equal(spent, 0);
			const [put, deletion] = receipts ?? [];
			assert.deepEqual(
				[put?.state, put?.detail?.embedded, put?.detail?.reused, put?.detail?.added],
				['published', 0, before.length, before.length],
			);
			assert.deepEqual(
				[deletion?.state, deletion?.docId, deletion?.detail?.removed],
				['deleted', 'old.md', before.length],
			);
			assert.deepEqual(await documents(), ['t/new.md']);
			assert.deepEqual(await vectorsOf('new.md'), before);
			await fixture.publish(document(text, { docId: 'fresh.md' }));
			assert.deepEqual(await vectorsOf('fresh.md'), before);
		});

		it('with an edit embeds the edit', async () => {
			await fixture.publish(document(sections(...five), { docId: 'old.md' }));
			const [put] = await moved('old.md', 'new.md', sections(...five.with(1, 'on hills')));
			assert.deepEqual([put.detail?.embedded, put.detail?.reused], [1, 4]);
			assert.deepEqual((await fixture.points('t', 'new.md')).map(body), five.with(1, 'on hills'));
			assert.deepEqual(await documents(), ['t/new.md']);
		});

		it('onto a document that is there takes its place', async () => {
			await fixture.publish(document(sections(...five), { docId: 'old.md' }));
			await fixture.publish(document(sections('to be replaced', 'on rivers'), { docId: 'new.md' }));
			assert.equal(await cost(() => moved('old.md', 'new.md', sections(...five))), 0);
			assert.deepEqual((await fixture.points('t', 'new.md')).map(body), five);
			assert.deepEqual(await documents(), ['t/new.md']);
		});

		it('to another tenant embeds anew, and leaves nothing behind', async () => {
			await fixture.publish(document(sections(...five), { docId: 'a.md' }));
			const [put, deletion] = await moved('a.md', 'a.md', sections(...five), {
				tenant: 'u',
				previous: { tenant: 't', docId: 'a.md' },
			});
			assert.deepEqual([put.detail?.embedded, put.detail?.reused], [5, undefined]);
			assert.deepEqual([deletion.tenant, deletion.state], ['t', 'deleted']);
			assert.deepEqual(await documents(), ['u/a.md']);
		});

		it('of what never was, or is empty, is just a new document', async () => {
			const [put, deletion] = await moved('never.md', 'a.md', sections('x'));
			assert.deepEqual([put.state, deletion.state], ['published', 'unchanged']);
			await fixture.publish(document('', { docId: 'empty.md' }));
			const receipts = await moved('empty.md', 'b.md', '');
			assert.deepEqual(
				receipts.map(({ state }) => state),
				['published', 'deleted'],
			);
		});

		it('many in a row, and back again, as fast as they come: the content is there once, under the last name', async () => {
			await fixture.publish(document(sections(...five), { docId: 'n0.md' }));
			const names = ['n1.md', 'n2.md', 'n3.md', 'n1.md', 'n0.md', 'n4.md', 'n2.md'];
			let from = 'n0.md';
			const spent = await cost(async () => {
				const receipts = [];
				for (const to of names) {
					receipts.push(await fixture.submit(move(from, to, sections(...five))));
					from = to;
				}
				for (const { jobId, previous } of receipts) {
					await fixture.ended(jobId);
					await fixture.ended(previous?.jobId ?? '');
				}
			});
			assert.deepEqual(await documents(), ['t/n2.md']);
			assert.deepEqual((await fixture.points('t', 'n2.md')).map(body), five);
			assert.equal(spent, 0);
		});

		it('of two documents for each other is three moves', async () => {
			await fixture.publish(document(sections('one'), { docId: 'a' }));
			await fixture.publish(document(sections('two'), { docId: 'b' }));
			const all = [
				await fixture.submit(move('a', 'tmp', sections('one'))),
				await fixture.submit(move('b', 'a', sections('two'))),
				await fixture.submit(move('tmp', 'b', sections('one'))),
			];
			for (const { jobId, previous } of all) {
				await fixture.ended(jobId);
				await fixture.ended(previous?.jobId ?? '');
			}
			assert.deepEqual((await fixture.points('t', 'a')).map(body), ['two']);
			assert.deepEqual((await fixture.points('t', 'b')).map(body), ['one']);
			assert.deepEqual(await documents(), ['t/a', 't/b']);
		});

		it('keeps the old name while the new document cannot be taken, and gives up with it', async () => {
			await fixture.publish(document(sections(...five), { docId: 'old.md' }));
			const bytes = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(64)]);
			const [put, deletion] = await moved('old.md', 'new.md', '', {
				content: { base64: bytes.toString('base64') },
			});
			assert.equal(put.state, 'failed');
			assert.deepEqual([deletion.state, deletion.error?.code], ['failed', 'successor_failed']);
			assert.deepEqual(await documents(), ['t/old.md']);
			await fixture.publish(document(sections(...five), { docId: 'new.md' }));
			await fixture.ended(deletion.jobId);
			assert.equal((await fixture.docStore.job(deletion.jobId))?.state, 'deleted');
			assert.deepEqual(await documents(), ['t/new.md']);
		});

		it('embeds where the vectors cannot be read', async () => {
			await fixture.publish(document(sections(...five), { docId: 'old.md' }));
			const { vectors } = fixture.vectorStore;
			fixture.vectorStore.vectors = async () => {
				throw new DocDropError('index_unavailable', 'away');
			};
			const [put] = await moved('old.md', 'new.md', sections(...five));
			fixture.vectorStore.vectors = vectors;
			assert.deepEqual([put.state, put.detail?.embedded], ['published', 5]);
			assert.deepEqual(await documents(), ['t/new.md']);
		});
	});

	it('a burst of saves ends with the last one, whatever was in work meanwhile', async () => {
		const jobs = [];
		for (let n = 0; n < 60; n += 1) jobs.push(fixture.publish(document(sections(`save ${n}`, 'the rest'))));
		const states = (await Promise.all(jobs)).map(({ state }) => state);
		assert.equal(states.at(-1), 'published');
		assert.ok(states.every((state) => state === 'published' || state === 'superseded'));
		assert.deepEqual((await points()).map(body), ['save 59', 'the rest']);
	});

	describe('a reader that never stops asking', () => {
		/** Between any two effects others get their turn, as with a store on a network; some calls fail. */
		function slow(store: VectorStore): VectorStore {
			const yielding = async () => {
				for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
			};
			let calls = 0;
			return {
				...store,
				async put(writes, signal) {
					calls += 1;
					for (const write of writes) {
						for (const point of write.points) {
							await store.put([{ ...write, points: [point], kept: [], reordered: [] }], signal);
							await yielding();
						}
						if (calls % 7 === 0) throw new DocDropError('index_unavailable', 'a blip', { retryAfterMs: 1 });
						await store.put([{ ...write, points: [] }], signal);
						await yielding();
					}
				},
				async remove(tenant, ids, signal) {
					for (const id of ids) {
						await store.remove(tenant, [id], signal);
						await yielding();
					}
				},
			};
		}

		it('never misses the document and never sees two versions of it, in 96 updates', async () => {
			const store = createMemoryVectorStore({ dimensions: 256 });
			const own = startPipelineFixture({ vectorStore: slow(store) });
			let isOver = false;
			let asked = 0;
			const versions = new Set<number>();
			const faults: string[] = [];
			async function read(mode: 'text' | 'dense' | 'hybrid'): Promise<void> {
				while (!isOver) {
					const { results } = await own.pipeline.search({ tenant: 't', query: 'beacon', mode, limit: 50 });
					asked += 1;
					const seen = new Set(results.map(({ version }) => version));
					for (const version of seen) versions.add(version);
					if (results.length === 0) faults.push(`${mode}: missing`);
					if (seen.size > 1) faults.push(`${mode}: versions ${[...seen].join(' and ')}`);
					await new Promise((resolve) => setImmediate(resolve));
				}
			}
			try {
				await own.publish(document(sections('beacon 0', 'beacon stays')));
				const readers = (['text', 'dense', 'hybrid'] as const).map(read);
				for (let n = 1; n <= 96; n += 1) {
					// Now one section changes, now both, now there are more or fewer of them: each of the 12 ways 8 times.
					const more = Array.from({ length: n % 4 }, (_, extra) => `beacon ${n} extra ${extra}`);
					const stays = n % 3 === 0 ? `beacon moved ${n}` : 'beacon stays';
					const job = await own.publish(document(sections(`beacon ${n}`, ...more, stays)));
					assert.equal(job.state, 'published');
				}
				isOver = true;
				await Promise.all(readers);
			} finally {
				isOver = true;
				await own.stop();
			}
			assert.deepEqual(faults, []);
			assert.ok(asked > 300 && versions.size > 30, `${asked} searches saw ${versions.size} versions`);
		});
	});
});
