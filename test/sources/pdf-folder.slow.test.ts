import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SearchResponse } from '../../api/contract/search-schema.ts';
import { pdfFile, wrapped } from '../support/pdf-file.ts';
import { runCli, startCli } from '../support/run-cli.ts';

/** The whole way of a binary type, as real processes: a folder, the index, a search. */
describe('a followed folder with PDFs', function () {
	this.timeout(120_000);
	let cwd: string;
	before(() => {
		cwd = realpathSync(mkdtempSync(join(tmpdir(), 'docdrop-pdf-')));
	});
	after(() => rmSync(cwd, { recursive: true, force: true }));

	it('finds what stands in a PDF, and on which page, small or large, and says what it could not read', async () => {
		const inbox = join(cwd, 'inbox');
		mkdirSync(inbox);
		const under = (heading: string, text: string) => ({ lines: [{ text: heading, size: 20 }, null, text] });
		const filler = { lines: wrapped('Nothing of note stands on this page. '.repeat(20)) };
		const pages = [filler, { isScan: true }, under('Herons', 'The heron waits in the reeds.')];
		writeFileSync(join(inbox, 'report.pdf'), pdfFile({ title: 'Birds', pages }));
		// Streamed, since it is above 4 MB.
		const padded = {
			content: `BT /F1 12 Tf 72 700 Td (Nothing stands on this page.) Tj ET\n%${'x'.repeat(11_000)}\n`,
		};
		const many = Array.from({ length: 400 }, () => padded);
		const book = pdfFile({ pages: [...many, under('Ospreys', 'The osprey dives for fish.')] });
		assert.ok(book.length > 4_194_304, String(book.length));
		writeFileSync(join(inbox, 'book.pdf'), book);
		// A wrong name, and a scan.
		writeFileSync(join(inbox, 'plover.txt'), pdfFile({ pages: [{ lines: ['The plover runs.'] }] }));
		writeFileSync(join(inbox, 'scan.pdf'), pdfFile({ pages: [{ isScan: true }] }));

		const env = { DOCDROP_PORT: '0', DOCDROP_LOG_LEVEL: 'warn' };
		const server = startCli(['watch'], { cwd, env });
		try {
			await server.shows(/up to date: 3 documents/);
			const hit = async (words: string) => {
				const { out, err } = await runCli(['search', words, '--json', '--mode', 'text', '--limit', '1'], {
					cwd,
					env,
				});
				const [first] = (JSON.parse(out) as SearchResponse).results;
				assert.ok(first !== undefined, `${words}: ${out} ${err}`);
				return [first.docId, first.title, first.page];
			};
			assert.deepEqual(await hit('heron reeds'), ['report.pdf', 'Birds', 3]);
			const shown = await runCli(['search', 'heron reeds'], { cwd, env });
			assert.match(shown.out, /^ 1\. report\.pdf {2}\(Birds > Herons, page 3\)\n/);
			assert.deepEqual(await hit('osprey'), ['book.pdf', 'Ospreys', 401]);
			assert.deepEqual(await hit('plover'), ['plover.txt', null, 1]);
			const explain = async (file: string) => (await runCli(['explain', `inbox/${file}`], { cwd, env })).out;
			assert.match(await explain('report.pdf'), /page 2 has no text layer/);
			assert.match(await explain('scan.pdf'), /no_text_layer/);
		} finally {
			server.child.kill('SIGTERM');
		}
		const { code, err } = await server.ended;
		assert.equal(code, 0, err);
	});
});
