import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import type { AcceptResult } from '../../api/domain/accept-result.ts';
import type { Change } from '../../api/domain/change.ts';
import { del, put, type DocStoreMaker } from './doc-store.ts';

/** Promise 14 of api/ports/doc-store.ts: credits, against one adapter. */
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };

export function testCredits(name: string, make: DocStoreMaker, { runs }: { readonly runs: number }): void {
	describe(`credits: ${name}`, () => {
		let made: Awaited<ReturnType<DocStoreMaker>>;
		let store: DocStore;
		let now = 0;
		beforeEach(async () => {
			made = await make();
			store = made.store;
			now = 1_767_225_600_000;
		});
		afterEach(() => made.dispose());

		const accept = (...changes: Change[]) => store.accept(changes, now, noLimits);
		const kinds = (results: readonly AcceptResult[]) => results.map(({ kind }) => kind);
		const claim = () => store.claim({ now, limit: 100, maxBytes: Infinity, leaseMs: 60_000 });
		const figures = async (tenant = 'acme') => {
			const { granted, spent, refunded, left } = await store.credits(tenant);
			return [granted, spent, refunded, left];
		};
		const grant = async (granted: number | null, tenant = 'acme') =>
			(await store.grantCredits({ tenant, granted })).kind;
		const commit = ({ lease }: Claimed) => store.commit([{ lease, manifest: [], detail: {} }], now);
		const bury = ({ lease }: Claimed) =>
			store.deadLetter([{ lease, error: { code: 'unreadable', message: 'no' }, present: [] }], now);

		it('a tenant without a grant has no limit, and nothing is counted', async () => {
			await accept(put('a', 'one'));
			assert.deepEqual(await figures(), [null, 0, 0, null]);
			assert.deepEqual((await store.stats()).credits, {
				tenants: 0,
				exhausted: 0,
				granted: 0,
				spent: 0,
				refunded: 0,
				left: 0,
			});
			assert.deepEqual(await store.creditLedgers({ after: '', limit: 10 }), []);
		});

		it('charges a call in advance or refuses all of the tenant in it, and only of it', async () => {
			await grant(2);
			assert.deepEqual(kinds(await accept(put('a', '1'), put('b', '1'), put('c', '1'))), [
				'unpaid',
				'unpaid',
				'unpaid',
			]);
			assert.deepEqual(await figures(), [2, 0, 0, 2]);
			assert.deepEqual(await store.jobs({ limit: 10 }), [], 'nothing was taken before it was refused');
			const mixed = await accept(
				put('a', '1'),
				put('a', '1', { tenant: 'other' }),
				put('b', '1'),
				del('b'),
				put('c', '1'),
			);
			assert.deepEqual(kinds(mixed), ['unpaid', 'accepted', 'unpaid', 'unpaid', 'unpaid'], 'in order, too');
			assert.deepEqual(mixed[0], { kind: 'unpaid', needed: 3, left: 2 });
			assert.deepEqual(kinds(await accept(put('a', '1'), del('never'), put('b', '1'))), [
				'accepted',
				'unchanged',
				'accepted',
			]);
			assert.deepEqual(await figures(), [2, 2, 0, 0]);
			assert.deepEqual(kinds(await accept(del('a'))), ['unchanged'], 'deletions cost nothing');
		});

		it('gives back what came to nothing, once: unchanged, stale, owned, full, limited', async () => {
			await grant(100);
			const source = { sourceId: 's1', epoch: 'e1' };
			await accept(put('a', '1', { ...source, seq: 5 }));
			const results = await accept(
				put('a', '1', { ...source, seq: 6 }),
				put('a', '2', { ...source, seq: 1 }),
				put('a', '3'),
			);
			assert.deepEqual(kinds(results), ['unchanged', 'stale', 'owned']);
			assert.deepEqual(await figures(), [100, 4, 3, 99]);
			const full = await store.accept([put('b', '1')], now, { maxPending: 0, maxPendingBytes: 0 });
			assert.deepEqual(kinds(full), ['full']);
			const limited = await store.accept([put('b', '1'), put('c', '1')], now, {
				...noLimits,
				allowance: { tenants: new Map([['acme', 1]]) },
			});
			assert.deepEqual(kinds(limited), ['accepted', 'limited']);
			assert.deepEqual(await figures(), [100, 7, 5, 98]);
		});

		it('gives back superseded, canceled and failed changes, and charges a retry again', async () => {
			await grant(3);
			await accept(put('a', '1'), put('b', '1'), put('c', '1'));
			assert.deepEqual(
				kinds(await accept(put('a', '2'))),
				['unpaid'],
				'nothing is lent on what may come back',
			);
			await grant(4);
			await accept(put('a', '2'));
			assert.deepEqual(await figures(), [4, 4, 1, 1], 'superseded in its window');
			const [job] = await store.jobs({ limit: 10, tenant: 'acme', docId: 'b' });
			assert.equal(job?.charged, 1);
			assert.equal(await store.cancel(job?.jobId ?? '', now), true);
			assert.equal(await store.cancel(job?.jobId ?? '', now), false);
			assert.deepEqual(await figures(), [4, 4, 2, 2]);
			assert.equal((await store.job(job?.jobId ?? ''))?.charged, 0);

			now += 1;
			const [first, second] = await claim();
			assert.ok(first !== undefined && second !== undefined);
			assert.deepEqual(await commit(first), [true]);
			assert.deepEqual(await commit(first), [false]);
			assert.deepEqual(await bury(second), [true]);
			assert.deepEqual(await bury(second), [false]);
			assert.deepEqual(await figures(), [4, 4, 3, 3]);

			assert.equal(await grant(1), 'granted');
			assert.equal(await store.retry(second.jobId, now), 'unpaid');
			assert.equal((await store.job(second.jobId))?.state, 'failed');
			assert.equal(await grant(2), 'granted');
			assert.equal(await store.retry(second.jobId, now), 'waiting');
			assert.equal(await store.retry(second.jobId, now), 'not_failed');
			assert.deepEqual(await figures(), [2, 5, 3, 0]);
			const [again] = await claim();
			assert.ok(again !== undefined);
			await bury(again);
			assert.deepEqual(await figures(), [2, 5, 4, 1], 'and given back again');
			assert.deepEqual((await store.stats()).credits, {
				...{ tenants: 1, exhausted: 0, granted: 2, spent: 5, refunded: 4, left: 1 },
			});
		});

		it('what is published is paid for, also where a newer change came meanwhile; a lost lease is not', async () => {
			await grant(10);
			await accept(put('a', '1'));
			const [one] = await claim();
			assert.ok(one !== undefined);
			await accept(put('a', '2'));
			await commit(one);
			assert.deepEqual(await figures(), [10, 2, 0, 8]);
			const [two] = await claim();
			assert.ok(two !== undefined);
			await accept(put('a', '3'));
			now += 61_000;
			const [three] = await claim();
			assert.ok(three !== undefined);
			assert.deepEqual(await commit(two), [false]);
			await commit(three);
			assert.deepEqual(await figures(), [10, 3, 1, 8]);
		});

		it('grants the same once, refuses less than is spent and what is no number, and takes the limit away', async () => {
			await grant(5);
			await accept(put('a', '1'), put('b', '1'));
			assert.equal(await grant(5), 'granted');
			assert.deepEqual(await figures(), [5, 2, 0, 3]);
			for (const wrong of [1, -1, NaN, Infinity, 1.5, 2 ** 53, 1e13])
				assert.equal(await grant(wrong), 'spent');
			const stale = await store.grantCredits({ tenant: 'acme', granted: 9, expected: 4 });
			assert.deepEqual([stale.kind, stale.ledger.granted], ['changed', 5]);
			assert.equal((await store.grantCredits({ tenant: 'acme', granted: 9, expected: 5 })).kind, 'granted');
			assert.equal((await store.grantCredits({ tenant: 'new', granted: 1, expected: null })).kind, 'granted');
			assert.equal(await grant(null), 'granted');
			await accept(put('c', '1'));
			assert.deepEqual(await figures(), [null, 2, 0, null], 'nothing is charged without a limit');
			assert.equal(await grant(1e12), 'granted');
			const [first] = await claim();
			assert.ok(first !== undefined);
			await bury(first);
			assert.deepEqual(await figures(), [1e12, 2, 1, 1e12 - 1]);
			await grant(3, 'b-tenant');
			const page = await store.creditLedgers({ after: 'acme', limit: 1 });
			assert.deepEqual(
				page.map(({ tenant }) => tenant),
				['b-tenant'],
			);
		});

		it('is never overdrawn by calls at the same time', async () => {
			await grant(25);
			const calls = Array.from({ length: 20 }, (_, nth) =>
				accept(...Array.from({ length: 1 + (nth % 5) }, (_unused, one) => put(`${nth}/${one}`, 'text'))),
			);
			const results = (await Promise.all(calls)).flat();
			const accepted = results.filter(({ kind }) => kind === 'accepted').length;
			assert.ok(accepted <= 25 && accepted > 20);
			assert.deepEqual(await figures(), [25, accepted, 0, 25 - accepted]);
		});

		it('balance = granted - spent + refunded, never below 0, and equal to the receipts, whatever happens', async () => {
			const docIds = ['a', 'b', 'c'];
			const tenant = fc.constantFrom('acme', 'other');
			const step = fc.oneof(
				{
					weight: 6,
					arbitrary: fc.record({
						do: fc.constant('accept' as const),
						calls: fc.array(
							fc.array(
								fc.record({
									tenant,
									docId: fc.constantFrom(...docIds),
									text: fc.constantFrom('1', '2', ''),
									from: fc.option(fc.constantFrom(...docIds), { nil: null, freq: 3 }),
									seq: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
								}),
								{ minLength: 1, maxLength: 4 },
							),
							{ minLength: 1, maxLength: 3 },
						),
						places: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
					}),
				},
				{ weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
				{
					weight: 4,
					arbitrary: fc.record({
						do: fc.constantFrom(
							'commit' as const,
							'bury' as const,
							'release' as const,
							'cancel' as const,
							'retry' as const,
						),
						nth: fc.nat(5),
					}),
				},
				{ weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
				{
					weight: 2,
					arbitrary: fc.record({
						do: fc.constant('grant' as const),
						tenant,
						granted: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
					}),
				},
			);
			await fc.assert(
				fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
					await made.dispose();
					made = await make();
					store = made.store;
					let held: Claimed[] = [];
					const check = async () => {
						for (const name of ['acme', 'other']) {
							const { granted, spent, refunded, left } = await store.credits(name);
							assert.equal(left, granted === null ? null : granted - spent + refunded);
							assert.ok(left === null || left >= 0, 'never overdrawn');
							const receipts = await store.jobs({ tenant: name, limit: 500 });
							const charged = receipts.reduce((sum, job) => sum + job.charged, 0);
							assert.equal(spent - refunded, charged, 'what is spent stands on the receipts');
							for (const { state, charged: cost } of receipts) {
								const isFree = ['unchanged', 'stale', 'superseded', 'canceled', 'failed', 'deleted'].includes(
									state,
								);
								assert.ok(cost === 0 || !isFree, `${state} costs nothing`);
							}
						}
					};
					for (const one of steps) {
						now += 1_000;
						const jobs = await store.jobs({ limit: 100 });
						switch (one.do) {
							case 'accept': {
								const limits = {
									...noLimits,
									...(one.places !== null && {
										allowance: {
											tenants: new Map([
												['acme', one.places],
												['other', 100],
											]),
										},
									}),
								};
								const source = (seq: number | null) =>
									seq === null ? {} : { sourceId: 's1', epoch: 'e1', seq };
								await Promise.all(
									one.calls.map((call) =>
										store.accept(
											call.map(({ text, docId, seq, from, ...more }) => {
												if (text === '') return del(docId, { ...more, ...source(seq) });
												const previous = { jobId: put('', '').jobId, tenant: more.tenant, docId: from ?? '' };
												const isMove = from !== null && from !== docId;
												return put(docId, text, { ...more, ...source(seq), ...(isMove && { previous }) });
											}),
											now,
											limits,
										),
									),
								);
								break;
							}
							case 'claim':
								held = [...held, ...(await claim())];
								break;
							case 'commit':
							case 'bury':
							case 'release': {
								const lease = held[one.nth % Math.max(1, held.length)];
								if (lease === undefined) break;
								if (one.do === 'commit') await commit(lease);
								else if (one.do === 'bury') await bury(lease);
								else
									await store.release(
										[{ lease: lease.lease, retryAt: now, counted: true, error: null }],
										now,
									);
								break;
							}
							case 'cancel':
								await store.cancel(jobs[one.nth % Math.max(1, jobs.length)]?.jobId ?? '', now);
								break;
							case 'retry':
								await store.retry(jobs[one.nth % Math.max(1, jobs.length)]?.jobId ?? '', now);
								break;
							case 'grant':
								await store.grantCredits({ tenant: one.tenant, granted: one.granted });
								break;
							case 'crash':
								if (made.reopen === undefined) now += 61_000;
								else store = await made.reopen();
								break;
						}
						await check();
					}
				}),
				{ numRuns: runs },
			);
		}).timeout(120_000);
	});
}
