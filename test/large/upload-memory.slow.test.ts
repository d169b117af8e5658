import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BatchResponse } from '../../api/contract/batch-schema.ts';
import { watchPeakMemory } from '../bench/peak-memory.ts';
import { startApi, type ApiProcess } from '../crash/api-process.ts';
import { file, formEnd, formType, partBytes } from '../support/form.ts';

const count = 500;
const bytes = 200_000;
/** Above what the process has after its first upload. */
const mostGrowthMb = 100;

describe('an upload of 500 files of 200 kB', function () {
	this.timeout(120_000);
	let dir: string;
	let api: ApiProcess | null = null;
	before(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-upload-memory-'));
	});
	after(async () => {
		api?.kill();
		await api?.ended;
		await rm(dir, { recursive: true, force: true });
	});

	it('is taken in bounded memory', async function () {
		if (process.platform !== 'linux') this.skip();
		api = startApi(dir, { DOCDROP_LOG_LEVEL: 'warn', DOCDROP_WORKERS: '0' });
		const url = (await api.url) ?? assert.fail('it did not start');
		async function* form(files: number, word: string): AsyncGenerator<Buffer> {
			const content = Buffer.alloc(bytes, word);
			for (let at = 0; at < files; at += 1) yield partBytes(file(`${word}-${at}.txt`, content));
			yield formEnd;
		}
		const send = async (files: number, word: string) => {
			const answer = await fetch(`${url}/v1/files?tenant=t`, {
				method: 'POST',
				headers: { 'content-type': formType },
				body: Readable.toWeb(Readable.from(form(files, word))) as ReadableStream,
				duplex: 'half',
			});
			assert.equal(answer.status, 202);
			return (await answer.json()) as BatchResponse;
		};
		assert.equal((await send(5, 'warm ')).accepted, 5);
		const before = residentMb(api.pid);
		const memory = watchPeakMemory(api.pid);
		const answer = await send(count, 'text ').finally(() => memory.stop());
		assert.deepEqual([answer.accepted, answer.failed], [count, 0]);
		const peak = memory.own();
		assert.ok(peak - before < mostGrowthMb, `from ${before} to ${peak} MB`);
	});
});

function residentMb(pid: number): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024);
}
