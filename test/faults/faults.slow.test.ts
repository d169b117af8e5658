import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modes } from './nth/gate.ts';
import { sweep } from './nth/sweep.ts';
import { shortPlan } from './plan.ts';
import { runRow } from './run-row.ts';

describe('under one fault at a time', () => {
	const seed = Date.now() % 1_000_000;
	const cacheDir = mkdtempSync(join(tmpdir(), 'docdrop-faults-cache-'));
	after(() => rmSync(cacheDir, { recursive: true }));

	for (const index of ['sqlite-vec', 'qdrant'] as const) {
		for (const mode of modes) {
			it(`every ninth call fails, ${mode}, ${index}: nothing is lost or left behind`, async () => {
				const { faults, calls } = await sweep({ index, mode, from: 1 + (seed % 9), step: 9, offset: seed });
				assert.deepEqual(faults, [], `seed ${seed}`);
				assert.ok(calls > 0);
			});
		}
	}

	for (const row of shortPlan) {
		it(`${row.name}: nothing is lost or left behind`, async () => {
			const { faults } = await runRow(row, seed, cacheDir);
			assert.deepEqual(faults, [], `seed ${seed}`);
		});
	}
});
