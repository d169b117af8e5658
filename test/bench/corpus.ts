import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import type { Bench } from './bench.ts';
import { projectDir } from './child-script.ts';

/** Real documents: a fresh copy of the small corpus, and an own look at what of a folder is a document. */
export async function copyOfCorpus(bench: Bench): Promise<string> {
	const from = await findCorpus();
	const to = join(await bench.temp(), 'inbox');
	await cp(from, to, { recursive: true });
	return to;
}

async function findCorpus(): Promise<string> {
	const named = process.env['BENCH_CORPUS'];
	if (named !== undefined && named !== '') {
		if (!existsSync(named)) throw new Error('BENCH_CORPUS names no folder');
		return named;
	}
	const script = resolve(projectDir, '../shared/corpus/corpus.sh');
	if (!existsSync(script)) {
		throw new Error(
			'no corpus: set BENCH_CORPUS to a folder of documents, or have ../shared/corpus/corpus.sh',
		);
	}
	const dir = join(tmpdir(), 'docdrop-corpus');
	await promisify(execFile)('bash', [script, dir, 'small']);
	return dir;
}

export interface DocumentFile {
	/** Relative path: the docId under the first root of a followed folder. */
	readonly docId: string;
	readonly path: string;
	readonly mimeType: string;
}

/** Every file that is no hidden one, and whose ending some extractor reads; by docId. */
export async function documentsOf(dir: string): Promise<DocumentFile[]> {
	const entries = await readdir(dir, { recursive: true, withFileTypes: true });
	const documents = entries.flatMap((entry): DocumentFile[] => {
		const path = join(entry.parentPath, entry.name);
		const docId = relative(dir, path).split('\\').join('/');
		const mimeType = mimeTypeOf(docId);
		const isHidden = docId.split('/').some((part) => part.startsWith('.'));
		return entry.isFile() && !isHidden && mimeType !== null ? [{ docId, path, mimeType }] : [];
	});
	return documents.toSorted((a, b) => (a.docId < b.docId ? -1 : 1));
}
