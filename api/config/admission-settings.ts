import { setting } from './kinds.ts';

/** What requests may use up together, in fair shares of the tenants (pipeline/admission). */
export const admissionSettings = {
	maxBodiesBytes: setting('number', 'DOCDROP_MAX_BODIES_MB', {
		default: '64',
		unit: 'MB',
		range: [1, 16_384],
		meaning:
			'Bodies of requests in memory at a time, those on their way included; at least one of DOCDROP_MAX_BODY_MB. Of this and of the following, one tenant alone may have three quarters.',
	}),
	maxPreviews: setting('number', 'DOCDROP_MAX_PREVIEWS', {
		default: '2',
		unit: 'previews',
		range: [1, 64],
		meaning: 'Previews that are worked on at a time.',
	}),
	indexReaders: setting('number', 'DOCDROP_INDEX_READERS', {
		default: '2',
		unit: 'threads',
		range: [1, 16],
		meaning:
			'Threads that read the embedded index, and as many searches at a time; one tenant has three quarters of them at most, so that its searches hold nobody else’s. With Qdrant as many searches as connections.',
	}),
	searchMs: setting('number', 'DOCDROP_SEARCH_TIMEOUT_MS', {
		default: '5000',
		unit: 'ms',
		range: [100, 600_000],
		meaning: 'Longest time of one search in the index, after its turn has come; then 504.',
	}),
	admissionWaitMs: setting('number', 'DOCDROP_ADMISSION_WAIT_MS', {
		default: '5000',
		unit: 'ms',
		range: [0, 60_000],
		meaning:
			'Longest wait for a turn where such a bound is reached; then 429 with Retry-After. Turns are fair between tenants.',
	}),
};
