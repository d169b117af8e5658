import assert from 'node:assert/strict';
import { createRandom } from '../../crash/random.ts';
import { createBench, type Bench } from './bench.ts';
import { modes, variants } from './gate.ts';
import { runNth } from './run.ts';

/** A few of the runs that `npm run faults` makes for every n; other ones each time. */
describe('when the n-th call of any port fails', function () {
	this.timeout(120_000);
	const seed = Date.now() % 1_000_000;
	const random = createRandom(seed, 0);
	let bench: Bench;
	before(async () => (bench = await createBench()));
	after(() => bench.close());

	for (const index of ['sqlite-vec', 'qdrant'] as const) {
		for (const mode of modes) {
			it(`${mode}, ${index}: nothing is lost, doubled, brought back or held for ever`, async () => {
				// A run has more than 350 calls; how many depends on what travels together.
				const fault = { n: random.int(1, 250), variant: random.pick(variants), mode };
				const { struck, faults } = await runNth(bench, index, fault);
				assert.deepEqual(faults, [], `${JSON.stringify(fault)}, ${struck[0]}, seed ${seed}`);
				assert.ok(struck.length > 0);
			});
		}
	}

	it('and a run in which none fails is without a fault', async () => {
		const { struck, calls, faults } = await runNth(bench, 'qdrant', {
			n: 10_000,
			variant: 'before',
			mode: 'once',
		});
		assert.deepEqual([struck, faults], [[], []]);
		for (const call of [
			'docStore.deadLetter',
			'docStore.tidyEntries',
			'docStore.texts',
			'vectorStore.vectors',
			'spool.putVectors',
		])
			assert.ok(calls.includes(call), `the load reaches ${call}`);
	});
});
