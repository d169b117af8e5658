import { embeddingModel } from './embedding-models.ts';

/** Servers by name: where they listen unless somebody has said otherwise, and how many texts they take in a request. */
const embedderServers = {
	openai: { url: '', batch: 128 },
	ollama: { url: 'http://127.0.0.1:11434/v1', batch: 128 },
	lmstudio: { url: 'http://127.0.0.1:1234/v1', batch: 128 },
	vllm: { url: 'http://127.0.0.1:8000/v1', batch: 128 },
	tei: { url: 'http://127.0.0.1:8080/v1', batch: 32 },
} as const;

/** What of a configuration says it. */
interface Settings {
	readonly embedder: 'static' | keyof typeof embedderServers;
	readonly embedderUrl: string;
	readonly embedderModel: string;
	readonly embedderDimensions: number;
	readonly embedderBatch: number | null;
	readonly queryPrefix: string;
	readonly documentPrefix: string;
}

interface ChunkLength {
	readonly chunkChars: number;
	readonly chunkTokens: number | null;
}

interface EmbedderServer {
	readonly url: string;
	readonly model: string;
	/** 0: nobody has said, and the model is not known. */
	readonly dimensions: number;
	/** Texts in one request. */
	readonly batch: number;
	readonly queryPrefix: string;
	readonly documentPrefix: string;
	/** Of a text that the model reads; null: not known. */
	readonly tokens: number | null;
}

/** What is said goes first, then what the server and the model are known for; null: the embedder is built in. */
export function embedderServer(settings: Settings): EmbedderServer | null {
	const { embedder, embedderModel: model } = settings;
	if (embedder === 'static') return null;
	const known = embeddingModel(model);
	const server = embedderServers[embedder];
	return {
		url: settings.embedderUrl || server.url,
		model,
		dimensions: settings.embedderDimensions || (known?.dimensions ?? 0),
		batch: settings.embedderBatch ?? server.batch,
		queryPrefix: prefix(settings.queryPrefix, known?.query),
		documentPrefix: prefix(settings.documentPrefix, known?.document),
		tokens: known?.tokens ?? null,
	};
}

const prefix = (said: string, known = ''): string => (said === 'none' ? '' : said || known);

/** Of English text; of other scripts there are fewer. */
const charsPerToken = 3;

/** What is likely to go wrong with the model's limit; null: nothing. */
export function tokenAdvice(settings: Settings & ChunkLength): string | null {
	const tokens = embedderServer(settings)?.tokens ?? null;
	if (tokens === null) return null;
	const { chunkTokens, chunkChars } = settings;
	const most = chunkTokens ?? Math.ceil(chunkChars / charsPerToken);
	if (most <= tokens) return null;
	return `chunks may have ${most} tokens and the model reads ${tokens}: set DOCDROP_CHUNK_TOKENS to ${Math.floor(tokens * 0.8)} or less`;
}
