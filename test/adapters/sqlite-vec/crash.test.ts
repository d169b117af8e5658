import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { verifySqliteVec } from '../../../api/adapters/sqlite-vec/verify.ts';

const child = fileURLToPath(new URL('./crash.child.ts', import.meta.url));

describe('sqlite-vec store, killed', () => {
	let folder: string;
	beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'docdrop-'))));
	afterEach(() => rm(folder, { recursive: true }));

	/** What was acknowledged when the process was killed, `lines` acknowledgements after its start. */
	async function runAndKill(file: string, version: number, lines: number): Promise<Set<string>> {
		const running = spawn(process.execPath, [child, file, String(version)], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const said = new Set<string>();
		for await (const line of createInterface({ input: running.stdout })) {
			said.add(line);
			// Lines that were written before the signal hit still come, and are acknowledgements like any other.
			if (said.size === lines) running.kill('SIGKILL');
		}
		assert.ok(said.size >= lines, 'the process ended by itself');
		return said;
	}

	it('holds whole documents and all that was acknowledged, in every table', async () => {
		const file = join(folder, 'vectors.db');
		for (const [index, lines] of [7, 30, 55].entries()) {
			const version = index + 1;
			const said = await runAndKill(file, version, lines);
			// Before anything has opened the file for writing, and after.
			const crashed = verifySqliteVec(file);
			assert.deepEqual(crashed.faults, []);
			const store = createSqliteVecStore({ file, dimensions: 8 });
			await store.open();
			assert.deepEqual(verifySqliteVec(file), crashed);

			const points = new Map<string, number>();
			for await (const { docId, fields } of store.scan('a')) {
				const key = `${docId}@${fields.version}`;
				points.set(key, (points.get(key) ?? 0) + 1);
			}
			await store.close();
			assert.deepEqual([...new Set(points.values())], [40], 'a document in part');
			for (let doc = 0; doc < 60; doc += 1) {
				if (said.has(`put ${doc}`)) assert.ok(points.has(`d${doc}@${version}`), `d${doc} lost`);
				if (said.has(`removed ${doc}`)) assert.equal(points.has(`d${doc}@${version - 1}`), false);
			}
		}
	});
});
