import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { verifySqliteVec } from '../../../api/adapters/sqlite-vec/verify.ts';
import { testVectorStore } from '../../conformance/vector-store.ts';

testVectorStore('sqlite-vec', async (dimensions) => {
	const folder = await mkdtemp(join(tmpdir(), 'docdrop-'));
	const file = join(folder, 'vectors.db');
	let current = createSqliteVecStore({ file, dimensions });
	return {
		store: current,
		knowsTerms: true,
		async reopen(others = dimensions) {
			await current.close();
			current = createSqliteVecStore({ file, dimensions: others });
			return current;
		},
		// Whatever a test did, the tables must agree.
		check: () => assert.deepEqual(verifySqliteVec(file).faults, []),
		async dispose() {
			await current.close();
			await rm(folder, { recursive: true });
		},
	};
});
