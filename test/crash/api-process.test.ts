import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from './api-process.ts';

describe('the process under crash tests', () => {
	it('has no address once it has ended, even where its note was being read meanwhile', async () => {
		const dataDir = mkdtempSync(join(tmpdir(), 'docdrop-crash-'));
		const { spawn } = childProcess;
		const { readFile } = files;
		let pid: number | undefined;
		const note = Promise.withResolvers<string>();
		childProcess.spawn = ((...args: Parameters<typeof spawn>) => {
			const child = spawn(...args);
			({ pid } = child);
			return child;
		}) as typeof spawn;
		files.readFile = (() => note.promise) as unknown as typeof readFile;
		syncBuiltinESMExports();
		try {
			const api = startApi(dataDir, { DOCDROP_PORT: 'none' });
			assert.equal((await api.ended).code, 1);
			note.resolve(JSON.stringify({ pid, url: 'http://127.0.0.1:1', folders: [] }));
			assert.equal(await api.url, null);
		} finally {
			Object.assign(childProcess, { spawn });
			Object.assign(files, { readFile });
			syncBuiltinESMExports();
			rmSync(dataDir, { recursive: true });
		}
	});
});
