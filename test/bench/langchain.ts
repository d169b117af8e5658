import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * LangChain's Qdrant store, as its users have it: 86 MB with what it needs, and nothing of it is of use to
 * anything else here. So it is installed at first use, once for all clones of the project, as the real n8n is:
 * into `DOCDROP_LANGCHAIN_DIR`, or `docdrop/langchain-VERSION` below the user's cache folder.
 */
const packages = {
	'@langchain/qdrant': '1.0.3',
	'@langchain/core': '1.4.0',
	// The one that DocDrop uses: what is compared is LangChain, not another client.
	'@qdrant/js-client-rest': '1.19.0',
};

/** What is used of it. */
export interface LangChain {
	readonly QdrantVectorStore: new (
		embeddings: object,
		options: { url: string; collectionName: string },
	) => {
		addDocuments(documents: readonly object[]): Promise<void>;
	};
	readonly Document: new (fields: { id: string; pageContent: string; metadata: object }) => object;
	/** Answers with the vectors that `vectorOf` knows. */
	readonly embeddings: (vectorOf: (text: string) => number[]) => object;
}

function install(): string {
	const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
	const version = packages['@langchain/qdrant'];
	const dir = process.env['DOCDROP_LANGCHAIN_DIR'] ?? join(cache, 'docdrop', `langchain-${version}`);
	const done = join(dir, 'installed');
	if (existsSync(done)) return dir;
	mkdirSync(dir, { recursive: true });
	writeFileSync(
		join(dir, 'package.json'),
		JSON.stringify({ name: 'langchain-beside-docdrop', private: true }),
	);
	console.error(`installing LangChain's Qdrant store ${version} into ${dir}: once`);
	const wanted = Object.entries(packages).map(([name, at]) => `${name}@${at}`);
	const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
	execFileSync('npm', ['install', ...wanted, ...quiet], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
	writeFileSync(done, `${new Date().toISOString()}\n`);
	return dir;
}

export async function loadLangChain(): Promise<LangChain> {
	const { resolve } = createRequire(pathToFileURL(join(install(), 'package.json')));
	const load = async <T>(name: string) => (await import(pathToFileURL(resolve(name)).href)) as T;
	const { QdrantVectorStore } = await load<Pick<LangChain, 'QdrantVectorStore'>>('@langchain/qdrant');
	const { Document } = await load<Pick<LangChain, 'Document'>>('@langchain/core/documents');
	const { Embeddings } = await load<{ Embeddings: new (params: object) => object }>(
		'@langchain/core/embeddings',
	);
	class Known extends Embeddings {
		private readonly vectorOf: (text: string) => number[];
		constructor(vectorOf: (text: string) => number[]) {
			super({});
			this.vectorOf = vectorOf;
		}
		embedDocuments = async (texts: readonly string[]) => texts.map(this.vectorOf);
		embedQuery = async (text: string) => this.vectorOf(text);
	}
	return { QdrantVectorStore, Document, embeddings: (vectorOf) => new Known(vectorOf) };
}
