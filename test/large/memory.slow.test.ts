import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import type { Receipt } from '../../api/contract/document-schema.ts';
import type { JobView } from '../../api/contract/job-schema.ts';
import { startApi, type ApiProcess } from '../crash/api-process.ts';
import { until } from '../support/settled.ts';

const bytes = 200_000_000;
/** Above what the process has before its first document. */
const mostGrowthMb = 150;

describe('a document of 200 MB', function () {
	this.timeout(900_000);
	let dir: string;
	let api: ApiProcess | null = null;
	before(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-memory-'));
	});
	after(async () => {
		api?.kill();
		await api?.ended;
		await rm(dir, { recursive: true, force: true });
	});

	it('goes through in bounded memory, and is in the index chunk by chunk', async function () {
		if (process.platform !== 'linux') this.skip();
		const file = join(dir, 'long.txt');
		await write(file, bytes);
		const dataDir = join(dir, 'data');
		api = startApi(dataDir, { DOCDROP_LOG_LEVEL: 'warn', DOCDROP_CHUNK_CHARS: '4000' });
		const url = await api.url;
		assert.ok(url !== null);
		const { pid } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { pid: number };

		async function put(docId: string, body: Readable): Promise<JobView> {
			const query = new URLSearchParams({ tenant: 't', docId, coalesced: 'true' }).toString();
			const answer = await fetch(`${url}/v1/documents/content?${query}`, {
				method: 'PUT',
				headers: { 'content-type': 'text/plain' },
				body: Readable.toWeb(body) as ReadableStream,
				duplex: 'half',
			});
			assert.equal(answer.status, 202);
			const { jobId } = (await answer.json()) as Receipt;
			return until(
				async () => (await (await fetch(`${url}/v1/jobs/${jobId}`)).json()) as JobView,
				(job) => !['accepted', 'processing', 'retrying'].includes(job.state),
				800_000,
			);
		}
		const before = treeMb(pid);
		let peak = 0;
		const looking = setInterval(() => (peak = Math.max(peak, treeMb(pid))), 50);
		const job = await put('long.txt', createReadStream(file)).finally(() => clearInterval(looking));
		assert.equal(job.state, 'published', JSON.stringify(job));
		assert.ok(peak - before < mostGrowthMb, `from ${before} to ${peak} MB`);
		api.stop();
		await api.ended;

		const chunks = await chunksOf(file);
		const index = createSqliteVecStore({ file: join(dataDir, 'vectors.db'), dimensions: 256 });
		await index.open();
		assert.equal(await index.count('t'), chunks);
		await index.close();
		assert.equal(job.detail?.added, chunks);
	});
});

async function chunksOf(file: string): Promise<number> {
	let chunks = 0;
	await createInProcessExtractor({ chunking: { maxChars: 4_000, overlapChars: 500 } }).stream(
		{ content: { file }, mimeType: 'text/plain' },
		{
			begin: () => Promise.resolve(),
			page: (page) => {
				chunks += page.length;
				return Promise.resolve();
			},
		},
	);
	return chunks;
}

/** Paragraphs of numbered sentences. */
async function write(file: string, size: number): Promise<void> {
	const handle = await open(file, 'w');
	let written = 0;
	for (let n = 0; written < size;) {
		let piece = '';
		while (piece.length < 500_000) {
			piece += `Sentence ${n} tells of ${(n * 7919) % 100_003} things and of ${(n * 31) % 977} others. `;
			n += 1;
			if (n % 9 === 0) piece += '\n\n';
		}
		written += (await handle.write(piece)).bytesWritten;
	}
	await handle.close();
}

/** Resident memory of a process and its children, now. */
function treeMb(pid: number): number {
	const kb = (one: number): number => {
		try {
			return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0);
		} catch {
			return 0;
		}
	};
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
		.split(' ')
		.filter(Boolean)
		.map(Number);
	return Math.round([pid, ...children].reduce((sum, one) => sum + kb(one), 0) / 1024);
}
