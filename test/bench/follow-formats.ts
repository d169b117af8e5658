import { startEmbedderDouble } from '../faults/embedder-double.ts';
import type { Bench, Result } from './bench.ts';
import { documentsOf } from './corpus.ts';
import { startDocDrop } from './docdrop-process.ts';
import { settled } from './folder-settled.ts';
import { compareIndexes, compareWithFolder, indexFile } from './index-points.ts';
import { createMixedFolder } from './mixed-folder.ts';
import { round, type Row } from './table.ts';

/** The grace of a deletion. */
const graceMs = 5_000;

/**
 * A folder of files in many formats, edited while the server runs and while it is stopped. Then the index holds what
 * an index of the folder that is made anew does, and what the files give when they are read here.
 */
export async function followFormats(bench: Bench): Promise<Result & { readonly rows: readonly Row[] }> {
	const { folder, formats, edit, rename } = await createMixedFolder(bench);
	const embedder = await startEmbedderDouble();
	bench.onEnd(() => embedder.close());
	const settings = {
		DOCDROP_INCLUDE: '**',
		DOCDROP_EMBEDDER: 'openai',
		DOCDROP_EMBEDDER_URL: `http://127.0.0.1:${embedder.port}/v1`,
		DOCDROP_EMBEDDER_MODEL: 'double',
		DOCDROP_EMBEDDER_DIMENSIONS: String(embedder.dimensions),
		// It would save the vectors of a file that moved and was taken for another one.
		DOCDROP_VECTOR_CACHE_MB: '0',
	};
	const dataDir = await bench.temp();
	const start = (dir: string) => startDocDrop(bench, ['watch', folder], dir, settings);
	let server = await start(dataDir);
	const begin = server.readyAt;
	await settled(bench, server, folder, 0);
	const onboarding = (Date.now() - begin) / 1000;
	const files = (await documentsOf(folder)).length;

	await edit(1);
	await settled(bench, server, folder, Date.now() + graceMs);
	await server.stop();
	await edit(2);
	server = await start(dataDir);
	await settled(bench, server, folder, server.readyAt + graceMs);

	const before = embedder.texts();
	const renamed = await rename(3);
	await settled(bench, server, folder, Date.now() + graceMs);
	const renamedEmbedded = embedder.texts() - before;
	await server.stop();

	const freshDir = await bench.temp();
	const fresh = await start(freshDir);
	await settled(bench, fresh, folder, 0);
	await fresh.stop();
	const found = await compareIndexes(indexFile(dataDir), indexFile(freshDir));
	const { docs, chunks, ...ofFiles } = await compareWithFolder(indexFile(dataDir), folder);

	const figures = { files, formats: formats.length, chunks, ...found, renamed, renamedEmbedded };
	const wrong = Object.entries({ ...found, renamedEmbedded, ...ofFiles }).filter(([, count]) => count > 0);
	return {
		rows: [
			['files of many formats', files, `${formats.join(', ')}; ${docs} at the end, with ${chunks} chunks`],
			['  first round', round(onboarding, 1), 's'],
			...Object.entries(found).map(([kind, count]): Row => [`  ${kind}`, count]),
			['  embedded for renames', renamedEmbedded, `texts of ${renamed} files`],
		],
		figures,
		faults: wrong.map(([kind, count]) => `files of many formats: ${count} ${kind}`),
	};
}
