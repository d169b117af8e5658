import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import type { Receipt } from '../../api/contract/document-schema.ts';
import type { JobView } from '../../api/contract/job-schema.ts';
import { startApi, type ApiProcess } from '../crash/api-process.ts';
import { until } from '../support/settled.ts';

const dimensions = 8;
const tenant = 't';

/** An embeddings server that counts, and that stops answering when it has embedded `holdAfter` texts. */
async function countingEmbeddings() {
	const times = new Map<string, number>();
	const state = { texts: 0, holdAfter: Infinity, held: 0 };
	const server = createServer((request, response) => {
		const pieces: Buffer[] = [];
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('end', () => {
			const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: string[] };
			if (state.texts >= state.holdAfter) return void (state.held += 1);
			state.texts += input.length;
			for (const text of input) times.set(text, (times.get(text) ?? 0) + 1);
			const data = input.map((text, index) => {
				const numbers = Array.from({ length: dimensions }, (_, i) => 1 + ((text.length * 31 + i * 7) % 13));
				return {
					index,
					object: 'embedding',
					embedding: Buffer.from(Float32Array.from(numbers).buffer).toString('base64'),
				};
			});
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify({ object: 'list', model: 'm', data }));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		state,
		times,
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}

function* longText(bytes: number) {
	for (let line = 0, size = 0; size < bytes; line += 1) {
		const text = `Line ${line} of the log says ${(line * 7919) % 10_007}, and then ${(line * 31) % 977} again.\n`;
		size += text.length;
		yield text;
	}
}

describe('a large document', function () {
	this.timeout(300_000);
	let dir: string;
	let embeddings: Awaited<ReturnType<typeof countingEmbeddings>>;
	let api: ApiProcess | null = null;

	beforeEach(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-large-'));
		embeddings = await countingEmbeddings();
	});
	afterEach(async () => {
		api?.kill();
		await api?.ended;
		embeddings.close();
		await rm(dir, { recursive: true, force: true });
	});

	async function start(): Promise<string> {
		api = startApi(join(dir, 'data'), {
			DOCDROP_EMBEDDER: 'openai',
			DOCDROP_EMBEDDER_URL: embeddings.url,
			// The checkpoint is what is judged here.
			DOCDROP_VECTOR_CACHE_MB: '0',
			DOCDROP_EMBEDDER_MODEL: 'm',
			DOCDROP_EMBEDDER_DIMENSIONS: String(dimensions),
			DOCDROP_CHUNK_CHARS: '8000',
			DOCDROP_WORKERS: '1',
			DOCDROP_LOG_LEVEL: 'warn',
		});
		const url = await api.url;
		assert.ok(url !== null, 'the process listens');
		return url;
	}
	async function send(url: string, docId: string, text: string): Promise<string> {
		const query = new URLSearchParams({ tenant, docId, coalesced: 'true' }).toString();
		const answer = await fetch(`${url}/v1/documents/content?${query}`, {
			method: 'PUT',
			headers: { 'content-type': 'text/plain' },
			body: text,
		});
		assert.equal(answer.status, 202);
		return ((await answer.json()) as Receipt).jobId;
	}
	const ended = (url: string, jobId: string) =>
		until(
			async () => (await (await fetch(`${url}/v1/jobs/${jobId}`)).json()) as JobView,
			(job) => !['accepted', 'processing', 'retrying'].includes(job.state),
			250_000,
		);
	const spools = () => readdir(join(dir, 'data', 'spool'));

	it('goes on embedding where it was killed, publishes whole, and leaves no checkpoint', async () => {
		const text = [...longText(4_600_000)].join('');
		embeddings.state.holdAfter = 300;
		const jobId = await send(await start(), 'long.log', text);
		// With every call held, all that was answered has had its time to be written down.
		await until(
			() => Promise.resolve(embeddings.state.held),
			(held) => held > 0,
			120_000,
		);
		api?.kill();
		await api?.ended;
		assert.equal((await spools()).length, 1, 'the checkpoint is there');
		const before = embeddings.state.texts;

		embeddings.state.holdAfter = Infinity;
		const url = await start();
		const job = await ended(url, jobId);
		assert.equal(job.state, 'published', JSON.stringify(job));
		const chunks = job.detail?.added ?? 0;
		assert.ok(chunks > 600, `${chunks} chunks`);
		const repeated = [...embeddings.times.values()].filter((times) => times > 1).length;
		assert.ok(before >= 300, `${before} texts embedded before the kill`);
		// One call's answer may have been on its way when the process was killed.
		assert.ok(repeated <= 128, `${repeated} of ${before} texts were embedded again`);
		assert.equal(embeddings.times.size, chunks + 1, 'every chunk was embedded, and the canary of the model');
		await until(spools, (names) => names.length === 0);

		api?.stop();
		await api?.ended;
		const index = createSqliteVecStore({ file: join(dir, 'data', 'vectors.db'), dimensions });
		await index.open();
		const points: { order: string; content: string }[] = [];
		for await (const point of index.scan(tenant)) points.push(point);
		await index.close();
		points.sort((a, b) => (a.order < b.order ? -1 : 1));
		assert.equal(points.length, chunks);
		// Chunks overlap, but each line's beginning stands in its place.
		let at = -1;
		for (const { content } of points) {
			const first = Number(/Line (\d+) of/.exec(content)?.[1]);
			assert.ok(first > at, `after line ${at} comes line ${first}`);
			at = first;
		}
	});

	it('forgets the checkpoint of a document that was deleted meanwhile', async () => {
		const text = [...longText(4_600_000)].join('');
		embeddings.state.holdAfter = 100;
		const url = await start();
		await send(url, 'long.log', text);
		await until(
			() => Promise.resolve(embeddings.state.held),
			(held) => held > 0,
			120_000,
		);
		assert.equal((await spools()).length, 1);
		const query = new URLSearchParams({ tenant, docId: 'long.log' }).toString();
		const answer = await fetch(`${url}/v1/documents?${query}`, { method: 'DELETE' });
		const { jobId } = (await answer.json()) as Receipt;
		api?.kill();
		await api?.ended;
		embeddings.state.holdAfter = Infinity;
		const again = await start();
		assert.equal((await ended(again, jobId)).state, 'deleted');
		await until(spools, (names) => names.length === 0);
	});
});
