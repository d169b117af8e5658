import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DocDropError } from '../../../api/errors.ts';
import {
	createDocumentLimiter,
	type DocumentLimiter,
	type LimiterSettings,
} from '../../../api/pipeline/accept/document-limiter.ts';
import type { Clock } from '../../../api/ports/time.ts';
import { mostInAMinute } from '../../support/most-in-a-minute.ts';

/** The limiter asks its clock for nothing but the time. */
function handClock(): { readonly clock: Clock; time: number } {
	const hand = {
		time: 0,
		clock: {
			monotonic: () => hand.time,
			now: () => assert.fail('wall time decides nothing'),
		} as unknown as Clock,
	};
	return hand;
}

const none = new Map<string, number>();

describe('the document limiter', () => {
	let hand: ReturnType<typeof handClock>;
	beforeEach(() => (hand = handClock()));
	const limiterOf = (settings: Partial<LimiterSettings>, isContinued = false): DocumentLimiter => {
		const made = createDocumentLimiter({
			clock: hand.clock,
			settings: { total: 0, eachTenant: 0, tenants: new Map(), ...settings },
			isContinued,
		});
		assert.ok(made !== null);
		return made;
	};
	/** A call of a tenant, of which everything is accepted that may be. */
	async function send(limiter: DocumentLimiter, tenant: string, wanted: number) {
		const permit = await limiter.reserve(new Map([[tenant, wanted]]));
		const taken = Math.min(wanted, permit.allowance.tenants.get(tenant) ?? 0);
		const left = wanted - taken;
		const errors = permit.settle(new Map([[tenant, taken]]), left > 0 ? new Map([[tenant, left]]) : none);
		return { taken, error: errors.get(tenant) };
	}

	it('is none where nothing is limited', () => {
		const deps = { clock: hand.clock, isContinued: true };
		assert.equal(
			createDocumentLimiter({
				...deps,
				settings: { total: 0, eachTenant: 0, tenants: new Map([['acme', 0]]) },
			}),
			null,
		);
	});

	it('takes a call in order up to its limit, and says whose limit it is and when to come back', async () => {
		const limiter = limiterOf({ total: 6_000, eachTenant: 600, tenants: new Map([['big', 0]]) });
		const { taken, error } = await send(limiter, 'acme', 100);
		assert.equal(taken, 60);
		assert.equal(error?.code, 'rate_limited');
		assert.equal(error?.message, 'at most 600 documents of the tenant "acme" are taken a minute');
		assert.equal(error?.field, 'tenant');
		hand.time += error?.retryAfterMs ?? 0;
		assert.deepEqual(await send(limiter, 'acme', 40), { taken: 40, error: undefined });

		const big = await send(limiter, 'big', 1_000);
		assert.ok(big.taken >= 500, 'has no limit of its own');
		assert.equal(big.error?.message, 'at most 6000 documents of all tenants together are taken a minute');
		assert.equal(big.error?.field, undefined);
	});

	it('refuses a stream before it comes, and holds nothing for it', async () => {
		const limiter = limiterOf({ eachTenant: 10 });
		limiter.check('acme');
		limiter.check('acme');
		assert.equal((await send(limiter, 'acme', 1)).taken, 1);
		assert.throws(() => limiter.check('acme'), DocDropError);
		limiter.check('other');
		hand.time += 6_001;
		limiter.check('acme');
	});

	it('counts what was accepted: what is unchanged takes no place', async () => {
		const limiter = limiterOf({ total: 600 });
		for (let nth = 0; nth < 10; nth += 1) {
			const permit = await limiter.reserve(new Map([['acme', 500]]));
			assert.equal(permit.allowance.tenants.get('acme'), 60);
			assert.equal(permit.settle(none, none).size, 0);
		}
		assert.equal(limiter.status().total?.free, 60);
	});

	it('lets a call wait for what others hold, in order, instead of refusing it', async () => {
		const limiter = limiterOf({ total: 600 });
		const first = await limiter.reserve(new Map([['a', 50]]));
		const order: string[] = [];
		const second = limiter.reserve(new Map([['b', 30]])).then((permit) => (order.push('b'), permit));
		const third = limiter.reserve(new Map([['c', 5]])).then((permit) => (order.push('c'), permit));
		limiter.check('d');
		await Promise.resolve();
		assert.deepEqual(order, []);
		first.settle(new Map([['a', 10]]), none);
		assert.equal((await second).allowance.tenants.get('b'), 30);
		assert.equal((await third).allowance.tenants.get('c'), 5);
		assert.deepEqual(order, ['b', 'c']);
	});

	it('begins exhausted in a folder that was used, so that a restart gives nobody a second minute', async () => {
		const limiter = limiterOf({ total: 600, tenants: new Map([['acme', 300]]) }, true);
		assert.equal((await send(limiter, 'acme', 1)).taken, 0);
		const { error } = await send(limiter, 'other', 1);
		assert.ok((error?.retryAfterMs ?? 0) > 0 && (error?.retryAfterMs ?? 0) < 1_000);
		hand.time += 60_000;
		assert.equal((await send(limiter, 'acme', 100)).taken, 30);
	});

	it('forgets tenants that have nothing to remember', async () => {
		const limiter = limiterOf({ eachTenant: 1_000 });
		for (let nth = 0; nth < 5_000; nth += 1) {
			await send(limiter, `t${nth}`, 100);
			hand.time += 10;
		}
		assert.equal((await send(limiter, 't4999', 100)).taken, 0, 'those that have are remembered');
	});

	it('gives a tenant that waits its share beside one that asks all the time', async () => {
		for (const polite of [1, 4]) {
			hand = handClock();
			const limiter = limiterOf({ total: 6_000 });
			const got = new Map<string, number>();
			const comeBackAt = new Map(Array.from({ length: polite }, (_, nth) => [`p${nth}`, 0]));
			while (hand.time < 240_000) {
				const add = (tenant: string, taken: number) => got.set(tenant, (got.get(tenant) ?? 0) + taken);
				add('hog', (await send(limiter, 'hog', 500)).taken);
				for (const [tenant, at] of comeBackAt) {
					if (hand.time < at) continue;
					const { taken, error } = await send(limiter, tenant, 500);
					add(tenant, taken);
					// In whole seconds, as HTTP tells it.
					comeBackAt.set(tenant, hand.time + Math.ceil((error?.retryAfterMs ?? 0) / 1000) * 1000);
				}
				hand.time += 50;
			}
			const all = [...got.values()].reduce((a, b) => a + b, 0);
			assert.ok(all > 4 * 6_000 * 0.85, `little is wasted: ${all}`);
			for (const tenant of comeBackAt.keys()) {
				const share = (got.get(tenant) ?? 0) / (all / (polite + 1));
				assert.ok(share > 0.7, `${tenant} of ${polite}: ${JSON.stringify([...got])}`);
			}
		}
	});

	it('a tenant at its own limit keeps nothing from the others', async () => {
		const limiter = limiterOf({ total: 600, tenants: new Map([['small', 10]]) });
		for (let nth = 0; nth < 20; nth += 1) await send(limiter, 'small', 500);
		assert.equal((await send(limiter, 'other', 59)).taken, 59);
		assert.equal(limiter.status().turns, 0);
	});

	it('in no minute more than the limits, nobody waits for ever, and nothing is lost', async () => {
		const tenants = ['a', 'b', 'c'];
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					total: fc.constantFrom(0, 30, 300),
					eachTenant: fc.constantFrom(0, 20, 100),
					a: fc.constantFrom(0, 1, 50),
				}),
				fc.array(
					fc.record({
						at: fc.integer({ min: 0, max: 90_000 }),
						tenant: fc.constantFrom(...tenants),
						wanted: fc.integer({ min: 1, max: 60 }),
						/** Share that is accepted, and how long the store takes. */
						accepts: fc.double({ min: 0, max: 1, noNaN: true }),
						storeMs: fc.integer({ min: 0, max: 5_000 }),
					}),
					{ minLength: 1, maxLength: 25 },
				),
				fc.boolean(),
				async ({ total, eachTenant, a }, calls, isContinued) => {
					hand = handClock();
					const limiter = createDocumentLimiter({
						clock: hand.clock,
						settings: { total, eachTenant, tenants: new Map([['a', a]]) },
						isContinued,
					});
					if (limiter === null) return;
					const taken: { readonly tenant: string; readonly at: number }[] = [];
					const events: { at: number; run: () => Promise<void> }[] = [];
					let unchanged = 0;
					const ask = async (tenant: string, wanted: number, accepts: number, storeMs: number) => {
						void limiter.reserve(new Map([[tenant, wanted]])).then((permit) => {
							const begun = hand.time;
							events.push({
								at: hand.time + storeMs,
								run: async () => {
									const places = permit.allowance.tenants.get(tenant) ?? 0;
									// In order: unchanged ones take no place, so that more are looked at than places are.
									let accepted = 0;
									let seen = 0;
									for (; seen < wanted; seen += 1) {
										if ((seen + 1) * accepts - accepted < 1) continue;
										if (accepted === places) break;
										accepted += 1;
										taken.push({ tenant, at: begun });
									}
									unchanged += seen - accepted;
									const left = wanted - seen;
									const errors = permit.settle(
										new Map([[tenant, accepted]]),
										left > 0 ? new Map([[tenant, left]]) : none,
									);
									const error = errors.get(tenant);
									if (error === undefined) return;
									events.push({
										at: hand.time + (error.retryAfterMs ?? assert.fail('says when')),
										run: () => ask(tenant, left, accepts, storeMs),
									});
								},
							});
						});
					};
					for (const { at, tenant, wanted, accepts, storeMs } of calls) {
						events.push({ at, run: () => ask(tenant, wanted, accepts, storeMs) });
					}
					let turns = 0;
					while (events.length > 0) {
						events.sort((x, y) => x.at - y.at);
						const next = events.shift();
						if (next === undefined) break;
						hand.time = Math.max(hand.time, next.at);
						await next.run();
						await new Promise((resolve) => setImmediate(resolve));
						assert.ok((turns += 1) < 20_000, 'everyone gets on');
					}
					const wanted = calls.reduce((sum, call) => sum + call.wanted, 0);
					assert.equal(taken.length + unchanged, wanted, 'nothing is lost and nothing doubled');
					if (total > 0) assert.ok(mostInAMinute(taken.map(({ at }) => at)) <= total);
					for (const tenant of tenants) {
						const limit = tenant === 'a' ? a : eachTenant;
						const times = taken.filter((one) => one.tenant === tenant).map(({ at }) => at);
						if (limit > 0) assert.ok(mostInAMinute(times) <= limit, `${tenant} above ${limit}`);
					}
				},
			),
			{ numRuns: 60 },
		);
	});
});
