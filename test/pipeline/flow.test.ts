import assert from 'node:assert/strict';
import { createMemoryVectorStore } from '../../api/adapters/memory/vector-store.ts';
import type { DocumentInput } from '../../api/contract/document.ts';
import { DocDropError } from '../../api/errors.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { startSpine, type Spine } from '../support/spine.ts';

/** The whole way of a change, in memory: what the index holds, and what it cost. */
describe('the flow', () => {
	let spine: Spine;
	beforeEach(() => {
		spine = startSpine();
	});
	afterEach(() => spine.stop());

	const document = (text: string, more: Partial<DocumentInput> = {}): DocumentInput => ({
		tenant: 't',
		docId: 'a.md',
		content: { text },
		...more,
	});
	const sections = (...texts: readonly string[]) =>
		texts.map((text, n) => `# Part ${n}\n\n${text}`).join('\n\n');
	const points = () => spine.points('t', 'a.md');
	/** Texts embedded while `act` runs. */
	async function cost(act: () => Promise<unknown>): Promise<number> {
		const before = spine.embedder.texts.length;
		await act();
		return spine.embedder.texts.length - before;
	}
	const search = async (query: string, mode: 'text' | 'dense' | 'hybrid') =>
		(await spine.pipeline.search({ tenant: 't', query, mode })).results;
	/** What a chunk says below its heading. */
	const body = ({ content }: { readonly content: string }) => content.split('\n').at(-1);
	const five = ['on rivers', 'on mountains', 'on forests', 'on deserts', 'on oceans'];

	it('publishes: every chunk once, in order, found by word and by vector', async () => {
		const job = await spine.publish(document(sections(...five), { title: 'Atlas', metadata: { shelf: 3 } }));
		assert.equal(job.state, 'published');
		assert.deepEqual([job.detail?.added, job.detail?.embedded, job.detail?.kept], [5, 5, 0]);
		assert.ok((job.detail?.publishMs ?? -1) >= 0 && job.detail?.closedBy !== undefined);
		const found = await points();
		assert.deepEqual(
			found.map((point) => [point.heading, body(point)]),
			five.map((text, n) => [`Part ${n}`, text]),
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
		await spine.publish(document(sections(...five)));
		const before = await points();
		const edited = five.with(2, 'on jungles');
		assert.equal(await cost(() => spine.publish(document(sections(...edited)))), 1);
		assert.match(spine.embedder.texts.at(-1) ?? '', /on jungles/);
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
		await spine.publish(document(text(five)));
		const before = await points();
		assert.equal(await cost(() => spine.publish(document(text(['on ice', ...five])))), 1);
		const after = await points();
		assert.deepEqual(
			after.slice(1),
			before.map((point, n) => ({ ...point, fields: after[n + 1]?.fields })),
		);
		assert.equal(after[0]?.heading, 'on ice');
	});

	it('other metadata embeds nothing, and changes the fields of every point', async () => {
		await spine.publish(document(sections(...five), { metadata: { shelf: 3, toString: 'x' } }));
		const before = await points();
		const change = () =>
			spine.publish(document(sections(...five), { title: 'New', path: 'p/a.md', metadata: { shelf: 4 } }));
		assert.equal(await cost(change), 0);
		const after = await points();
		assert.deepEqual(
			after.map(({ id, order, content }) => [id, order, content]),
			before.map(({ id, order, content }) => [id, order, content]),
		);
		for (const { fields } of after) {
			assert.deepEqual([fields.title, fields.path, fields.extra], ['New', 'p/a.md', { shelf: 4 }]);
		}
	});

	it('the same again is unchanged, and costs nothing', async () => {
		await spine.publish(document(sections(...five)));
		assert.equal(
			await cost(async () =>
				assert.equal((await spine.publish(document(sections(...five)))).state, 'unchanged'),
			),
			0,
		);
	});

	it('a deletion leaves nothing, and can be taken back', async () => {
		await spine.publish(document(sections(...five)));
		const gone = await spine.publish({ tenant: 't', docId: 'a.md', op: 'delete' });
		assert.deepEqual([gone.state, gone.detail?.removed], ['deleted', 5]);
		assert.deepEqual(await points(), []);
		assert.deepEqual(await search('deserts', 'hybrid'), []);
		assert.deepEqual(await spine.docStore.chunks('t', 'a.md'), []);
		assert.equal((await spine.publish({ tenant: 't', docId: 'a.md', op: 'delete' })).state, 'unchanged');
		const again = await spine.publish(document(sections(...five)));
		assert.deepEqual([again.state, again.detail?.added], ['published', 5]);
		assert.ok(again.version > gone.version);
		assert.equal((await points()).length, 5);
	});

	it('A, B, A: back to A whether B was published or still waits', async () => {
		const [a, b] = [document(sections('first text')), document(sections('second text'))];
		await spine.publish(a);
		await spine.publish(b);
		assert.equal((await spine.publish(a)).state, 'published');
		assert.deepEqual((await points()).map(body), ['first text']);
		const [waiting, back] = await spine.pipeline.accept(
			[spine.pipeline.normalise(b), spine.pipeline.normalise(a)],
			{ coalesced: true },
		);
		assert.ok(waiting && back && !(waiting instanceof Error) && !(back instanceof Error));
		assert.equal(back.state, 'unchanged');
		const job = await spine.docStore.job(waiting.jobId);
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
			const job = await spine.publish(document(text));
			assert.equal(job.state, 'published');
			assert.equal((await points()).length, chunks);
			assert.equal((await spine.docStore.document('t', 'a.md'))?.published?.chunks, chunks);
		}
	});

	it('many documents of several tenants land together, each in its own', async () => {
		const sent = Array.from({ length: 120 }, (_, n) => ({
			tenant: `tenant${n % 3}`,
			docId: `doc${Math.floor(n / 3)}.md`,
			content: { text: `text ${n} of tenant ${n % 3}` },
		}));
		await Promise.all(sent.map((one) => spine.publish(one)));
		for (const tenant of ['tenant0', 'tenant1', 'tenant2'])
			assert.equal(await spine.vectorStore.count(tenant), 40);
		const { results } = await spine.pipeline.search({ tenant: 'tenant1', query: 'tenant text', limit: 100 });
		assert.ok(results.length > 10 && results.every(({ content }) => content.endsWith('of tenant 1')));
	});

	it('a moved document is found under its new name before it is gone under the old', async () => {
		await spine.publish(document(sections(...five), { docId: 'old.md' }));
		await spine.publish(document(sections(...five), { docId: 'new.md' }));
		await spine.publish({ tenant: 't', docId: 'old.md', op: 'delete' });
		assert.deepEqual(
			new Set((await search('oceans', 'hybrid')).map(({ docId }) => docId)),
			new Set(['new.md']),
		);
	});

	it('a burst of saves ends with the last one, whatever was in work meanwhile', async () => {
		const jobs = [];
		for (let n = 0; n < 60; n += 1) jobs.push(spine.publish(document(sections(`save ${n}`, 'the rest'))));
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

		it('never misses the document and never sees two versions of it, in 200 updates', async () => {
			const store = createMemoryVectorStore({ dimensions: 256 });
			const own = startSpine({ vectorStore: slow(store) });
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
				for (let n = 1; n <= 200; n += 1) {
					// Now one section changes, now both, now there are more or fewer of them.
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
			assert.ok(asked > 600 && versions.size > 50, `${asked} searches saw ${versions.size} versions`);
		});
	});
});
