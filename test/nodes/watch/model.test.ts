import assert from 'node:assert/strict';
import { describeFailure, runModel } from './model-lanes.ts';

describe('watch engine: any operations, unreliable hints, stops and kills, a consumer that fails', () => {
	it('ends with the state and the consumer holding exactly what is on disk', async function () {
		this.timeout(240_000);
		const told: string[] = [];
		const onFailure = (failure: Parameters<typeof describeFailure>[0]) =>
			void told.push(describeFailure(failure));
		const failed = await runModel({ runs: 48, lanes: 12, seed: Date.now() % 1_000_000, onFailure });
		assert.equal(failed, 0, told.join('\n'));
	});
});
