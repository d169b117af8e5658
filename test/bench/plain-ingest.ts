/**
 * What one would write without DocDrop: read, extract, chunk, embed and store one file after the other, with
 * no queue, no receipts and no second thought. The same chunks go into the same kind of store.
 *
 *   node test/bench/plain-ingest.ts FOLDER INDEX_FILE     prints one line of JSON
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { builtInTable, createStaticEmbedder } from '../../api/adapters/embedders/index.ts';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { plan } from '../../api/domain/chunk-plan.ts';
import { embeddedText } from '../../api/pipeline/prepare/prepare.ts';
import type { DocWrite } from '../../api/ports/vector-store.ts';
import { documentsOf } from './corpus.ts';
import { docFields } from '../support/doc-fields.ts';

const tenant = 'default';
const pointsPerPut = 500;

async function main(folder: string, file: string): Promise<void> {
	const extractor = createInProcessExtractor();
	const embedder = createStaticEmbedder(await builtInTable());
	const store = createSqliteVecStore({ file, dimensions: embedder.dimensions });
	const start = performance.now();
	const files = await documentsOf(folder);
	await store.open();
	let chunkCount = 0;
	let writes: DocWrite[] = [];
	let points = 0;
	async function put(): Promise<void> {
		if (writes.length > 0) await store.put(writes);
		writes = [];
		points = 0;
	}
	for (const { docId, path, mimeType } of files) {
		const content = await readFile(path);
		const { title, chunks } = await extractor.extract({ content, mimeType });
		const { added } = plan({ tenant, docId, chunks, manifest: [], orphans: [], canKeep: false });
		const vectors = await embedder.embed(chunks.map(embeddedText));
		const terms = new Map(chunks.map((chunk) => [chunk.hash, chunk.terms]));
		if (points + added.length > pointsPerPut) await put();
		chunkCount += added.length;
		points += added.length;
		if (added.length === 0) continue;
		const contentSha256 = createHash('sha256').update(content).digest('hex');
		const publishedAt = new Date().toISOString();
		writes.push({
			tenant,
			docId,
			fields: docFields({ path: docId, title, mimeType, contentSha256, publishedAt }),
			points: added.map(({ pointId, hash, order, heading, page, text }, index) => ({
				id: pointId,
				vector: vectors[index] ?? new Float32Array(embedder.dimensions),
				terms: terms.get(hash) ?? '',
				content: text,
				heading,
				page,
				order,
			})),
			kept: [],
			reordered: [],
			droppedExtra: [],
		});
	}
	await put();
	const seconds = (performance.now() - start) / 1000;
	await store.close();
	await embedder.close();
	console.log(JSON.stringify({ docs: files.length, chunks: chunkCount, seconds }));
}

const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('usage: plain-ingest.ts FOLDER INDEX_FILE');
void main(folder, file);
