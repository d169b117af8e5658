import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import { documentsOf } from './corpus.ts';

/** The embedded index, read itself (no manifest, no API) while no server holds it, and held against a folder. */
export const indexFile = (dataDir: string) => join(dataDir, 'vectors.db');

/** Every point by docId, in the order of the document. */
export async function readIndex(file: string): Promise<Map<string, StoredPoint[]>> {
	const store = createSqliteVecStore({ file, dimensions: 256 });
	const documents = new Map<string, StoredPoint[]>();
	try {
		await store.open();
		for await (const point of store.scan(null)) {
			const points = documents.get(point.docId);
			if (points === undefined) documents.set(point.docId, [point]);
			else points.push(point);
		}
	} finally {
		await store.close();
	}
	for (const points of documents.values()) points.sort((a, b) => (a.order < b.order ? -1 : 1));
	return documents;
}

/** Equal for two indexes exactly when they hold the same points with the same texts in the same order. */
export function digestOf(index: ReadonlyMap<string, readonly StoredPoint[]>): string {
	const hash = createHash('sha256');
	for (const docId of [...index.keys()].sort()) {
		for (const { id, tenant, order, heading, content } of index.get(docId) ?? []) {
			hash.update(`${JSON.stringify([tenant, docId, id, order, heading, content])}\n`);
		}
	}
	return hash.digest('hex');
}

export interface Difference {
	/** Documents in the folder. */
	readonly docs: number;
	/** Chunks that the folder's files give. */
	readonly chunks: number;
	/** Chunks that are in the index more often than in their file. */
	readonly duplicates: number;
	/** Points that no file gives. */
	readonly leftovers: number;
	/** Chunks of files that the index does not hold. */
	readonly missing: number;
	/** Documents with the right chunks in the wrong order. */
	readonly misordered: number;
	/** Points that name another hash of the content than their file has. */
	readonly stale: number;
}

/** What an extraction of its own gives for every file, against what the index holds. */
export async function compareWithFolder(file: string, folder: string): Promise<Difference> {
	const index = await readIndex(file);
	const extractor = createInProcessExtractor();
	const files = await documentsOf(folder);
	const found = { chunks: 0, duplicates: 0, leftovers: 0, missing: 0, misordered: 0, stale: 0 };
	for (const { docId, path, mimeType } of files) {
		const content = await readFile(path);
		const sha256 = createHash('sha256').update(content).digest('hex');
		const { chunks } = await extractor.extract({ content, mimeType });
		const points = index.get(docId) ?? [];
		index.delete(docId);
		const expected = chunks.map(({ heading, page, text }) => JSON.stringify([heading, page, text]));
		const held = points.map(({ heading, page, content: text }) => JSON.stringify([heading, page, text]));
		const [wanted, there] = [countEach(expected), countEach(held)];
		let isWhole = true;
		for (const key of new Set([...wanted.keys(), ...there.keys()])) {
			const surplus = (there.get(key) ?? 0) - (wanted.get(key) ?? 0);
			if (surplus !== 0) isWhole = false;
			if (surplus < 0) found.missing -= surplus;
			else if (wanted.has(key)) found.duplicates += surplus;
			else found.leftovers += surplus;
		}
		if (isWhole && expected.some((key, at) => key !== held[at])) found.misordered += 1;
		found.chunks += chunks.length;
		found.stale += points.filter(({ fields }) => fields.contentSha256 !== sha256).length;
	}
	for (const points of index.values()) found.leftovers += points.length;
	return { docs: files.length, ...found };
}

/** What of one index is not as in another one, which was made anew of the same folder: chunks, and documents in a wrong order. */
export interface IndexDifference {
	/** Only in the other one. */
	readonly lost: number;
	/** Only in this one. */
	readonly stale: number;
	/** More often in this one. */
	readonly doubled: number;
	readonly misordered: number;
}

/** A chunk is what it says, where, and of which content of its file. */
export async function compareIndexes(file: string, freshFile: string): Promise<IndexDifference> {
	const [held, fresh] = [await readIndex(file), await readIndex(freshFile)];
	const found = { lost: 0, stale: 0, doubled: 0, misordered: 0 };
	for (const docId of new Set([...held.keys(), ...fresh.keys()])) {
		const [there, wanted] = [held, fresh].map((index) =>
			(index.get(docId) ?? []).map(({ heading, page, content, fields }) =>
				JSON.stringify([heading, page, content, fields.contentSha256]),
			),
		) as [string[], string[]];
		const [countThere, countWanted] = [countEach(there), countEach(wanted)];
		let isSame = true;
		for (const key of new Set([...there, ...wanted])) {
			const surplus = (countThere.get(key) ?? 0) - (countWanted.get(key) ?? 0);
			if (surplus !== 0) isSame = false;
			if (surplus < 0) found.lost -= surplus;
			else if (countWanted.has(key)) found.doubled += surplus;
			else found.stale += surplus;
		}
		if (isSame && wanted.some((key, at) => key !== there[at])) found.misordered += 1;
	}
	return found;
}

function countEach(keys: readonly string[]): Map<string, number> {
	const counts = new Map<string, number>();
	for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
	return counts;
}
