import { setting } from './kinds.ts';

/** The embedder and the vector index. */
export const indexSettings = {
	embedder: setting('text', 'DOCDROP_EMBEDDER', {
		default: 'static',
		oneOf: ['static', 'openai', 'ollama', 'lmstudio', 'vllm', 'tei'],
		meaning:
			'static is built in (a table of what English words mean); openai is any OpenAI-compatible server; ollama, lmstudio, vllm and tei (Text Embeddings Inference) are such servers with their usual address and bounds.',
	}),
	embedderUrl: setting('text', 'DOCDROP_EMBEDDER_URL', {
		default: '',
		meaning:
			'Base address of the OpenAI-compatible server, up to and with /v1. Needed for openai; the others have one: port 11434 (ollama), 1234 (lmstudio), 8000 (vllm), 8080 (tei) of this machine.',
	}),
	embedderKey: setting('secret', 'DOCDROP_EMBEDDER_API_KEY', {
		default: '',
		meaning: 'Its key, if it wants one.',
	}),
	embedderModel: setting('text', 'DOCDROP_EMBEDDER_MODEL', { default: '', meaning: 'Its model.' }),
	embedderDimensions: setting('number', 'DOCDROP_EMBEDDER_DIMENSIONS', {
		default: '0',
		range: [0, 8_192],
		meaning:
			'Length of its vectors. Needed where the model is none of the well-known ones (OpenAI’s, e5, nomic, bge, mxbai, MiniLM, EmbeddingGemma).',
	}),
	queryPrefix: setting('text', 'DOCDROP_EMBEDDER_QUERY_PREFIX', {
		default: '',
		meaning:
			'What stands before each question that it embeds, such as "query: " for e5. Empty: what a well-known model wants. none: nothing.',
	}),
	documentPrefix: setting('text', 'DOCDROP_EMBEDDER_DOCUMENT_PREFIX', {
		default: '',
		meaning:
			'The same before each text of a document, such as "passage: ". Another one is another embedder: the index is filled anew.',
	}),
	embedderBatch: setting('optionalNumber', 'DOCDROP_EMBEDDER_BATCH', {
		default: '',
		unit: 'texts',
		range: [1, 2_048],
		meaning: 'Texts in one request to it. Default 128, and 32 for tei.',
	}),
	embedderTimeoutMs: setting('number', 'DOCDROP_EMBEDDER_TIMEOUT_MS', {
		default: '30000',
		unit: 'ms',
		range: [100, 600_000],
		meaning: 'Longest time of one request to it.',
	}),
	indexMemoryBytes: setting('number', 'DOCDROP_INDEX_MEMORY_MB', {
		default: '256',
		unit: 'MB',
		range: [0, 4_096],
		meaning:
			'Vectors of the embedded index in memory, where a search by vector goes through them ten times as fast as in the file: a byte a number and eight a vector, so that 256 MB hold a million of 256 numbers. A tenant’s are loaded when it searches, and make room when others do; a tenant that has no room is searched in the file. All shards together. 0: none.',
	}),
	vectorCacheBytes: setting('number', 'DOCDROP_VECTOR_CACHE_MB', {
		default: '512',
		unit: 'MB',
		range: [0, 1_000_000],
		meaning:
			'Vectors of an embedder’s server that are kept on disk, so that a text that a tenant had embedded once is not paid for again; what was used longest ago goes first. 0: none. Without a server nothing is kept.',
	}),
	reranker: setting('text', 'DOCDROP_RERANKER', {
		default: 'none',
		oneOf: ['none', 'tei', 'cohere'],
		meaning:
			'A server that puts the first passages of a search in a better order, by its form: tei (POST /rerank of Text Embeddings Inference) or cohere (POST /v2/rerank of Cohere and what speaks like it). While it does not answer, searches go out without it and say so.',
	}),
	rerankerUrl: setting('text', 'DOCDROP_RERANKER_URL', {
		default: '',
		meaning:
			'Its address without that path, such as http://127.0.0.1:8081. Needed for tei; cohere has https://api.cohere.com.',
	}),
	rerankerKey: setting('secret', 'DOCDROP_RERANKER_API_KEY', {
		default: '',
		meaning: 'Its key, if it wants one.',
	}),
	rerankerModel: setting('text', 'DOCDROP_RERANKER_MODEL', {
		default: '',
		meaning: 'Its model, such as rerank-v3.5. Needed for cohere.',
	}),
	rerankerTop: setting('number', 'DOCDROP_RERANKER_TOP', {
		default: '50',
		unit: 'passages',
		range: [2, 200],
		meaning: 'Passages of a search that it is asked about: the first of them.',
	}),
	rerankerTimeoutMs: setting('number', 'DOCDROP_RERANKER_TIMEOUT_MS', {
		default: '2000',
		unit: 'ms',
		range: [50, 60_000],
		meaning: 'Longest time that a search waits for it.',
	}),
	qdrantUrl: setting('text', 'DOCDROP_QDRANT_URL', {
		default: '',
		meaning: 'Address of a Qdrant server, such as http://127.0.0.1:6333. Empty: the embedded index.',
	}),
	qdrantKey: setting('secret', 'DOCDROP_QDRANT_API_KEY', {
		default: '',
		meaning: 'Its key, if it wants one.',
	}),
	qdrantCollection: setting('text', 'DOCDROP_QDRANT_COLLECTION', {
		default: 'docdrop',
		meaning: 'Collection; made when it is not there.',
	}),
	indexedMetadata: setting('fields', 'DOCDROP_INDEXED_METADATA', {
		default: '',
		meaning:
			'Names of metadata that searches are often filtered by, as NAME or NAME=KIND, with commas between them; KIND is text (default), number, date or flag. Qdrant gets an index for each; filters by other names are right as well, and slower. The embedded index has one for every name.',
	}),
	qdrantTimeoutMs: setting('number', 'DOCDROP_QDRANT_TIMEOUT_MS', {
		default: '15000',
		unit: 'ms',
		range: [100, 600_000],
		meaning: 'Longest time of one request to Qdrant.',
	}),
	qdrantWrites: setting('number', 'DOCDROP_QDRANT_WRITES', {
		default: '4',
		unit: 'requests',
		range: [1, 64],
		meaning:
			'Bulk requests to Qdrant at a time, at most. Fewer where it throttles, fails or answers later and later.',
	}),
	qdrantConnections: setting('number', 'DOCDROP_QDRANT_CONNECTIONS', {
		default: '8',
		unit: 'connections',
		range: [1, 256],
		meaning: 'Connections to Qdrant, kept alive and shared by writes and searches.',
	}),
	embedderCalls: setting('number', 'DOCDROP_EMBEDDER_CALLS', {
		default: '4',
		unit: 'calls',
		range: [1, 64],
		meaning:
			'Calls to the embedder at a time, of one request each as a rule; connections are kept alive. The limits that its server names go first.',
	}),
	indexCheckMs: setting('number', 'DOCDROP_INDEX_CHECK_SECONDS', {
		default: '300',
		unit: 's',
		range: [1, 86_400],
		meaning:
			'Time between two looks whether the index still holds what was published (number of points, newest document), beside those at the start and after each outage. What is missing is written again.',
	}),
	auditMs: setting('number', 'DOCDROP_AUDIT_HOURS', {
		default: '0',
		unit: 'h',
		range: [0, 500],
		meaning:
			'Time between two audits, which hold every point of the index, its text included, against what was published, and a followed folder too, and mend the difference. 0: only when asked (`docdrop audit`).',
	}),
};
