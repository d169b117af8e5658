import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAllotment } from '../../../api/pipeline/admission/allotment.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { fakeClock } from '../../support/fake-clock.ts';

describe('an allotment', () => {
	const open = (total: number) => {
		const clock = fakeClock();
		return { clock, allotment: createAllotment({ what: 'cakes', total, waitMs: 5_000 }, { clock }) };
	};
	const codeOf = (error: unknown) => (isDocDropError(error) ? [error.code, error.field] : error);

	it('gives one tenant three quarters, and the rest to the next one', async () => {
		const { clock, allotment } = open(8);
		for (let n = 0; n < 6; n += 1) await allotment.take('greedy', 1);
		const seventh = allotment.take('greedy', 1).catch(codeOf);
		await allotment.take('other', 1);
		assert.equal(allotment.held(), 7);
		await clock.advance(5_000);
		assert.deepEqual(await seventh, ['rate_limited', 'tenant']);
		assert.equal(clock.pending(), 0);
	});

	it('gives at once where nobody has to wait, and nothing where somebody has', async () => {
		const { clock, allotment } = open(8);
		const give = allotment.takeNow('a', 6);
		assert.equal(allotment.takeNow('a', 1), null);
		assert.equal(allotment.takeNow('b', 3), null);
		assert.equal(allotment.held(), 6);
		const waits = allotment.take('b', 3);
		assert.equal(allotment.takeNow('b', 1), null, 'it would overtake what waits');
		give?.();
		give?.();
		(await waits)();
		assert.deepEqual([allotment.held(), clock.pending()], [0, 0]);
	});

	it('lets what is larger than a part in, alone, and what is larger than all of it', async () => {
		const { allotment } = open(8);
		const give = await allotment.take('a', 8);
		give();
		give();
		assert.equal(allotment.held(), 0);
		(await allotment.take('a', 100))();
		assert.equal(allotment.held(), 0);
	});

	it('gives who waits a turn by what its tenant has had, not by how many wait', async () => {
		const { clock, allotment } = open(1);
		const order: string[] = [];
		const give = await allotment.take('greedy', 1);
		const take = async (tenant: string) => {
			const done = await allotment.take(tenant, 1);
			order.push(tenant);
			done();
		};
		const all = [...Array.from({ length: 5 }, () => take('greedy')), take('other')];
		await clock.advance(0);
		give();
		await Promise.all(all);
		assert.equal(order[0], 'other');
		assert.equal(order.length, 6);
	});

	it('refuses after the wait, forgets who gave up, and says when to come again', async () => {
		const { clock, allotment } = open(1);
		const give = await allotment.take('a', 1);
		const late = allotment.take('b', 1).catch(codeOf);
		const gone = new AbortController();
		const left = allotment.take('b', 1, gone.signal).catch((error: unknown) => error);
		gone.abort('hung up');
		assert.equal(await left, 'hung up');
		await clock.advance(4_999);
		assert.equal(clock.pending(), 1);
		await clock.advance(1);
		assert.deepEqual(await late, ['rate_limited', undefined]);
		give();
		assert.equal(allotment.held(), 0);
	});

	it('never holds more than there is, and gives all of it back', async () => {
		const step = fc.record({
			tenant: fc.constantFrom('a', 'b', 'c'),
			amount: fc.integer({ min: 1, max: 12 }),
			giveBack: fc.boolean(),
			ms: fc.nat({ max: 3_000 }),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
				const { clock, allotment } = open(10);
				const held: (() => void)[] = [];
				for (const { tenant, amount, giveBack, ms } of steps) {
					void allotment.take(tenant, amount).then(
						(give) => held.push(give),
						() => {},
					);
					await clock.advance(ms);
					assert.ok(allotment.held() <= 10);
					if (giveBack) held.shift()?.();
				}
				await clock.advance(5_000);
				while (held.length > 0) {
					held.shift()?.();
					await clock.advance(0);
				}
				assert.equal(allotment.held(), 0);
				assert.equal(clock.pending(), 0);
			}),
			{ numRuns: 50 },
		);
	});
});
