import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classOf, createFairShare, documentCost, patience } from '../../api/domain/fair-share.ts';
import type { QueueKey, WorkClass } from '../../api/domain/queue-key.ts';

const queueKey = (tenant: string, at: WorkClass): QueueKey => ({ tenant, class: at });
const turns = (
	share: ReturnType<typeof createFairShare>,
	waiting: readonly QueueKey[],
	count: number,
	cost = 1,
) =>
	Array.from({ length: count }, () => {
		const next = share.next(waiting);
		assert.ok(next !== null);
		share.charge(next, cost);
		return `${next.tenant}${next.class}`;
	});
const countOf = (taken: readonly string[], name: string) => taken.filter((one) => one === name).length;

describe('fair share', () => {
	it('classes: low is bulk also when it is tried again; what failed before is a retry', () => {
		assert.deepEqual(
			[classOf(0, 0), classOf(1, 0), classOf(0, 1), classOf(1, 3), classOf(2, 0), classOf(2, 4)],
			[0, 0, 1, 1, 2, 2],
		);
		assert.deepEqual([documentCost(0), documentCost(65_536)], [1, 2]);
	});

	it('nobody waits: it is nobody’s turn', () => assert.equal(createFairShare().next([]), null));

	it('tenants of a class take turns, however much each of them has waiting', () => {
		const taken = turns(createFairShare(), [queueKey('a', 0), queueKey('b', 0), queueKey('c', 0)], 9);
		assert.deepEqual(taken, ['a0', 'b0', 'c0', 'a0', 'b0', 'c0', 'a0', 'b0', 'c0']);
	});

	it('by weight, and by what their work costs', () => {
		const weighted = turns(
			createFairShare((tenant) => (tenant === 'a' ? 3 : 1)),
			[queueKey('a', 0), queueKey('b', 0)],
			40,
		);
		assert.equal(countOf(weighted, 'a0'), 30);
		const share = createFairShare();
		const waiting = [queueKey('large', 0), queueKey('small', 0)];
		let large = 0;
		for (let turn = 0; turn < 110; turn += 1) {
			const next = share.next(waiting);
			assert.ok(next !== null);
			share.charge(next, next.tenant === 'large' ? 10 : 1);
			if (next.tenant === 'large') large += 1;
		}
		assert.equal(large, 10);
	});

	it('a pause earns nothing: who comes back takes turns with the others, and does not catch up', () => {
		const share = createFairShare();
		turns(share, [queueKey('a', 0), queueKey('b', 0)], 2);
		turns(share, [queueKey('a', 0)], 1_000);
		const taken = turns(share, [queueKey('a', 0), queueKey('b', 0)], 10);
		assert.ok(countOf(taken, 'b0') <= 6, `b got ${countOf(taken, 'b0')} of 10`);
	});

	it('nor does leaving shake off what one has had', () => {
		const share = createFairShare();
		turns(share, [queueKey('a', 0), queueKey('b', 0)], 2);
		turns(share, [queueKey('a', 0)], 1, 100);
		turns(share, [queueKey('b', 0)], 1);
		assert.deepEqual(turns(share, [queueKey('a', 0), queueKey('b', 0)], 5), ['b0', 'b0', 'b0', 'b0', 'b0']);
	});

	it('interactive goes before retries before bulk, and each of them has its turn in the end', () => {
		const waiting = [queueKey('a', 2), queueKey('a', 1), queueKey('a', 0)];
		const taken = turns(createFairShare(), waiting, 200);
		assert.deepEqual(taken.slice(0, patience), Array<string>(patience).fill('a0'));
		assert.ok(countOf(taken, 'a0') >= 200 * (1 - 2 / patience));
		assert.ok(countOf(taken, 'a1') >= 10 && countOf(taken, 'a2') >= 10);
		assert.deepEqual(turns(createFairShare(), [queueKey('a', 2), queueKey('b', 1)], 3), ['b1', 'b1', 'b1']);
	});

	it('goes on in turn over thousands of tenants that come once', () => {
		const share = createFairShare();
		for (let n = 0; n < 5_000; n += 1)
			assert.equal(countOf(turns(share, [queueKey('base', 0), queueKey(`tenant ${n}`, 0)], 4), 'base0'), 2);
		turns(share, [queueKey('base', 0)], 1, 100);
		assert.deepEqual(
			turns(share, [queueKey('base', 0), queueKey('tenant 7', 0)], 3),
			Array(3).fill('tenant 70'),
		);
	});

	/** A schedule: at every step each flow has work or not, and items of any cost. */
	const schedule = fc.record({
		weights: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
		steps: fc.array(
			fc.record({
				toggle: fc.option(fc.tuple(fc.nat(3), fc.constantFrom<WorkClass>(0, 1, 2))),
				cost: fc.integer({ min: 1, max: 20 }),
			}),
			{ minLength: 1, maxLength: 400 },
		),
	});
	const names = ['a', 'b', 'c', 'd'];

	it('over any schedule, no class with waiting work is passed over for longer than it bears', () => {
		fc.assert(
			fc.property(schedule, ({ weights, steps }) => {
				const share = createFairShare((tenant) => weights[names.indexOf(tenant)] ?? 1);
				const waiting = new Map<string, QueueKey>();
				const since = new Map<WorkClass, number>();
				for (const [step, { toggle, cost }] of steps.entries()) {
					if (toggle !== null) {
						const one = queueKey(names[toggle[0]] as string, toggle[1]);
						const name = `${one.tenant}${one.class}`;
						if (!waiting.delete(name)) waiting.set(name, one);
					}
					for (const at of [0, 1, 2] as const) {
						if (![...waiting.values()].some((one) => one.class === at)) since.delete(at);
						else if (!since.has(at)) since.set(at, step);
					}
					const next = share.next(waiting.values());
					if (next === null) continue;
					share.charge(next, cost);
					for (const [at, from] of since) assert.ok(step - from <= patience + 1, `class ${at} at ${step}`);
					since.set(next.class, step + 1);
				}
			}),
		);
	});

	it('over any schedule, two tenants that wait all the time differ by one item of each at most', () => {
		fc.assert(
			fc.property(schedule, ({ weights, steps }) => {
				const weightOf = (tenant: string) => weights[names.indexOf(tenant)] ?? 1;
				const share = createFairShare(weightOf);
				const others = new Map<string, QueueKey>();
				const got = { a: 0, b: 0 };
				for (const { toggle, cost } of steps) {
					// c and d come and go, in every class; a and b stay.
					if (toggle !== null && toggle[0] >= 2) {
						const one = queueKey(names[toggle[0]] as string, toggle[1]);
						const name = `${one.tenant}${one.class}`;
						if (!others.delete(name)) others.set(name, one);
					}
					const next = share.next([queueKey('a', 1), queueKey('b', 1), ...others.values()]);
					assert.ok(next !== null);
					share.charge(next, cost);
					if (next.tenant === 'a' || next.tenant === 'b') got[next.tenant] += cost / weightOf(next.tenant);
					const bound = 20 / weightOf('a') + 20 / weightOf('b');
					assert.ok(Math.abs(got.a - got.b) <= bound, `a got ${got.a}, b got ${got.b}`);
				}
			}),
		);
	});

	it('over any schedule, a tenant with waiting work of the first class is served within a bounded number of turns', () => {
		fc.assert(
			fc.property(schedule, ({ steps }) => {
				const share = createFairShare();
				const others = new Map<string, QueueKey>();
				let waited = 0;
				for (const { toggle } of steps) {
					if (toggle !== null && toggle[0] >= 1) {
						const one = queueKey(names[toggle[0]] as string, toggle[1]);
						const name = `${one.tenant}${one.class}`;
						if (!others.delete(name)) others.set(name, one);
					}
					const next = share.next([...others.values(), queueKey('a', 0)]);
					assert.ok(next !== null);
					share.charge(next, 1);
					waited = next.tenant === 'a' && next.class === 0 ? 0 : waited + 1;
					// Three others before it, perhaps twice where they return, and a turn of each lower class.
					assert.ok(waited <= 10, `passed over ${waited} times`);
				}
			}),
		);
	});
});
