import type { Settings } from './setting.ts';

/** The embedder and the vector index. */
export const indexSettings = {
	embedder: {
		env: 'DOCDROP_EMBEDDER',
		kind: 'text',
		default: 'lexical',
		oneOf: ['lexical', 'openai'],
		meaning:
			'lexical is built in (hashed words and parts of words, no meaning); openai is any OpenAI-compatible server.',
	},
	embedderUrl: {
		env: 'DOCDROP_EMBEDDER_URL',
		kind: 'text',
		default: '',
		meaning: 'Base address of the OpenAI-compatible server, such as http://127.0.0.1:11434/v1.',
	},
	embedderKey: {
		env: 'DOCDROP_EMBEDDER_API_KEY',
		kind: 'secret',
		default: '',
		meaning: 'Its key, if it wants one.',
	},
	embedderModel: { env: 'DOCDROP_EMBEDDER_MODEL', kind: 'text', default: '', meaning: 'Its model.' },
	embedderDimensions: {
		env: 'DOCDROP_EMBEDDER_DIMENSIONS',
		kind: 'number',
		default: '0',
		range: [0, 8_192],
		meaning: 'Length of its vectors. Needed for openai.',
	},
	embedderBatch: {
		env: 'DOCDROP_EMBEDDER_BATCH',
		kind: 'number',
		default: '128',
		unit: 'texts',
		range: [1, 2_048],
		meaning: 'Texts in one request to it.',
	},
	embedderTimeoutMs: {
		env: 'DOCDROP_EMBEDDER_TIMEOUT_MS',
		kind: 'number',
		default: '30000',
		unit: 'ms',
		range: [100, 600_000],
		meaning: 'Longest time of one request to it.',
	},
	qdrantUrl: {
		env: 'DOCDROP_QDRANT_URL',
		kind: 'text',
		default: '',
		meaning: 'Address of a Qdrant server, such as http://127.0.0.1:6333. Empty: the embedded index.',
	},
	qdrantKey: {
		env: 'DOCDROP_QDRANT_API_KEY',
		kind: 'secret',
		default: '',
		meaning: 'Its key, if it wants one.',
	},
	qdrantCollection: {
		env: 'DOCDROP_QDRANT_COLLECTION',
		kind: 'text',
		default: 'docdrop',
		meaning: 'Collection; made when it is not there.',
	},
	qdrantTimeoutMs: {
		env: 'DOCDROP_QDRANT_TIMEOUT_MS',
		kind: 'number',
		default: '15000',
		unit: 'ms',
		range: [100, 600_000],
		meaning: 'Longest time of one request to Qdrant.',
	},
	qdrantWrites: {
		env: 'DOCDROP_QDRANT_WRITES',
		kind: 'number',
		default: '4',
		unit: 'requests',
		range: [1, 64],
		meaning:
			'Bulk requests to Qdrant at a time, at most. Fewer where it throttles, fails or answers later and later.',
	},
	qdrantConnections: {
		env: 'DOCDROP_QDRANT_CONNECTIONS',
		kind: 'number',
		default: '8',
		unit: 'connections',
		range: [1, 256],
		meaning: 'Connections to Qdrant, kept alive and shared by writes and searches.',
	},
	embedderCalls: {
		env: 'DOCDROP_EMBEDDER_CALLS',
		kind: 'number',
		default: '4',
		unit: 'calls',
		range: [1, 64],
		meaning:
			'Calls to the embedder at a time, of one request each as a rule; connections are kept alive. The limits that its server names go first.',
	},
	indexCheckMs: {
		env: 'DOCDROP_INDEX_CHECK_SECONDS',
		kind: 'number',
		default: '300',
		unit: 's',
		range: [1, 86_400],
		meaning:
			'Time between two looks whether the index still holds what was published (number of points, newest document), beside those at the start and after each outage. What is missing is written again.',
	},
} as const satisfies Settings;
