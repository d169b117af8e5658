import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIndexThreads, idlest, type Threads } from '../../../api/adapters/sqlite-vec/index-threads.ts';

describe('the threads of the embedded index', () => {
	it('are as many readers as asked for; each question goes to the one with the least to do', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-threads-'));
		const threads = createIndexThreads(
			join(dir, 'v.db'),
			{ dimensions: 8, fingerprint: null, replaceable: [] },
			{ readers: 3, vectorBytes: 1_048_576 },
		);
		try {
			const running = await threads.running();
			assert.equal(running.readers.length, 3);
			const asked: unknown[] = [];
			const answers = Array.from({ length: 4 }, () => {
				const reader = idlest(running);
				asked.push(reader);
				return reader.call('countAll');
			});
			assert.equal(new Set(asked.slice(0, 3)).size, 3);
			assert.equal(asked[3], asked[0]);
			assert.deepEqual(await Promise.all(answers), [0, 0, 0, 0]);
			// One that died takes the others with it, and all begin anew.
			await running.readers[1]?.terminate();
			const again: Threads = await threads.running();
			assert.notEqual(again, running);
			assert.equal(await idlest(again).call('countAll'), 0);
		} finally {
			await threads.close();
			rmSync(dir, { recursive: true });
		}
	});
});
