import assert from 'node:assert/strict';
import { campaign } from './campaign.ts';

describe('killed under load', () => {
	const seed = Date.now() % 1_000_000;

	for (const { index, runs } of [
		{ index: 'sqlite-vec', runs: 25 },
		{ index: 'qdrant', runs: 8 },
	] as const) {
		it(`${index}: ${runs} runs lose, double and leave nothing`, async () => {
			const lines: string[] = [];
			const print = (line: string) => void lines.push(line);
			const summary = await campaign({ runs, from: 1, seed, index, report: null, print });
			assert.equal(summary.failedRuns, 0, lines.join('\n'));
			assert.ok(summary.kills >= runs * 2);
		});
	}
});
