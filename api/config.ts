import { isIP, isIPv4 } from 'node:net';
import { fileTypes } from './contract/file-types.ts';
import { isTenant, limits } from './contract/limits.ts';
import { DocDropError } from './errors.ts';

const andList = new Intl.ListFormat('en-GB');
const bufferedNames = new Set(
	Object.values(fileTypes)
		.filter(({ reading }) => reading === 'buffered')
		.map(({ name }) => name),
);

/**
 * Every setting, declared once: name, default, unit and meaning. The process reads them from its environment;
 * the README's table and .env.example are generated from here (`npm run docs:config`), and a test holds them
 * equal.
 */
type Kind = 'text' | 'secret' | 'number' | 'flag' | 'list' | 'secrets';

interface Setting {
	readonly env: string;
	readonly kind: Kind;
	readonly default: string;
	readonly unit?: string;
	readonly min?: number;
	readonly max?: number;
	readonly oneOf?: readonly string[];
	readonly meaning: string;
}

export const settings = {
	dataDir: {
		env: 'DOCDROP_DATA_DIR',
		kind: 'text',
		default: './.docdrop',
		meaning: 'Folder of the state: document store, contents that wait, embedded index. One process a folder.',
	},
	host: {
		env: 'DOCDROP_HOST',
		kind: 'text',
		default: '127.0.0.1',
		meaning: 'Address to listen on. Anything but loopback demands DOCDROP_API_KEYS.',
	},
	port: {
		env: 'DOCDROP_PORT',
		kind: 'number',
		default: '8765',
		min: 0,
		max: 65_535,
		meaning: 'Port to listen on; 0 takes a free one.',
	},
	apiKeys: {
		env: 'DOCDROP_API_KEYS',
		kind: 'secrets',
		default: '',
		meaning:
			'Keys that callers must send, separated by commas. KEY is good for every tenant, TENANT=KEY for one.',
	},
	logLevel: {
		env: 'DOCDROP_LOG_LEVEL',
		kind: 'text',
		default: 'info',
		oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
		meaning: 'Lowest level that is logged.',
	},
	windowMs: {
		env: 'DOCDROP_WINDOW_MS',
		kind: 'number',
		default: '500',
		unit: 'ms',
		min: 0,
		max: 60_000,
		meaning: 'Quiet time after a change of a document before it is worked on; further changes replace it.',
	},
	maxWaitMs: {
		env: 'DOCDROP_MAX_WAIT_MS',
		kind: 'number',
		default: '5000',
		unit: 'ms',
		min: 0,
		max: 600_000,
		meaning: 'Longest time that further changes may keep a document waiting.',
	},
	chunkChars: {
		env: 'DOCDROP_CHUNK_CHARS',
		kind: 'number',
		default: '1200',
		unit: 'characters',
		min: 200,
		max: 8_000,
		meaning: 'Longest chunk. Changing it makes every document that is sent again new.',
	},
	chunkOverlap: {
		env: 'DOCDROP_CHUNK_OVERLAP',
		kind: 'number',
		default: '150',
		unit: 'characters',
		min: 0,
		max: 3_999,
		meaning: 'Text of the previous chunk that a chunk begins with; less than half a chunk.',
	},
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
		min: 0,
		max: 8_192,
		meaning: 'Length of its vectors. Needed for openai.',
	},
	embedderBatch: {
		env: 'DOCDROP_EMBEDDER_BATCH',
		kind: 'number',
		default: '128',
		unit: 'texts',
		min: 1,
		max: 2_048,
		meaning: 'Texts in one request to it.',
	},
	embedderTimeoutMs: {
		env: 'DOCDROP_EMBEDDER_TIMEOUT_MS',
		kind: 'number',
		default: '30000',
		unit: 'ms',
		min: 100,
		max: 600_000,
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
		min: 100,
		max: 600_000,
		meaning: 'Longest time of one request to Qdrant.',
	},
	qdrantWrites: {
		env: 'DOCDROP_QDRANT_WRITES',
		kind: 'number',
		default: '4',
		unit: 'requests',
		min: 1,
		max: 64,
		meaning:
			'Bulk requests to Qdrant at a time, at most. Fewer where it throttles, fails or answers later and later.',
	},
	qdrantConnections: {
		env: 'DOCDROP_QDRANT_CONNECTIONS',
		kind: 'number',
		default: '8',
		unit: 'connections',
		min: 1,
		max: 256,
		meaning: 'Connections to Qdrant, kept alive and shared by writes and searches.',
	},
	embedderCalls: {
		env: 'DOCDROP_EMBEDDER_CALLS',
		kind: 'number',
		default: '4',
		unit: 'calls',
		min: 1,
		max: 64,
		meaning:
			'Calls to the embedder at a time, of one request each as a rule; connections are kept alive. The limits that its server names go first.',
	},
	indexCheckSeconds: {
		env: 'DOCDROP_INDEX_CHECK_SECONDS',
		kind: 'number',
		default: '300',
		unit: 's',
		min: 1,
		max: 86_400,
		meaning:
			'Time between two looks whether the index still holds what was published (number of points, newest document), beside those at the start and after each outage. What is missing is written again.',
	},
	maxPending: {
		env: 'DOCDROP_MAX_PENDING',
		kind: 'number',
		default: '100000',
		unit: 'documents',
		min: 1,
		max: 10_000_000,
		meaning: 'Documents that may wait. At the bound a new one is answered 503 with Retry-After.',
	},
	alertPending: {
		env: 'DOCDROP_ALERT_PENDING',
		kind: 'number',
		default: '10000',
		unit: 'documents',
		min: 1,
		max: 10_000_000,
		meaning: 'Documents that wait, above which /v1/status, the metrics and the log raise an alert.',
	},
	alertErrorPercent: {
		env: 'DOCDROP_ALERT_ERROR_PERCENT',
		kind: 'number',
		default: '10',
		unit: '%',
		min: 0,
		max: 100,
		meaning: 'Share of the changes of a minute (at least 10) that failed, above which they raise an alert.',
	},
	maxPendingMb: {
		env: 'DOCDROP_MAX_PENDING_MB',
		kind: 'number',
		default: '4096',
		unit: 'MB',
		min: 1,
		max: 1_000_000,
		meaning: 'Contents that may wait on disk.',
	},
	maxFileMb: {
		env: 'DOCDROP_MAX_FILE_MB',
		kind: 'number',
		default: '200',
		unit: 'MB',
		min: 1,
		max: 10_000,
		meaning: 'Largest single document.',
	},
	maxWholeMb: {
		env: 'DOCDROP_MAX_WHOLE_MB',
		kind: 'number',
		default: '16',
		unit: 'MB',
		min: 1,
		max: 64,
		meaning: `Largest single document of a type that cannot be read in pieces: ${andList.format(bufferedNames)}.`,
	},
	maxSpoolMb: {
		env: 'DOCDROP_MAX_SPOOL_MB',
		kind: 'number',
		default: '8192',
		unit: 'MB',
		min: 1,
		max: 1_000_000,
		meaning:
			'Disk that one document above 4 MB may take while it is worked on: its chunks, and the checkpoint of its embedding.',
	},
	maxBodyMb: {
		env: 'DOCDROP_MAX_BODY_MB',
		kind: 'number',
		default: '8',
		unit: 'MB',
		min: 1,
		max: 256,
		meaning: 'Largest JSON request; larger documents are streamed by PUT.',
	},
	workers: {
		env: 'DOCDROP_WORKERS',
		kind: 'number',
		default: '2',
		unit: 'processes',
		min: 0,
		max: 64,
		meaning:
			'Processes that extract and threads that embed. 0 accepts and stores changes without working on them.',
	},
	maxInWork: {
		env: 'DOCDROP_MAX_IN_WORK',
		kind: 'number',
		default: '128',
		unit: 'documents',
		min: 1,
		max: 4_096,
		meaning: 'Documents that are prepared or written at a time.',
	},
	maxInWorkMb: {
		env: 'DOCDROP_MAX_IN_WORK_MB',
		kind: 'number',
		default: '32',
		unit: 'MB',
		min: 1,
		max: 4_096,
		meaning: 'Their contents. One larger document is worked on alone.',
	},
	shards: {
		env: 'DOCDROP_SHARDS',
		kind: 'number',
		default: '1',
		unit: 'shards',
		min: 1,
		max: 64,
		meaning:
			"Parts of the index, each with lanes of its own: a large tenant's documents are written in parallel. Fixed once the index is made.",
	},
	batchPoints: {
		env: 'DOCDROP_BATCH_POINTS',
		kind: 'number',
		default: '512',
		unit: 'points',
		min: 1,
		max: 10_000,
		meaning: 'Points at which a bulk write closes.',
	},
	batchAgeMs: {
		env: 'DOCDROP_BATCH_AGE_MS',
		kind: 'number',
		default: '50',
		unit: 'ms',
		min: 0,
		max: 10_000,
		meaning: 'Age at which a bulk write closes while more documents are being prepared.',
	},
	maxAttempts: {
		env: 'DOCDROP_MAX_ATTEMPTS',
		kind: 'number',
		default: '5',
		unit: 'tries',
		min: 1,
		max: 100,
		meaning: 'Counted failures after which a document is a dead letter. Outages never count.',
	},
	leaseMs: {
		env: 'DOCDROP_LEASE_MS',
		kind: 'number',
		default: '60000',
		unit: 'ms',
		min: 1_000,
		max: 3_600_000,
		meaning:
			'How long a worker holds a document without a sign of life. The hold is renewed while the work goes on.',
	},
	stallMs: {
		env: 'DOCDROP_STALL_MS',
		kind: 'number',
		default: '900000',
		unit: 'ms',
		min: 1_000,
		max: 86_400_000,
		meaning:
			'Longest time that reading one document may take, waiting included; then it is taken away, counted as a failure, and tried again.',
	},
	tenantWeights: {
		env: 'DOCDROP_TENANT_WEIGHTS',
		kind: 'list',
		default: '',
		meaning:
			'Shares of the work where tenants compete, separated by commas: `acme=3,beta=0.5`. Every other tenant has 1.',
	},
	tombstoneDays: {
		env: 'DOCDROP_TOMBSTONE_DAYS',
		kind: 'number',
		default: '30',
		unit: 'days',
		min: 1,
		max: 3_650,
		meaning: 'How long a deletion is remembered against late writes.',
	},
	jobDays: {
		env: 'DOCDROP_JOB_DAYS',
		kind: 'number',
		default: '7',
		unit: 'days',
		min: 1,
		max: 3_650,
		meaning: 'How long settled receipts are kept. The newest of each document stays.',
	},
	rateLimitMax: {
		env: 'DOCDROP_RATE_LIMIT_MAX',
		kind: 'number',
		default: '10000',
		unit: 'requests a minute',
		min: 0,
		max: 100_000_000,
		meaning: 'Requests of one address a minute; 0: no limit.',
	},
	documentsPerMinute: {
		env: 'DOCDROP_DOCUMENTS_PER_MINUTE',
		kind: 'number',
		default: '0',
		unit: 'documents a minute',
		min: 0,
		max: 10_000_000,
		meaning:
			'Documents of all tenants together that are taken a minute, whoever brings them, local callers too; 0: no limit. Only changes that must be worked on count.',
	},
	tenantDocumentsPerMinute: {
		env: 'DOCDROP_TENANT_DOCUMENTS_PER_MINUTE',
		kind: 'list',
		default: '',
		unit: 'documents a minute',
		meaning:
			'The same for each tenant, and for single ones by name, separated by commas: `600,acme=6000,beta=0` is 600 for each, 6,000 for acme, no limit for beta. Empty: no limit.',
	},
	skipRateLimitsLocal: {
		env: 'SKIP_RATE_LIMITS_LOCAL',
		kind: 'flag',
		default: 'true',
		meaning: 'Callers in 127/8, ::1, 10/8, 172.16/12 and 192.168/16 are not limited.',
	},
	trustedProxies: {
		env: 'DOCDROP_TRUSTED_PROXIES',
		kind: 'list',
		default: '',
		meaning: 'Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.',
	},
	tenant: {
		env: 'DOCDROP_TENANT',
		kind: 'text',
		default: 'default',
		meaning: 'Tenant of the folder that `docdrop watch` and `npm start` follow, and of `docdrop search`.',
	},
	rescanSeconds: {
		env: 'DOCDROP_RESCAN_SECONDS',
		kind: 'number',
		default: '60',
		unit: 's',
		min: 1,
		max: 86_400,
		meaning: 'Time between scans of a followed folder, beside the one after every burst of events.',
	},
	deleteGraceMs: {
		env: 'DOCDROP_DELETE_GRACE_MS',
		kind: 'number',
		default: '5000',
		unit: 'ms',
		min: 0,
		max: 3_600_000,
		meaning: 'How long a file must be gone before its document is deleted.',
	},
	brakePercent: {
		env: 'DOCDROP_BRAKE_PERCENT',
		kind: 'number',
		default: '20',
		unit: '%',
		min: 1,
		max: 100,
		meaning:
			'Deletions are held where more than this share of at least 20 files went at once, or the folder itself was replaced, until the files are back or `docdrop release`. 100 switches this off.',
	},
	include: {
		env: 'DOCDROP_INCLUDE',
		kind: 'list',
		default: '',
		meaning:
			'Globs of the files to follow, separated by commas; empty: all. Without a slash: names at any depth.',
	},
	exclude: {
		env: 'DOCDROP_EXCLUDE',
		kind: 'list',
		default: '',
		meaning:
			'Globs of files and folders to leave out, besides what is always left out: hidden files, and what editors, browsers and office programs leave beside a file (`.*`, `*~`, `*.swp`, `.~lock*`, `~$*`, `*.part`, `*.crdownload`, `*.tmp`, `4913`).',
	},
	followLinks: {
		env: 'DOCDROP_FOLLOW_LINKS',
		kind: 'flag',
		default: 'false',
		meaning:
			'Symbolic links stand for what they lead to, also outside the folder; otherwise they are left out.',
	},
	watchMode: {
		env: 'DOCDROP_WATCH_MODE',
		kind: 'text',
		default: 'auto',
		oneOf: ['auto', 'watch', 'poll'],
		meaning:
			'`poll` scans a followed folder every DOCDROP_POLL_SECONDS and asks for no events; `auto` does so on network and shared file systems, which report no changes made elsewhere.',
	},
	pollSeconds: {
		env: 'DOCDROP_POLL_SECONDS',
		kind: 'number',
		default: '5',
		unit: 's',
		min: 1,
		max: 86_400,
		meaning: 'Time between scans of a folder that is polled.',
	},
	crashAt: {
		env: 'DOCDROP_CRASH_AT',
		kind: 'text',
		default: '',
		meaning: 'For crash tests only: POINT or POINT:N, where the process kills itself.',
	},
} as const satisfies Record<string, Setting>;

type Value<K extends Kind> = K extends 'number'
	? number
	: K extends 'flag'
		? boolean
		: K extends 'list' | 'secrets'
			? readonly string[]
			: string;
export type Config = { readonly [N in keyof typeof settings]: Value<(typeof settings)[N]['kind']> };

function invalid(setting: Setting, demand: string, value: string): DocDropError {
	const shown =
		setting.kind === 'secret' || setting.kind === 'secrets'
			? ''
			: `, got ${JSON.stringify(value.slice(0, 200))}`;
	return new DocDropError('config_invalid', `${setting.env} must be ${demand}${shown}`, {
		field: setting.env,
	});
}

function read(setting: Setting, value: string): Value<Kind> {
	switch (setting.kind) {
		case 'number': {
			const { min = -Infinity, max = Infinity } = setting;
			const number = Number(value);
			if (value.trim() === '' || !Number.isInteger(number) || number < min || number > max) {
				throw invalid(setting, `a whole number from ${min} to ${max}`, value);
			}
			return number;
		}
		case 'flag':
			if (value !== 'true' && value !== 'false') throw invalid(setting, 'true or false', value);
			return value === 'true';
		case 'list':
		case 'secrets':
			return value
				.split(',')
				.map((part) => part.trim())
				.filter((part) => part !== '');
		case 'text':
		case 'secret':
			if (setting.oneOf !== undefined && !setting.oneOf.includes(value)) {
				throw invalid(setting, `one of ${setting.oneOf.join(', ')}`, value);
			}
			return value;
	}
}

const isLoopback = (host: string) =>
	host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** One entry of DOCDROP_API_KEYS: what callers send, and the only tenant it is good for (null: every one). */
export function splitKey(entry: string): { readonly tenant: string | null; readonly key: string } {
	const at = entry.indexOf('=');
	return at < 0 ? { tenant: null, key: entry } : { tenant: entry.slice(0, at), key: entry.slice(at + 1) };
}

function checkKeys(entries: readonly string[]): void {
	for (const entry of entries) {
		const { tenant, key } = splitKey(entry);
		// `acme=` with an unset variable behind it, or a base64 key with its padding, would let the key `` or `=` in.
		if (/^=*$/.test(key) || (tenant !== null && !isTenant(tenant))) {
			throw invalid(settings.apiKeys, 'KEY or TENANT=KEY (a KEY alone must not end with =)', '');
		}
	}
}

/** DOCDROP_TENANT_DOCUMENTS_PER_MINUTE: the limit of each tenant (0: none), and of those that are named. */
export function splitLimits(entries: readonly string[]): {
	readonly eachTenant: number;
	readonly tenants: ReadonlyMap<string, number>;
} {
	let eachTenant: number | null = null;
	const tenants = new Map<string, number>();
	for (const entry of entries) {
		const [first = '', second, ...more] = entry.split('=').map((part) => part.trim());
		const limit = second ?? first;
		const isLimit = /^\d{1,8}$/.test(limit) && Number(limit) <= settings.documentsPerMinute.max;
		if (!isLimit || more.length > 0 || (second !== undefined && !isTenant(first))) {
			throw invalid(
				settings.tenantDocumentsPerMinute,
				`N or TENANT=N, N a whole number from 0 to ${settings.documentsPerMinute.max}`,
				entry,
			);
		}
		if (second === undefined ? eachTenant !== null : tenants.has(first)) {
			throw invalid(
				settings.tenantDocumentsPerMinute,
				'one number for each tenant and one for each name',
				entry,
			);
		}
		if (second === undefined) eachTenant = Number(limit);
		else tenants.set(first, Number(limit));
	}
	return { eachTenant: eachTenant ?? 0, tenants };
}

/** DOCDROP_TENANT_WEIGHTS, by tenant. */
export function splitWeights(entries: readonly string[]): ReadonlyMap<string, number> {
	const weights = new Map<string, number>();
	for (const entry of entries) {
		const [tenant = '', weight = '', ...more] = entry.split('=').map((part) => part.trim());
		const isWeight = /^\d{1,3}(\.\d{1,2})?$/.test(weight) && Number(weight) >= 0.01 && Number(weight) <= 100;
		if (!isWeight || more.length > 0 || !isTenant(tenant) || weights.has(tenant)) {
			throw invalid(settings.tenantWeights, 'TENANT=N once for each, N from 0.01 to 100', entry);
		}
		weights.set(tenant, Number(weight));
	}
	return weights;
}

function checkProxies(entries: readonly string[]): void {
	for (const entry of entries) {
		const [address = '', bits, ...more] = entry.split('/');
		const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
		const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
		if (most < 0 || !isNetwork || more.length > 0) {
			throw invalid(settings.trustedProxies, 'IP addresses or networks such as 10.0.0.0/8', entry);
		}
	}
}

/** Shown without what may be a password. */
function checkUrl(setting: Setting, url: string): void {
	if (/^https?:\/\//.test(url) && URL.canParse(url)) return;
	throw invalid(setting, 'an http(s) address', url.replace(/\/\/[^/]*@/, '//…@'));
}

/**
 * Reads and checks every setting; an unset or empty variable takes its default. Throws `config_invalid`, which
 * names the variable, the demand and the value, also for an unknown DOCDROP_ variable (a typing error must not
 * be silence).
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
	const known = new Set<string>(Object.values(settings).map((setting) => setting.env));
	for (const name of Object.keys(env)) {
		if (name.startsWith('DOCDROP_') && !known.has(name)) {
			throw new DocDropError('config_invalid', `${name} is not a setting`, { field: name });
		}
	}
	const values = Object.entries(settings).map(([name, setting]) => {
		const value = env[setting.env];
		return [name, read(setting, value === undefined || value === '' ? setting.default : value)];
	});
	const config = Object.fromEntries(values) as Config;
	if (!isLoopback(config.host) && config.apiKeys.length === 0) {
		throw invalid(settings.host, 'a loopback address while DOCDROP_API_KEYS is empty', config.host);
	}
	checkKeys(config.apiKeys);
	checkProxies(config.trustedProxies);
	splitLimits(config.tenantDocumentsPerMinute);
	splitWeights(config.tenantWeights);
	if (!isTenant(config.tenant)) {
		throw invalid(
			settings.tenant,
			`at most ${limits.tenantChars} letters, digits and . _ : @ -, a letter or digit first`,
			config.tenant,
		);
	}
	if (config.chunkOverlap * 2 >= config.chunkChars) {
		throw invalid(
			settings.chunkOverlap,
			`less than half of DOCDROP_CHUNK_CHARS (${config.chunkChars})`,
			String(config.chunkOverlap),
		);
	}
	if (config.embedder === 'openai') {
		checkUrl(settings.embedderUrl, config.embedderUrl);
		if (config.embedderModel === '') throw invalid(settings.embedderModel, 'the name of a model', '');
		if (config.embedderDimensions === 0)
			throw invalid(settings.embedderDimensions, 'the length of the vectors', '0');
	}
	if (config.qdrantUrl !== '') checkUrl(settings.qdrantUrl, config.qdrantUrl);
	return config;
}
