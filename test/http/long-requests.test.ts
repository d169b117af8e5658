import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

/** Requests and answers of megabytes, and what they leave to others of the event loop. */
describe('long requests', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	before(async () => {
		made = await httpInMemory({}, { worker: null });
	});
	after(() => made.close());

	it('are parsed one a turn of the event loop, so that a short one is answered among them', async () => {
		const answered: string[] = [];
		const ask = async (name: string, payload: string) => {
			const answer = await made.http.inject({
				method: 'POST',
				url: '/v1/publish',
				headers: { 'content-type': 'application/json' },
				payload,
			});
			assert.equal(answer.statusCode, 400);
			answered.push(name);
		};
		const long = `["${'x'.repeat(100_000)}"]`;
		await Promise.all([...Array.from({ length: 10 }, () => ask('long', long)), ask('short', '[]')]);
		assert.ok(answered.indexOf('short') < 5, answered.join(' '));
	});

	it('keep the place of a preview, or of a call for embeddings, until the answer has left', async () => {
		const admission = { waitMs: 0, previews: 1, searches: 1, searchMs: 60_000, embeddingsMs: 60_000 };
		const one = await httpInMemory({}, { worker: null, admission, embedCalls: { maxTexts: 9, maxCalls: 1 } });
		let held = { reached: Promise.withResolvers<void>(), gate: Promise.withResolvers<void>() };
		one.http.addHook('onSend', async ({ headers }) => {
			if (headers['x-held'] === undefined) return;
			held.reached.resolve();
			await held.gate.promise;
		});
		for (const [url, payload] of [
			['/v1/preview', { tenant: 't', docId: 'a.md', content: { text: 'some words' } }],
			['/v1/embeddings', { input: 'some words' }],
		] as const) {
			const ask = (headers = {}) => one.http.inject({ method: 'POST', url, headers, payload });
			const first = ask({ 'x-held': 'yes' });
			await held.reached.promise;
			assert.equal((await ask()).statusCode, 429, url);
			held.gate.resolve();
			assert.equal((await first).statusCode, 200);
			assert.equal((await ask()).statusCode, 200, 'and it comes back');
			held = { reached: Promise.withResolvers(), gate: Promise.withResolvers() };
		}
		await one.close();
	});

	it('are answered by a preview of megabytes in pieces, and whole', async () => {
		const paragraphs = Array.from(
			{ length: 1_000 },
			(_, n) => `# ${n}\n\n"Paragraph" ${n}\\ ${'ä'.repeat(300)}`,
		);
		const payload = { tenant: 't', docId: 'a.md', content: { text: paragraphs.join('\n\n') } };
		const answer = await made.http.inject({ method: 'POST', url: '/v1/preview', payload });
		assert.equal(answer.statusCode, 200);
		assert.match(String(answer.headers['content-type']), /^application\/json/);
		const { state, diff, chunks } = answer.json<{
			state: string;
			diff: { added: number };
			chunks: { index: number; text: string }[];
		}>();
		assert.equal(state, 'new');
		assert.equal(diff.added, chunks.length);
		assert.ok(chunks.length >= 1_000);
		assert.deepEqual(
			chunks.map(({ index }) => index),
			chunks.map((_, index) => index),
		);
		assert.ok(chunks[999]?.text.includes('"Paragraph" 999\\ ä'));
	});
});
