/** The promises of ports/extractor.ts, run on every adapter. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chunk } from '../../api/chunking/chunk.ts';
import type { ChunkSettings } from '../../api/chunking/chunk-sizes.ts';
import type { Chunk, Extractor } from '../../api/ports/extractor.ts';
import { samples } from './format-samples.ts';

export type ExtractorFactory = (chunking: ChunkSettings) => Extractor | Promise<Extractor>;

const sizes = { maxChars: 400, overlapChars: 60 };
const inTokens = { maxTokens: 100, overlapTokens: 12 };
const bytes = (content: string | Uint8Array) =>
	typeof content === 'string' ? new TextEncoder().encode(content) : content;
const bare = (text: string) => text.replace(/\s+/g, '');
/** Types of which everything is some text, whatever marks it holds. */
const readAnyText: readonly string[] = ['text/html', 'text/markdown', 'text/plain'];

export function extractorConformance(name: string, create: ExtractorFactory): void {
	describe(`${name} keeps the promises of an extractor`, () => {
		let extractor: Extractor;
		before(async () => {
			extractor = await create(sizes);
		});
		after(() => extractor.close());

		it('6. ends where a page is refused, begins for an empty file, and rejects for one that is gone', async () => {
			const input = { content: bytes(samples['text/plain'](1).content), mimeType: 'text/plain' };
			const refusing = {
				begin: () => Promise.resolve(),
				page: () => Promise.reject(new Error('the disk is full')),
			};
			await assert.rejects(extractor.stream(input, refusing), /the disk is full/);
			let begins = 0;
			const counting = { begin: async () => void (begins += 1), page: () => Promise.resolve() };
			await extractor.stream({ ...input, content: bytes('') }, counting);
			assert.equal(begins, 1);
			const gone = { file: join(tmpdir(), 'docdrop-no-such-file') };
			await assert.rejects(extractor.stream({ ...input, content: gone }, counting), {
				code: 'content_missing',
			});
			assert.ok((await extractor.extract(input)).chunks.length > 0, 'it goes on working');
		});

		for (const [mimeType, sample] of Object.entries(samples)) {
			const { content, title, blocks } = sample(1);

			it(`1. gives the same chunks again: ${mimeType}`, async () => {
				const first = await extractor.extract({ content: bytes(content), mimeType });
				assert.deepEqual(await extractor.extract({ content: bytes(content), mimeType }), first);
				assert.deepEqual([first.mimeType, first.warnings], [mimeType, []]);
				for (const chunk of first.chunks) {
					assert.match(chunk.hash, /^[0-9a-f]{64}$/);
					assert.match(chunk.terms, /^\S+(?: \S+)*$/);
				}
			});

			it(`6. streams the chunks of extract: ${mimeType}`, async () => {
				const dir = await mkdtemp(join(tmpdir(), 'docdrop-stream-'));
				try {
					const file = join(dir, 'content');
					await writeFile(file, sample(25).content);
					const whole = await extractor.extract({ content: { file }, mimeType });
					const got: Chunk[] = [];
					let begins = 0;
					let open = 0;
					const streamed = await extractor.stream(
						{ content: { file }, mimeType },
						{
							async begin() {
								begins += 1;
							},
							async page(chunks) {
								open += 1;
								await new Promise((resolve) => setImmediate(resolve));
								assert.equal(open, 1, 'one page after the other');
								open -= 1;
								got.push(...chunks);
							},
						},
					);
					assert.deepEqual({ ...streamed, chunks: got }, whole);
					assert.ok(got.length > 200, 'more than one page');
					assert.equal(begins, 1);
				} finally {
					await rm(dir, { recursive: true });
				}
			});

			it(`2. gives the chunks of the blocks that the sample names, and its title: ${mimeType}`, async () => {
				const extracted = await extractor.extract({ content: bytes(content), mimeType });
				const pieces = extracted.chunks.map(({ text, heading, page }) => ({ text, heading, page }));
				// A title that no heading says stands above all of them, where it is known before they are cut.
				const isSaid = blocks.some(({ kind, text }) => kind === 'heading' && text === title);
				const above = isSaid || extractor.streamable.includes(mimeType) ? null : title;
				assert.deepEqual({ title: extracted.title, pieces }, { title, pieces: chunk(blocks, sizes, above) });
				assert.ok(blocks.length > 2 && pieces.length > 5, 'a sample of several blocks and chunks');
			});

			it(`2. loses no text and keeps its order: ${mimeType}`, async () => {
				const { chunks } = await extractor.extract({ content: bytes(content), mimeType });
				const source = blocks.map((block) => bare(block.text)).join('');
				let at = 0;
				for (const chunk of chunks) {
					const part = bare(chunk.text);
					let back = Math.min(at, sizes.overlapChars);
					while (back >= 0 && !source.startsWith(part, at - back)) back -= 1;
					assert.ok(back >= 0, chunk.text);
					at += part.length - back;
					assert.ok(chunk.text.length <= sizes.maxChars);
				}
				assert.equal(at, source.length);
			});
		}

		it('names every type that it reads', () => {
			assert.deepEqual([...extractor.mimeTypes].sort(), Object.keys(samples).sort());
		});

		it('changes its fingerprint with the chunk sizes, and only then', async () => {
			const same = await create({ ...sizes });
			const others: Extractor[] = [];
			for (const other of [{ ...sizes, overlapChars: 0 }, inTokens, { ...inTokens, overlapTokens: 0 }])
				others.push(await create(other));
			for (const mimeType of [...extractor.mimeTypes, 'application/octet-stream']) {
				assert.equal(same.fingerprintOf(mimeType), extractor.fingerprintOf(mimeType));
				const all = [extractor, ...others].map((one) => one.fingerprintOf(mimeType));
				assert.equal(new Set(all).size, all.length);
			}
			await Promise.all([same, ...others].map((one) => one.close()));
		});

		it('6. cuts by tokens, the same streamed', async () => {
			const counting = await create(inTokens);
			const dir = await mkdtemp(join(tmpdir(), 'docdrop-tokens-'));
			try {
				for (const mimeType of ['text/plain', 'text/csv', 'text/markdown'] as const) {
					const file = join(dir, mimeType.replace('/', '-'));
					await writeFile(file, samples[mimeType](20).content);
					const input = { content: { file }, mimeType };
					const { chunks } = await counting.extract(input);
					const got: Chunk[] = [];
					await counting.stream(input, {
						begin: () => Promise.resolve(),
						page: async (page) => void got.push(...page),
					});
					assert.deepEqual(got, chunks, mimeType);
					assert.ok(chunks.length > 20, mimeType);
					for (const { tokens = Infinity } of chunks) assert.ok(tokens > 0 && tokens <= 100, `${tokens}`);
				}
			} finally {
				await rm(dir, { recursive: true });
				await counting.close();
			}
		});

		it('3. names the type that it cannot read, and goes on', async () => {
			await assert.rejects(extractor.extract({ content: bytes('x'), mimeType: 'application/x-unknown' }), {
				code: 'unsupported_type',
				message: /application\/x-unknown/,
			});
			for (const mimeType of Object.keys(samples)) {
				await assert.rejects(
					extractor.extract({ content: new Uint8Array(5000), mimeType }),
					(error: Error) => {
						assert.equal((error as { code?: string }).code, 'unreadable');
						assert.ok(error.message.includes(mimeType));
						return true;
					},
				);
			}
			assert.equal(
				(await extractor.extract({ content: bytes('fine'), mimeType: 'text/plain' })).chunks.length,
				1,
			);
		});

		it('3. survives hostile files', async () => {
			const hostile = [
				'<div>'.repeat(50_000),
				'<b>'.repeat(20_000) + '</i>'.repeat(20_000),
				'&'.repeat(100_000),
				'['.repeat(20_000),
			];
			const read = async (text: string, mimeType: string) => {
				const reading = extractor.extract({ content: bytes(`${text}end`), mimeType });
				if (readAnyText.includes(mimeType))
					assert.ok((await reading).chunks.at(-1)?.text.endsWith('end'), mimeType);
				else
					await reading.catch((error: { code?: string }) => assert.equal(error.code, 'unreadable', mimeType));
			};
			await Promise.all(hostile.flatMap((text) => Object.keys(samples).map((type) => read(text, type))));
		});

		it('4. gives no chunks for an empty file, or one of white space', async () => {
			for (const mimeType of extractor.mimeTypes) {
				for (const text of ['', ' \n\t\r\n ']) {
					const { title, warnings, chunks } = await extractor.extract({ content: bytes(text), mimeType });
					assert.deepEqual({ title, warnings, chunks }, { title: null, warnings: [], chunks: [] });
				}
			}
		});

		it('reads a file by its path as it reads its bytes', async () => {
			const dir = await mkdtemp(join(tmpdir(), 'docdrop-extract-'));
			try {
				const file = join(dir, 'a file.bin');
				const { content } = samples['text/html'](1);
				await writeFile(file, content);
				assert.deepEqual(
					await extractor.extract({ content: { file }, mimeType: 'text/html' }),
					await extractor.extract({ content: bytes(content), mimeType: 'text/html' }),
				);
			} finally {
				await rm(dir, { recursive: true });
			}
		});

		it('5. tells a file that is gone from one that cannot be read now, and goes on', async () => {
			const dir = await mkdtemp(join(tmpdir(), 'docdrop-extract-'));
			try {
				const read = (file: string) => extractor.extract({ content: { file }, mimeType: 'text/plain' });
				await assert.rejects(read(join(dir, 'gone')), (error: Error) => {
					assert.equal((error as { code?: string }).code, 'content_missing');
					assert.ok(!error.message.includes(dir), 'nothing of where it was');
					return true;
				});
				await assert.rejects(read(dir), { code: 'store_unavailable' });
				await writeFile(join(dir, 'there'), 'there');
				assert.equal((await read(join(dir, 'there'))).chunks[0]?.text, 'there');
			} finally {
				await rm(dir, { recursive: true });
			}
		});

		it('7. reads a file as what its content shows, by its bytes and by its path', async () => {
			const dir = await mkdtemp(join(tmpdir(), 'docdrop-extract-'));
			try {
				const file = join(dir, 'content');
				const picture = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
				await writeFile(file, picture);
				const shown = { code: 'unsupported_type', message: /text\/plain.+image\/png/ };
				for (const content of [picture, { file }]) {
					const input = { content, mimeType: 'text/plain' };
					await assert.rejects(extractor.extract(input), shown);
					const sink = { begin: () => Promise.resolve(), page: () => Promise.resolve() };
					await assert.rejects(extractor.stream(input, sink), shown);
				}
			} finally {
				await rm(dir, { recursive: true });
			}
		});

		it('reads bytes that are a part of a larger buffer', async () => {
			const large = bytes('-----hello-----');
			const { chunks } = await extractor.extract({ content: large.subarray(5, 10), mimeType: 'text/plain' });
			assert.equal(chunks[0]?.text, 'hello');
		});

		it('keeps many files apart that are read at the same time', async () => {
			const all = await Promise.all(
				Array.from({ length: 60 }, (_, i) =>
					extractor.extract({ content: bytes(`<p>only ${i} here`), mimeType: 'text/html' }),
				),
			);
			for (const [i, { chunks }] of all.entries())
				assert.deepEqual(
					chunks.map((chunk) => chunk.text),
					[`only ${i} here`],
				);
		});

		it('rejects an aborted call with the reason', async () => {
			const reason = new Error('enough');
			const input = { content: bytes('x'), mimeType: 'text/plain' };
			await assert.rejects(extractor.extract(input, AbortSignal.abort(reason)), reason);
		});
	});
}
