/**
 * What well-known embedding models want, so that nobody has to look it up: the length of their vectors, how many tokens
 * of a text they read, and what stands before a question and before a text. docs/decisions/embedder.md says from where.
 */
interface EmbeddingModel {
	readonly dimensions: number;
	readonly tokens: number;
	readonly query: string;
	readonly document: string;
}

const plain = { query: '', document: '' };
const e5 = { query: 'query: ', document: 'passage: ' };
const nomic = { query: 'search_query: ', document: 'search_document: ' };
const forPassages = { query: 'Represent this sentence for searching relevant passages: ', document: '' };

/** The first that the model's name fits, without its owner and its tag. */
const models: readonly (readonly [RegExp, EmbeddingModel])[] = [
	[/^text-embedding-3-small$/, { dimensions: 1_536, tokens: 8_192, ...plain }],
	[/^text-embedding-3-large$/, { dimensions: 3_072, tokens: 8_192, ...plain }],
	[/^text-embedding-ada-002$/, { dimensions: 1_536, tokens: 8_192, ...plain }],
	[/^multilingual-e5-small/, { dimensions: 384, tokens: 512, ...e5 }],
	[/^multilingual-e5-base/, { dimensions: 768, tokens: 512, ...e5 }],
	[
		/^multilingual-e5-large-instruct/,
		{
			...{ dimensions: 1_024, tokens: 512, document: '' },
			query: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
		},
	],
	[/^multilingual-e5-large/, { dimensions: 1_024, tokens: 512, ...e5 }],
	[/^e5-small/, { dimensions: 384, tokens: 512, ...e5 }],
	[/^e5-base/, { dimensions: 768, tokens: 512, ...e5 }],
	[/^e5-large/, { dimensions: 1_024, tokens: 512, ...e5 }],
	[/^nomic-embed-text-v2/, { dimensions: 768, tokens: 512, ...nomic }],
	[/^nomic-embed-text/, { dimensions: 768, tokens: 2_048, ...nomic }],
	[/^bge-m3/, { dimensions: 1_024, tokens: 8_192, ...plain }],
	[/^bge-small-en/, { dimensions: 384, tokens: 512, ...forPassages }],
	[/^bge-base-en/, { dimensions: 768, tokens: 512, ...forPassages }],
	[/^bge-large-en/, { dimensions: 1_024, tokens: 512, ...forPassages }],
	[/^mxbai-embed-large/, { dimensions: 1_024, tokens: 512, ...forPassages }],
	[/^all-minilm-l(6|12)|^all-minilm$/, { dimensions: 384, tokens: 256, ...plain }],
	[
		/^embeddinggemma/,
		{
			...{ dimensions: 768, tokens: 2_048 },
			...{ query: 'task: search result | query: ', document: 'title: none | text: ' },
		},
	],
];

/** Null of a model that nobody here knows. */
export function embeddingModel(name: string): EmbeddingModel | null {
	const bare = name
		.toLowerCase()
		.replace(/^.*\//, '')
		.replace(/:.*$/, '')
		// As LM Studio lists what was loaded from files.
		.replace(/^text-embedding-(?!3-|ada-)/, '');
	return models.find(([pattern]) => pattern.test(bare))?.[1] ?? null;
}
