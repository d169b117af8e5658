import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decide, trips, type RetryContext } from '../../../api/pipeline/faults/retry.ts';
import { DocDropError, errorTable, type ErrorCode } from '../../../api/errors.ts';

const context = (overrides: Partial<RetryContext> = {}): RetryContext => ({
	documents: 1,
	attempts: 0,
	maxAttempts: 5,
	othersServed: true,
	previousMs: 0,
	random: () => 0.5,
	...overrides,
});
const codes = Object.keys(errorTable) as ErrorCode[];
const error = (code: ErrorCode, retryAfterMs?: number) =>
	new DocDropError(code, 'x', retryAfterMs === undefined ? {} : { retryAfterMs });

describe('the decision after an error', () => {
	const waiting: ErrorCode[] = [
		'index_unavailable',
		'index_throttled',
		'index_forbidden',
		'index_mismatch',
		'embedder_unavailable',
		'embedder_throttled',
		'embedder_forbidden',
		'embedder_mismatch',
		'extractor_unavailable',
		'store_unavailable',
		'disk_full',
	];
	for (const code of waiting) {
		it(`holds for ${code}, without end and without counting`, () => {
			for (const documents of [1, 500]) {
				for (const attempts of [0, 4, 1_000]) {
					assert.equal(decide(error(code), context({ documents, attempts })).kind, 'wait');
				}
			}
		});
	}

	const refusals: ErrorCode[] = [
		'index_rejected',
		'embedder_rejected',
		'unreadable',
		'encrypted',
		'unsupported_encryption',
		'no_text_layer',
		'unsupported_type',
		'too_large',
		'content_missing',
	];
	for (const code of refusals) {
		it(`splits a batch for ${code}, and buries the document that stands alone`, () => {
			assert.deepEqual(decide(error(code), context({ documents: 2 })), { kind: 'split' });
			assert.deepEqual(decide(error(code), context()), { kind: 'dead', code });
		});
	}

	it('tries a defect again, counted, until its tries are used up', () => {
		for (const defect of [new TypeError('x'), error('internal'), 'text', undefined]) {
			assert.deepEqual(decide(defect, context({ documents: 3 })), { kind: 'split' });
			assert.deepEqual(decide(defect, context()), { kind: 'retry', afterMs: 500, counted: true });
			assert.equal(decide(defect, context({ attempts: 3 })).kind, 'retry');
			assert.deepEqual(decide(defect, context({ attempts: 4 })), { kind: 'dead', code: 'internal' });
		}
	});

	it('halves what failed by itself, and counts it where others were served', () => {
		const own = new DocDropError('embedder_unavailable', 'x', { isOwn: true });
		assert.deepEqual(decide(own, context({ documents: 2 })), { kind: 'split' });
		assert.deepEqual(decide(own, context()), { kind: 'retry', afterMs: 500, counted: true });
		assert.deepEqual(decide(own, context({ attempts: 4 })), { kind: 'dead', code: 'embedder_unavailable' });
		for (const attempts of [0, 4, 1_000]) {
			const next = decide(own, context({ attempts, othersServed: false }));
			assert.deepEqual(next, { kind: 'retry', afterMs: 500, counted: false });
		}
	});

	it('waits exactly as long as the peer says, be it longer or shorter than its own wait', () => {
		for (const ms of [0, 1, 37_000, 3_600_000]) {
			assert.deepEqual(decide(error('index_throttled', ms), context()), { kind: 'wait', afterMs: ms });
			assert.deepEqual(decide(error('embedder_throttled', ms), context()), { kind: 'wait', afterMs: ms });
			assert.deepEqual(decide(error('index_unavailable', ms), context()), { kind: 'wait', afterMs: ms });
		}
	});

	it('backs off with decorrelated jitter: from 500 ms up to three times the last wait, never above a minute', () => {
		const code = 'disk_full';
		const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
		fc.assert(
			fc.property(random, fc.integer({ min: 0, max: 200_000 }), (r, previousMs) => {
				const next = decide(error(code), context({ previousMs, random: () => r }));
				assert.ok(next.kind === 'wait');
				assert.ok(next.afterMs >= 500 && next.afterMs <= 60_000);
				assert.ok(next.afterMs <= Math.max(500, previousMs * 3));
			}),
		);
		let previousMs = 0;
		const waits = Array.from({ length: 9 }, () => {
			const next = decide(error(code), context({ previousMs, random: () => 0.999999 }));
			return (previousMs = next.kind === 'wait' ? next.afterMs : NaN);
		});
		assert.deepEqual(waits, [500, 1_500, 4_500, 13_500, 40_500, 60_000, 60_000, 60_000, 60_000]);
	});

	it('waits for a peer that is away no longer than its breaker does', () => {
		for (const code of ['index_unavailable', 'embedder_unavailable'] as const) {
			const next = decide(error(code), context({ previousMs: 60_000, random: () => 0.999999 }));
			assert.deepEqual(next, { kind: 'wait', afterMs: 15_000 });
		}
	});

	it('exists for every error of the table', () => {
		for (const code of codes) {
			const alone = decide(error(code), context({ attempts: 4 }));
			assert.ok(['wait', 'dead'].includes(alone.kind), code);
		}
	});
});

describe('what opens a breaker', () => {
	it('is a peer that is away, and nothing else', () => {
		const tripping = codes.filter((code) => trips(error(code)));
		assert.deepEqual(tripping, ['index_unavailable', 'reranker_unavailable', 'embedder_unavailable']);
		assert.equal(trips(new Error('fetch failed')), false);
		assert.equal(trips(undefined), false);
		assert.equal(trips(new DocDropError('index_unavailable', 'x', { isOwn: true })), false);
	});
});
