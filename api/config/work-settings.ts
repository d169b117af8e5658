import { fileTypes } from '../contract/file-types.ts';
import type { Settings } from './setting.ts';

const andList = new Intl.ListFormat('en-GB');
const bufferedNames = new Set(
	Object.values(fileTypes)
		.filter(({ reading }) => reading === 'buffered')
		.map(({ name }) => name),
);

/** What may wait, what is in work, and what is kept. */
export const workSettings = {
	maxPending: {
		env: 'DOCDROP_MAX_PENDING',
		kind: 'number',
		default: '100000',
		unit: 'documents',
		range: [1, 10_000_000],
		meaning: 'Documents that may wait. At the bound a new one is answered 503 with Retry-After.',
	},
	alertPending: {
		env: 'DOCDROP_ALERT_PENDING',
		kind: 'number',
		default: '10000',
		unit: 'documents',
		range: [1, 10_000_000],
		meaning: 'Documents that wait, above which /v1/status, the metrics and the log raise an alert.',
	},
	alertErrorShare: {
		env: 'DOCDROP_ALERT_ERROR_PERCENT',
		kind: 'number',
		default: '10',
		unit: '%',
		range: [0, 100],
		meaning: 'Share of the changes of a minute (at least 10) that failed, above which they raise an alert.',
	},
	maxPendingBytes: {
		env: 'DOCDROP_MAX_PENDING_MB',
		kind: 'number',
		default: '4096',
		unit: 'MB',
		range: [1, 1_000_000],
		meaning: 'Contents that may wait on disk.',
	},
	maxFileBytes: {
		env: 'DOCDROP_MAX_FILE_MB',
		kind: 'number',
		default: '200',
		unit: 'MB',
		range: [1, 10_000],
		meaning: 'Largest single document.',
	},
	maxBufferedBytes: {
		env: 'DOCDROP_MAX_WHOLE_MB',
		kind: 'number',
		default: '16',
		unit: 'MB',
		range: [1, 64],
		meaning: `Largest single document of a type that cannot be read in pieces: ${andList.format(bufferedNames)}.`,
	},
	maxSpoolBytes: {
		env: 'DOCDROP_MAX_SPOOL_MB',
		kind: 'number',
		default: '8192',
		unit: 'MB',
		range: [1, 1_000_000],
		meaning:
			'Disk that one document above 4 MB may take while it is worked on: its chunks, and the checkpoint of its embedding.',
	},
	maxBodyBytes: {
		env: 'DOCDROP_MAX_BODY_MB',
		kind: 'number',
		default: '8',
		unit: 'MB',
		range: [1, 256],
		meaning: 'Largest JSON request; larger documents are streamed by PUT.',
	},
	workers: {
		env: 'DOCDROP_WORKERS',
		kind: 'number',
		default: '2',
		unit: 'processes',
		range: [0, 64],
		meaning:
			'Processes that extract and threads that embed. 0 accepts and stores changes without working on them.',
	},
	maxInWork: {
		env: 'DOCDROP_MAX_IN_WORK',
		kind: 'number',
		default: '128',
		unit: 'documents',
		range: [1, 4_096],
		meaning: 'Documents that are prepared or written at a time.',
	},
	maxInWorkBytes: {
		env: 'DOCDROP_MAX_IN_WORK_MB',
		kind: 'number',
		default: '32',
		unit: 'MB',
		range: [1, 4_096],
		meaning: 'Their contents. One larger document is worked on alone.',
	},
	shards: {
		env: 'DOCDROP_SHARDS',
		kind: 'number',
		default: '1',
		unit: 'shards',
		range: [1, 64],
		meaning:
			"Parts of the index, each with lanes of its own: a large tenant's documents are written in parallel. Fixed once the index is made.",
	},
	batchPoints: {
		env: 'DOCDROP_BATCH_POINTS',
		kind: 'number',
		default: '512',
		unit: 'points',
		range: [1, 10_000],
		meaning: 'Points at which a bulk write closes.',
	},
	batchAgeMs: {
		env: 'DOCDROP_BATCH_AGE_MS',
		kind: 'number',
		default: '50',
		unit: 'ms',
		range: [0, 10_000],
		meaning: 'Age at which a bulk write closes while more documents are being prepared.',
	},
	maxAttempts: {
		env: 'DOCDROP_MAX_ATTEMPTS',
		kind: 'number',
		default: '5',
		unit: 'tries',
		range: [1, 100],
		meaning: 'Counted failures after which a document is a dead letter. Outages never count.',
	},
	leaseMs: {
		env: 'DOCDROP_LEASE_MS',
		kind: 'number',
		default: '60000',
		unit: 'ms',
		range: [1_000, 3_600_000],
		meaning:
			'How long a worker holds a document without a sign of life. The hold is renewed while the work goes on.',
	},
	stallMs: {
		env: 'DOCDROP_STALL_MS',
		kind: 'number',
		default: '900000',
		unit: 'ms',
		range: [1_000, 86_400_000],
		meaning:
			'Longest time that reading one document may take, waiting included; then it is taken away, counted as a failure, and tried again.',
	},
	tenantWeights: {
		env: 'DOCDROP_TENANT_WEIGHTS',
		kind: 'weights',
		default: '',
		range: [0.01, 100],
		meaning:
			'Shares of the work where tenants compete, separated by commas: `acme=3,beta=0.5`. Every other tenant has 1.',
	},
	tombstoneMs: {
		env: 'DOCDROP_TOMBSTONE_DAYS',
		kind: 'number',
		default: '30',
		unit: 'days',
		range: [1, 3_650],
		meaning: 'How long a deletion is remembered against late writes.',
	},
	jobMs: {
		env: 'DOCDROP_JOB_DAYS',
		kind: 'number',
		default: '7',
		unit: 'days',
		range: [1, 3_650],
		meaning: 'How long settled receipts are kept. The newest of each document stays.',
	},
} as const satisfies Settings;
