import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import { residentMb } from '../../../api/adapters/extractors/resident-memory.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { pdfFile, wrapped } from '../../support/pdf-file.ts';

const mimeType = 'application/pdf';
const text = wrapped('Nothing of note stands on this page, but it is long enough to be one. '.repeat(30));
const pages = (count: number, name: string) =>
	Array.from({ length: count }, (_, at) => ({ lines: [`${name}, page ${at + 1}`, null, ...text] }));

/** Of another process Linux alone tells. */
(process.platform === 'linux' ? describe : describe.skip)('the memory of a process that reads PDFs', () => {
	let pool: Extractor;
	beforeEach(() => {
		const chunking = { maxChars: 1200, overlapChars: 150 };
		pool = createExtractorPool({ workers: 1, chunking, clock: systemClock });
	});
	afterEach(() => pool.close());

	/** The processes that this one has started and that still run. */
	const children = () =>
		readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

	it('does not grow over 1,000 files', async () => {
		const before = new Set(children());
		const read = (name: string) =>
			pool.extract({ content: pdfFile({ title: name, pages: pages(5, name) }), mimeType });
		for (let at = 0; at < 100; at += 1) await read(`warm ${at}`);
		const started = children().filter((pid) => !before.has(pid));
		assert.equal(started.length, 1);
		const pid = Number(started[0]);
		const warm = residentMb(pid);
		for (let at = 0; at < 1_000; at += 1) await read(`file ${at}`);
		const grown = residentMb(pid) - warm;
		assert.ok(warm > 0 && grown < 40, `${grown} MB after ${warm}`);
	});

	it('holds a few pages of 20,000', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-pdf-memory-'));
		try {
			const file = join(dir, 'content');
			writeFileSync(file, pdfFile({ pages: pages(20_000, 'A long one') }));
			const before = new Set(children());
			let most = 0;
			let last: number | null = null;
			const sink = {
				begin: () => Promise.resolve(),
				async page(chunks: readonly { readonly page: number | null }[]) {
					last = chunks.at(-1)?.page ?? null;
					const [pid] = children().filter((one) => !before.has(one));
					most = Math.max(most, residentMb(Number(pid)));
				},
			};
			await pool.stream({ content: { file }, mimeType }, sink);
			assert.equal(last, 20_000);
			assert.ok(most > 0 && most < 300, `${most} MB`);
		} finally {
			rmSync(dir, { recursive: true });
		}
	});
});
