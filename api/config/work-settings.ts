import { fileTypes } from '../contract/file-types.ts';
import { setting } from './kinds.ts';

const andList = new Intl.ListFormat('en-GB');
const streamedNames = new Set(
	Object.values(fileTypes)
		.filter(({ reading }) => reading === 'streamed')
		.map(({ name }) => name),
);

/** What may wait, what is in work, and what is kept. */
export const workSettings = {
	maxPending: setting('number', 'DOCDROP_MAX_PENDING', {
		default: '100000',
		unit: 'documents',
		range: [1, 10_000_000],
		meaning: 'Documents that may wait. At the bound a new one is answered 503 with Retry-After.',
	}),
	alertPending: setting('number', 'DOCDROP_ALERT_PENDING', {
		default: '10000',
		unit: 'documents',
		range: [1, 10_000_000],
		meaning: 'Documents that wait, above which /v1/status, the metrics and the log raise an alert.',
	}),
	alertErrorShare: setting('number', 'DOCDROP_ALERT_ERROR_PERCENT', {
		default: '10',
		unit: '%',
		range: [0, 100],
		meaning: 'Share of the changes of a minute (at least 10) that failed, above which they raise an alert.',
	}),
	maxPendingBytes: setting('number', 'DOCDROP_MAX_PENDING_MB', {
		default: '4096',
		unit: 'MB',
		range: [1, 1_000_000],
		meaning:
			'Contents that may wait on disk or be worked on, uploads on their way included. One tenant alone may have three quarters of it, and of DOCDROP_MAX_PENDING.',
	}),
	maxFailedBytes: setting('number', 'DOCDROP_MAX_FAILED_MB', {
		default: '1024',
		unit: 'MB',
		range: [0, 1_000_000],
		meaning:
			'Contents that dead letters keep on disk for a retry. Beyond it the oldest go, and their jobs say so.',
	}),
	maxFileBytes: setting('number', 'DOCDROP_MAX_FILE_MB', {
		default: '200',
		unit: 'MB',
		range: [1, 10_000],
		meaning: 'Largest single document.',
	}),
	maxBufferedBytes: setting('number', 'DOCDROP_MAX_WHOLE_MB', {
		default: '16',
		unit: 'MB',
		range: [1, 64],
		meaning: `Largest single document of a type that cannot be read in pieces, as ${andList.format(streamedNames)} can. Likewise of what DOCDROP_TIKA_URL is asked for.`,
	}),
	tikaUrl: setting('text', 'DOCDROP_TIKA_URL', {
		default: '',
		meaning:
			'Address of an Apache Tika server, such as http://127.0.0.1:9998, which is sent the files of types that are not read here. Empty: such files are refused.',
	}),
	tikaTimeoutMs: setting('number', 'DOCDROP_TIKA_TIMEOUT_MS', {
		default: '120000',
		unit: 'ms',
		range: [100, 290_000],
		meaning: 'Longest time of one file there.',
	}),
	ocr: setting('languages', 'DOCDROP_OCR', {
		default: '',
		meaning:
			'Languages in which scanned pages of PDFs and images are read by text recognition (OCR), such as `eng` or `eng+deu`; `eng` is built in. It takes a process 2 to 3 s a page. Empty: neither is read.',
	}),
	ocrData: setting('text', 'DOCDROP_OCR_DATA', {
		default: '',
		meaning:
			'Folder with the data of other languages, a file each, as Tesseract 4 and 5 take it: `deu.traineddata`, or the same as `.gz`. What is found there goes before what is built in.',
	}),
	maxSpoolBytes: setting('number', 'DOCDROP_MAX_SPOOL_MB', {
		default: '8192',
		unit: 'MB',
		range: [1, 1_000_000],
		meaning:
			'Disk that one document above 4 MB may take while it is worked on: its chunks, and the checkpoint of its embedding.',
	}),
	maxBodyBytes: setting('number', 'DOCDROP_MAX_BODY_MB', {
		default: '8',
		unit: 'MB',
		range: [1, 256],
		meaning: 'Largest JSON request; larger documents are streamed by PUT.',
	}),
	workers: setting('number', 'DOCDROP_WORKERS', {
		default: '2',
		unit: 'processes',
		range: [0, 64],
		meaning: 'Processes that extract. 0 accepts and stores changes without working on them.',
	}),
	maxInWork: setting('number', 'DOCDROP_MAX_IN_WORK', {
		default: '128',
		unit: 'documents',
		range: [1, 4_096],
		meaning: 'Documents that are prepared or written at a time.',
	}),
	maxInWorkBytes: setting('number', 'DOCDROP_MAX_IN_WORK_MB', {
		default: '32',
		unit: 'MB',
		range: [1, 4_096],
		meaning: 'Their contents. One larger document is worked on alone.',
	}),
	shards: setting('number', 'DOCDROP_SHARDS', {
		default: '1',
		unit: 'shards',
		range: [1, 64],
		meaning:
			"Parts of the index, each with lanes of its own: a large tenant's documents are written in parallel. Fixed once the index is made.",
	}),
	batchPoints: setting('number', 'DOCDROP_BATCH_POINTS', {
		default: '512',
		unit: 'points',
		range: [1, 10_000],
		meaning: 'Points at which a bulk write closes.',
	}),
	batchAgeMs: setting('number', 'DOCDROP_BATCH_AGE_MS', {
		default: '50',
		unit: 'ms',
		range: [0, 10_000],
		meaning: 'Age at which a bulk write closes while more documents are being prepared.',
	}),
	maxAttempts: setting('number', 'DOCDROP_MAX_ATTEMPTS', {
		default: '5',
		unit: 'tries',
		range: [1, 100],
		meaning: 'Counted failures after which a document is a dead letter. Outages never count.',
	}),
	leaseMs: setting('number', 'DOCDROP_LEASE_MS', {
		default: '60000',
		unit: 'ms',
		range: [1_000, 3_600_000],
		meaning:
			'How long a worker holds a document without a sign of life. The hold is renewed while the work goes on.',
	}),
	stallMs: setting('number', 'DOCDROP_STALL_MS', {
		default: '900000',
		unit: 'ms',
		range: [1_000, 86_400_000],
		meaning:
			'Longest time that reading one document may take, waiting included; then it is taken away, counted as a failure, and tried again.',
	}),
	tenantWeights: setting('weights', 'DOCDROP_TENANT_WEIGHTS', {
		default: '',
		range: [0.01, 100],
		meaning:
			'Shares of the work where tenants compete, separated by commas: `acme=3,beta=0.5`. Every other tenant has 1.',
	}),
	tombstoneMs: setting('number', 'DOCDROP_TOMBSTONE_DAYS', {
		default: '30',
		unit: 'days',
		range: [1, 3_650],
		meaning: 'How long a deletion is remembered against late writes.',
	}),
	jobMs: setting('number', 'DOCDROP_JOB_DAYS', {
		default: '7',
		unit: 'days',
		range: [1, 3_650],
		meaning: 'How long settled receipts are kept. The newest of each document stays.',
	}),
};
