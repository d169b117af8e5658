import { setting } from './kinds.ts';

/** The process, and how documents become due and are cut. */
export const serviceSettings = {
	dataDir: setting('text', 'DOCDROP_DATA_DIR', {
		default: './.docdrop',
		meaning: 'Folder of the state: document store, contents that wait, embedded index. One process a folder.',
	}),
	networkData: setting('flag', 'DOCDROP_DATA_ON_NETWORK', {
		default: 'false',
		meaning:
			'Take a data folder on a network file system (NFS, SMB, CIFS, 9P) all the same. Their locks and syncs are not what the stores need: two processes may write at once, and what was acknowledged may be lost.',
	}),
	host: setting('text', 'DOCDROP_HOST', {
		default: '127.0.0.1',
		meaning: 'Address to listen on. Anything but loopback demands DOCDROP_API_KEYS or DOCDROP_KEYRING.',
	}),
	port: setting('number', 'DOCDROP_PORT', {
		default: '8765',
		range: [0, 65_535],
		meaning: 'Port to listen on; 0 takes a free one.',
	}),
	apiKeys: setting('keys', 'DOCDROP_API_KEYS', {
		default: '',
		meaning:
			'Keys that callers must send, separated by commas. KEY is good for every tenant, TENANT=KEY for one. DOCDROP_API_KEYS_FILE names a file of them, as _FILE does for every secret. They may do everything there.',
	}),
	keyring: setting('text', 'DOCDROP_KEYRING', {
		default: '',
		meaning:
			'File of further keys, kept as hashes, each with a tenant or all of them and with rights. `docdrop keys` writes it; what changes in it counts within seconds, without a restart.',
	}),
	tlsCert: setting('text', 'DOCDROP_TLS_CERT', {
		default: '',
		meaning:
			'File of a certificate in PEM, with those above it: the API answers https alone. It is read anew when it changes.',
	}),
	tlsKey: setting('text', 'DOCDROP_TLS_KEY', {
		default: '',
		meaning: 'File of the private key of DOCDROP_TLS_CERT, in PEM, without a password.',
	}),
	logLevel: setting('text', 'DOCDROP_LOG_LEVEL', {
		default: 'info',
		oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
		meaning: 'Lowest level that is logged.',
	}),
	windowMs: setting('number', 'DOCDROP_WINDOW_MS', {
		default: '500',
		unit: 'ms',
		range: [0, 60_000],
		meaning:
			'Quiet time after a change of a document, or of a followed file, before it is worked on; further changes replace it.',
	}),
	maxWaitMs: setting('number', 'DOCDROP_MAX_WAIT_MS', {
		default: '5000',
		unit: 'ms',
		range: [0, 600_000],
		meaning:
			'Longest time that further changes may keep a document waiting. A followed file that never stands still is taken as it is after it, again and again.',
	}),
	chunkChars: setting('number', 'DOCDROP_CHUNK_CHARS', {
		default: '1200',
		unit: 'characters',
		range: [200, 8_000],
		meaning: 'Longest chunk. Changing it makes every document that is sent again new.',
	}),
	chunkTokens: setting('optionalNumber', 'DOCDROP_CHUNK_TOKENS', {
		default: '',
		unit: 'tokens',
		range: [100, 8_191],
		meaning:
			'Longest chunk in tokens of OpenAI’s embedding models (cl100k), with the headings above it, instead of DOCDROP_CHUNK_CHARS. For another model a tenth less than it takes.',
	}),
	chunkOverlap: setting('optionalNumber', 'DOCDROP_CHUNK_OVERLAP', {
		default: '',
		unit: 'characters, or tokens',
		range: [0, 4_095],
		meaning:
			'Text of the previous chunk that a chunk begins with, in the unit of its length; less than half a chunk. An eighth of a chunk where it is not set.',
	}),
};
