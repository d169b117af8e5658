import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shortPlan } from './plan.ts';
import { runRow } from './run-row.ts';

describe('under one fault at a time', () => {
	const seed = Date.now() % 1_000_000;
	const cacheDir = mkdtempSync(join(tmpdir(), 'docdrop-faults-cache-'));
	after(() => rmSync(cacheDir, { recursive: true }));

	for (const row of shortPlan) {
		it(`${row.name}: nothing is lost or left behind`, async () => {
			const { faults } = await runRow(row, seed, cacheDir);
			assert.deepEqual(faults, [], `seed ${seed}`);
		});
	}
});
