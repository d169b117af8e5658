import assert from 'node:assert/strict';
import { watchCampaign } from './watch-campaign.ts';

describe('a followed folder, killed under a storm', () => {
	it('10 runs lose nothing, leave nothing and send nothing again', async () => {
		const seed = Date.now() % 1_000_000;
		const lines: string[] = [];
		const print = (line: string) => void lines.push(line);
		const summary = await watchCampaign({ runs: 10, from: 1, seed, report: null, print });
		assert.equal(summary.failedRuns, 0, lines.join('\n'));
		assert.ok(summary.kills >= 40);
	});
});
