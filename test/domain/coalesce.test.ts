import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { sampleEpoch } from '../../api/contract/sample-epoch.ts';
import {
	cancelWaiting,
	commitLeased,
	decideAccept,
	isClaimable,
	isEarlier,
	isPending,
	maxRank,
	takeLease,
	releaseLease,
	versionOf,
	type Arrival,
	type DocState,
} from '../../api/domain/index.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import { changeOf } from '../support/leased-documents.ts';

/** Content is a letter; null deletes. */
type Letter = string | null;

let nextJob = 0;
function arrivalOf(content: Letter, more: Partial<Arrival> = {}): Arrival {
	return {
		op: content === null ? 'delete' : 'put',
		sha256: content ?? '',
		meta: '',
		fingerprint: content === null ? '' : 'f',
		jobId: `j${(nextJob += 1)}`,
		sourceId: 's',
		epoch: 'e1',
		epochOrder: 1,
		seq: null,
		takeOver: false,
		size: 1,
		priority: 1,
		windowMs: 0,
		maxWaitMs: 0,
		...more,
	};
}
const stateAfter = (state: DocState | null, arrival: Arrival, now = 0): DocState | null => {
	const decision = decideAccept(state, arrival, now);
	return 'state' in decision ? decision.state : state;
};
const kind = (state: DocState | null, arrival: Arrival, now = 0) => decideAccept(state, arrival, now).kind;
/** Works until nothing waits, as a worker without bad luck does. */
function atRest(state: DocState | null): DocState | null {
	let now = state;
	while (now !== null && isPending(now))
		now = commitLeased(takeLease({ ...now, lease: null }, 1, Infinity).state, 1, 0);
	return now;
}
const held = (state: DocState | null): Letter => state?.published?.sha256 ?? null;

describe('coalesce', () => {
	describe('against a tiny model: the newest version wins', () => {
		const arrival = fc.record({
			rank: fc.integer({ min: 1, max: 3 }),
			seq: fc.nat(4),
			content: fc.constantFrom<Letter>('a', 'b', 'c', null),
		});
		const step = fc.oneof(
			{ weight: 4, arbitrary: arrival.map((one) => ({ do: 'arrive' as const, ...one })) },
			{
				weight: 6,
				arbitrary: fc
					.constantFrom(...(['claim', 'commit', 'release', 'crash', 'claim', 'commit'] as const))
					.map((act) => ({ do: act })),
			},
		);

		it('under any order of arrival, any work between, and any crash', () => {
			fc.assert(
				fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
					let state = null as DocState | null;
					// The model: what was accepted last among those that nothing newer preceded.
					let newest = null as { rank: number; seq: number; content: Letter } | null;
					const byVersion = new Map<number, Letter>();
					for (const one of steps) {
						if (one.do === 'arrive') {
							const isLate: boolean =
								newest !== null &&
								(one.rank < newest.rank ||
									(one.rank === newest.rank && one.seq < newest.seq) ||
									(one.rank === newest.rank && one.seq === newest.seq && one.content !== newest.content));
							const version = state === null ? 0 : versionOf(state);
							const decision = decideAccept(
								state,
								arrivalOf(one.content, { epoch: `e${one.rank}`, epochOrder: one.rank, seq: one.seq }),
								0,
							);
							assert.equal(decision.kind === 'stale', isLate);
							if (!('state' in decision)) continue;
							newest = { rank: one.rank, seq: one.seq, content: one.content };
							const now = versionOf(decision.state);
							assert.ok(now >= version, 'a version never goes down');
							if (!byVersion.has(now)) byVersion.set(now, one.content);
							assert.equal(byVersion.get(now), one.content, 'a version names one content');
							assert.ok(decision.state.generation >= (state?.generation ?? 0));
							state = decision.state;
						} else if (state === null) continue;
						else if (one.do === 'claim' && isClaimable(state, 0)) state = takeLease(state, 1, 1).state;
						else if (one.do === 'commit' && state.lease !== null) {
							const { content } = state.lease;
							state = commitLeased(state, 1, 0);
							assert.equal(held(state), content.op === 'delete' ? null : content.sha256);
						} else if (one.do === 'release' && state.lease !== null)
							state = releaseLease(state, 0, true).state;
						else if (one.do === 'crash') state = { ...state, lease: null };
						if (state !== null && !isPending(state) && state.lease === null)
							assert.equal(held(state), newest?.content ?? null, 'at rest it holds the newest accepted');
					}
					assert.equal(
						held(atRest(state === null ? null : { ...state, lease: null })),
						newest?.content ?? null,
					);
				}),
				{ numRuns: 3_000 },
			);
		});

		it('whoever owns the document by now, what a source sent before its own last word is late', () => {
			const told = fc.record({
				sourceId: fc.constantFrom('s', 'o', 'p'),
				order: fc.integer({ min: 1, max: 2 }),
				seq: fc.nat(3),
				content: fc.constantFrom<Letter>('a', 'b', null),
				takeOver: fc.boolean(),
				isWorkedOn: fc.boolean(),
			});
			fc.assert(
				fc.property(fc.array(told, { maxLength: 20 }), (tellings) => {
					let state = null as DocState | null;
					const words = new Map<string, { order: number; seq: number }>();
					let newest: Letter = null;
					for (const { order, isWorkedOn, content, ...own } of tellings) {
						const { sourceId, seq } = own;
						const word = words.get(sourceId);
						const epoch = `${sourceId}${order}`;
						const decision = decideAccept(state, arrivalOf(content, { ...own, epoch, epochOrder: order }), 0);
						const isOwner = state?.sourceId === sourceId;
						const isBefore =
							word !== undefined && (order < word.order || (order === word.order && seq < word.seq));
						const isSame = word?.order === order && word.seq === seq;
						if (isBefore || (isSame && !isOwner)) assert.equal(decision.kind, 'stale');
						else if (decision.kind === 'stale') assert.ok(isSame, 'nothing else is late');
						if (!('state' in decision)) continue;
						assert.ok(state === null || versionOf(decision.state) >= versionOf(state));
						state = isWorkedOn ? atRest(decision.state) : decision.state;
						words.set(sourceId, { order, seq });
						newest = content;
					}
					assert.equal(held(atRest(state)), newest);
				}),
				{ numRuns: 3_000 },
			);
		});

		it('without numbers, the order is that of arrival', () => {
			fc.assert(
				fc.property(
					fc.array(fc.tuple(fc.constantFrom<Letter>('a', 'b', null), fc.boolean()), { maxLength: 20 }),
					(writes) => {
						let state: DocState | null = null;
						for (const [content, isWorkedOn] of writes) {
							state = stateAfter(state, arrivalOf(content));
							if (isWorkedOn) state = atRest(state);
						}
						assert.equal(held(atRest(state)), writes.at(-1)?.[0] ?? null);
					},
				),
			);
		});
	});

	describe('windows', () => {
		const window = { windowMs: 500, maxWaitMs: 2_000 };

		it('each change starts the window anew, until the longest wait', () => {
			let state: DocState | null = null;
			for (let now = 0; now <= 4_000; now += 100) {
				state = stateAfter(state, arrivalOf(`v${now}`, window), now);
				assert.equal(state?.readyAt, Math.max(now, Math.min(now + 500, 2_000)));
			}
			assert.ok(state !== null && isClaimable(state, 4_000));
		});

		it('a change behind a lease has a window of its own', () => {
			let state = stateAfter(null, arrivalOf('a', window), 0);
			assert.ok(state);
			state = takeLease(state, 1, 60_000).state;
			state = stateAfter(state, arrivalOf('b', window), 1_900);
			assert.equal(state?.readyAt, 2_400);
			assert.equal(state.lease?.content.sha256, 'a', 'what is worked on is not disturbed');
		});

		it('the more urgent of two equal changes counts', () => {
			const low = stateAfter(null, arrivalOf('a', { priority: 2 }));
			assert.equal(stateAfter(low, arrivalOf('a', { priority: 0 }))?.wanted.priority, 0);
			assert.equal(stateAfter(low, arrivalOf('b', { priority: 1 }))?.wanted.priority, 1);
		});
	});

	describe('unchanged', () => {
		it('is judged against what was accepted last: going back supersedes what waits', () => {
			const published = atRest(stateAfter(null, arrivalOf('a')));
			const waiting = stateAfter(published, arrivalOf('b'));
			const back = decideAccept(waiting, arrivalOf('a'), 0);
			assert.ok(back.kind === 'unchanged');
			assert.equal(back.superseded, waiting?.wanted.jobId);
			assert.ok(!isPending(back.state));
			assert.equal(held(back.state), 'a');
		});

		it('going back while the other is being worked on is a change of its own', () => {
			const published = atRest(stateAfter(null, arrivalOf('a')));
			const waiting = stateAfter(published, arrivalOf('b'));
			assert.ok(waiting);
			const back = decideAccept(takeLease(waiting, 1, 9).state, arrivalOf('a'), 0);
			assert.ok(back.kind === 'accepted');
			assert.equal(held(atRest(commitLeased(back.state, 1, 0))), 'a');
		});

		it('going back after an attempt that may have written is a change too', () => {
			const published = atRest(stateAfter(null, arrivalOf('a')));
			const waiting = stateAfter(published, arrivalOf('b'));
			assert.ok(waiting);
			assert.equal(kind({ ...waiting, mayHaveOrphans: true }, arrivalOf('a')), 'accepted');
		});

		it('metadata and the pipeline’s fingerprint count', () => {
			const state = atRest(stateAfter(null, arrivalOf('a')));
			assert.equal(kind(state, arrivalOf('a')), 'unchanged');
			assert.equal(kind(state, arrivalOf('a', { meta: '{"title":"T"}' })), 'accepted');
			assert.equal(kind(state, arrivalOf('a', { fingerprint: 'f2' })), 'accepted');
		});

		it('a failed document is worked on again when the same arrives', () => {
			const state = atRest(stateAfter(null, arrivalOf('a')));
			assert.ok(state);
			const failed: DocState = { ...state, failed: true, published: null };
			assert.equal(kind(failed, arrivalOf('a')), 'accepted');
		});
	});

	describe('a number that comes again', () => {
		const state = atRest(stateAfter(null, arrivalOf('a', { seq: 5, meta: '{"title":"T"}' })));
		const again = (content: Letter, more: Partial<Arrival> = {}) =>
			decideAccept(state, arrivalOf(content, { seq: 5, meta: '{"title":"T"}', ...more }), 0);

		it('is a repetition with the same content, and too late with any other', () => {
			assert.ok(state);
			assert.equal(again('a').kind, 'unchanged');
			const stale = { kind: 'stale', version: versionOf(state), isSuperseded: false };
			assert.deepEqual(again('b'), stale);
			assert.deepEqual(again(null, { meta: '' }), stale);
			assert.deepEqual(again('a', { meta: '{"title":"U"}' }), stale);
			assert.equal(again('b', { seq: 6 }).kind, 'accepted');
			const gone = stateAfter(state, arrivalOf(null, { seq: 6 }));
			assert.equal(kind(gone, arrivalOf('a', { seq: 6 })), 'stale', 'nor does it bring back what it deleted');
		});

		it('takes the same bytes anew for another pipeline, and after a failure', () => {
			assert.equal(again('a', { fingerprint: 'f2' }).kind, 'accepted');
			assert.equal(again('a', { fingerprint: 'f2', meta: '{"title":"U"}' }).kind, 'accepted');
			assert.equal(again('b', { fingerprint: 'f2' }).kind, 'stale');
			assert.ok(state);
			const failed = { ...state, failed: true, published: null };
			assert.equal(kind(failed, arrivalOf('a', { seq: 5, meta: '{"title":"T"}' })), 'accepted');
		});

		it('means nothing where arrival is the order', () => {
			const first = stateAfter(null, arrivalOf('a'));
			assert.equal(kind(first, arrivalOf('b')), 'accepted');
		});
	});

	describe('samples', () => {
		const sample = (content: string, more: Partial<Arrival> = {}) =>
			arrivalOf(content, { epoch: sampleEpoch, epochOrder: 99, seq: 0, ...more });
		const real = (content: string, more: Partial<Arrival> = {}) =>
			arrivalOf(content, { epoch: 'e1', epochOrder: 1, seq: 5, ...more });

		it('make nothing old that the source tells, however late they were first seen', () => {
			const tried = stateAfter(null, sample('a'));
			assert.ok(tried);
			const told = stateAfter(tried, real('b'));
			assert.ok(told && versionOf(told) > versionOf(tried));
			const late = { kind: 'stale', version: versionOf(told), isSuperseded: false };
			assert.deepEqual(decideAccept(told, sample('c'), 0), late, 'and have lost nothing to anybody');
			assert.equal(kind(told, real('c', { epoch: 'e2', epochOrder: 2 })), 'accepted');
			assert.equal(kind(told, real('c', { seq: 6 })), 'accepted');
			assert.ok(isEarlier(tried, told) && !isEarlier(told, tried));
		});

		it('come in order of arrival among themselves', () => {
			const tried = stateAfter(null, sample('a'));
			assert.equal(kind(tried, sample('b')), 'accepted', 'an edited file is tried again');
			assert.equal(kind(tried, sample('a')), 'unchanged');
		});
	});

	describe('ownership', () => {
		const other = { sourceId: 'o', epoch: 'x1', epochOrder: 7 };

		it('another source changes nothing, unless it takes over or the document is deleted and at rest', () => {
			const state = atRest(stateAfter(null, arrivalOf('a')));
			assert.deepEqual(decideAccept(state, arrivalOf('b', other), 0), { kind: 'owned' });
			assert.equal(kind(state, arrivalOf('b', { ...other, takeOver: true })), 'accepted');
			const going = stateAfter(state, arrivalOf(null));
			assert.equal(kind(going, arrivalOf('b', other)), 'owned', 'its deletion is still on its way');
			const gone = atRest(going);
			const reborn = stateAfter(gone, arrivalOf('b', other));
			assert.equal(reborn?.sourceId, 'o');
			assert.equal(kind(reborn, arrivalOf('c')), 'owned');
		});

		it('a newer epoch of the same source supersedes the older one, which is told so', () => {
			const told = stateAfter(null, arrivalOf('a', { epoch: 'e2', epochOrder: 2, seq: 1 }));
			assert.ok(told);
			const stale = { kind: 'stale', version: versionOf(told), isSuperseded: true };
			assert.deepEqual(decideAccept(told, arrivalOf('b', { epoch: 'e1', epochOrder: 1, seq: 9 }), 0), stale);
		});

		it('the new owner stands above every version that was, however low its own numbers', () => {
			const state = atRest(stateAfter(null, arrivalOf('a', { epoch: 'e9', epochOrder: 9, seq: 4_000 })));
			assert.ok(state);
			const taken = stateAfter(state, arrivalOf('b', { ...other, epochOrder: 2, seq: 0, takeOver: true }));
			assert.ok(taken && versionOf(taken) > versionOf(state));
		});

		it('remembers the last eight owners that were', () => {
			let state = stateAfter(null, arrivalOf('a', { sourceId: 's0', seq: 5 }));
			for (let n = 1; n <= 9; n += 1)
				state = stateAfter(state, arrivalOf('a', { sourceId: `s${n}`, seq: 5, takeOver: true }));
			const late = (n: number) => kind(state, arrivalOf('b', { sourceId: `s${n}`, seq: 4, takeOver: true }));
			assert.deepEqual([1, 2, 8].map(late), ['stale', 'stale', 'stale']);
			assert.equal(late(0), 'accepted', 'the ninth is taken for another one');
		});

		it('a sample of an earlier owner takes nothing of its place away', () => {
			const taken = atRest(
				stateAfter(
					atRest(stateAfter(null, arrivalOf('a', { seq: 5 }))),
					arrivalOf('b', { ...other, takeOver: true }),
				),
			);
			const tried = stateAfter(taken, arrivalOf('c', { epoch: sampleEpoch, epochOrder: 9, takeOver: true }));
			assert.equal(held(atRest(tried)), 'c');
			assert.equal(kind(tried, arrivalOf('a', { seq: 5 })), 'stale');
			assert.equal(kind(tried, arrivalOf('a', { seq: 6 })), 'accepted');
		});

		it('a document whose ranks are used up says so, and goes on where it is', () => {
			const state = atRest(stateAfter(null, arrivalOf('a', { seq: 5 })));
			assert.ok(state);
			const last: DocState = { ...state, rank: maxRank, seq: 2 ** 32 - 2 };
			assert.equal(kind(last, arrivalOf('b', { ...other, takeOver: true })), 'spent');
			assert.equal(kind(last, arrivalOf('b', { epoch: 'e2', epochOrder: 2 })), 'spent');
			const highest = stateAfter(last, arrivalOf('b'));
			assert.ok(highest && Number.isSafeInteger(versionOf(highest)));
			assert.equal(kind(highest, arrivalOf('c')), 'spent', 'nothing is above it');
		});

		it('a deletion outlives late writes of its source', () => {
			const gone = atRest(
				stateAfter(atRest(stateAfter(null, arrivalOf('a', { seq: 1 }))), arrivalOf(null, { seq: 3 })),
			);
			assert.equal(kind(gone, arrivalOf('b', { seq: 2 })), 'stale');
			const never = stateAfter(null, arrivalOf(null, { seq: 3 }));
			assert.equal(kind(never, arrivalOf('b', { seq: 2 })), 'stale', 'also where nothing was there');
			assert.equal(kind(never, arrivalOf('b', { seq: 4 })), 'accepted');
		});
	});

	describe('cancel', () => {
		it('takes the document back to what is published, or to nothing', () => {
			const waiting = stateAfter(atRest(stateAfter(null, arrivalOf('a'))), arrivalOf('b'));
			assert.ok(waiting);
			const back = cancelWaiting(waiting, waiting.wanted.jobId);
			assert.ok(back !== null && !isPending(back));
			assert.equal(kind(back, arrivalOf('a')), 'unchanged');
			assert.equal(kind(back, arrivalOf('b')), 'accepted');
			const fresh = stateAfter(null, arrivalOf('a'));
			assert.ok(fresh);
			const none = cancelWaiting(fresh, fresh.wanted.jobId);
			assert.equal(kind(none, arrivalOf('a')), 'accepted');
			assert.equal(kind(none, arrivalOf(null)), 'unchanged');
		});

		it('is refused for anything but the change that waits', () => {
			const waiting = stateAfter(atRest(stateAfter(null, arrivalOf('a'))), arrivalOf('b'));
			assert.ok(waiting);
			assert.equal(cancelWaiting(waiting, 'j0'), null);
			assert.equal(cancelWaiting(takeLease(waiting, 1, 9).state, waiting.wanted.jobId), null);
			assert.equal(cancelWaiting({ ...waiting, mayHaveOrphans: true }, waiting.wanted.jobId), null);
			assert.ok(waiting.published);
			const afterBurial = { ...waiting, published: { ...waiting.published, fingerprint: '' } };
			assert.equal(cancelWaiting(afterBurial, waiting.wanted.jobId), null);
		});
	});

	it('every receipt ends once, in a state that says what became of it', async () => {
		const act = fc.oneof(
			{
				weight: 5,
				arbitrary: fc.record({
					do: fc.constant('put' as const),
					docId: fc.constantFrom('x', 'y'),
					text: fc.constantFrom('a', 'b', 'c'),
				}),
			},
			{
				weight: 1,
				arbitrary: fc.record({ do: fc.constant('delete' as const), docId: fc.constantFrom('x', 'y') }),
			},
			{
				weight: 6,
				arbitrary: fc
					.constantFrom(
						...(['claim', 'commit', 'release', 'dead letter', 'cancel', 'retry', 'expire'] as const),
					)
					.map((what) => ({ do: what })),
			},
		);
		await fc.assert(
			fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
				const store = createMemoryDocStore();
				let now = 1_000;
				let leases: Claimed[] = [];
				const jobs: string[] = [];
				const committed = new Set<string>();
				const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
				const claim = async () =>
					leases.push(...(await store.claim({ now, limit: 1, maxBytes: 1e9, leaseMs: 100 })));
				const commitAll = async () => {
					for (const { lease: own, jobId } of leases) {
						const [isDone] = await store.commit([{ lease: own, manifest: [], detail: {} }], now);
						if (isDone === true) {
							assert.ok(!committed.has(jobId), 'no receipt is settled twice');
							committed.add(jobId);
						}
					}
					leases = [];
				};
				for (const one of acts) {
					now += 1;
					const [own] = leases;
					if (one.do === 'put' || one.do === 'delete') {
						const change = changeOf(one.docId, one.do === 'put' ? one.text : null);
						await store.accept([change], now, noLimits);
						jobs.push(change.jobId);
					} else if (one.do === 'claim') await claim();
					else if (one.do === 'commit') await commitAll();
					else if (one.do === 'expire') now += 1_000;
					else if (one.do === 'cancel') await store.cancel(jobs.at(-1) ?? '', now);
					else if (one.do === 'retry') await store.retry(jobs.at(-1) ?? '', now);
					else if (own !== undefined && one.do === 'release') {
						leases = leases.slice(1);
						await store.release([{ lease: own.lease, retryAt: now, counted: true, error: null }], now);
					} else if (own !== undefined && one.do === 'dead letter') {
						leases = leases.slice(1);
						await store.deadLetter(
							[{ lease: own.lease, error: { code: 'unreadable', message: 'x' }, present: [] }],
							now,
						);
					}
				}
				for (let turn = 0; turn < 10; turn += 1) {
					now += 1_000;
					await claim();
					await claim();
					await commitAll();
				}
				const stats = await store.stats();
				assert.deepEqual([stats.pending, stats.leased], [0, 0]);
				for (const jobId of jobs) {
					const job = await store.job(jobId);
					assert.ok(job);
					assert.ok(
						['published', 'deleted', 'unchanged', 'superseded', 'failed', 'canceled'].includes(job.state),
						job.state,
					);
					assert.equal(committed.has(jobId), job.state === 'published' || job.state === 'deleted');
					assert.equal(job.supersededBy !== null && job.state !== 'unchanged', job.state === 'superseded');
					if (job.state === 'superseded') assert.ok((job.supersededBy ?? '') > jobId, 'by a newer one');
				}
				await store.close();
			}),
			{ numRuns: 300 },
		);
	});
});
