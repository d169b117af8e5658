import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import type { Claimed } from '../../../api/ports/work-claims.ts';
import { contentOf } from './crash.content.ts';

const child = fileURLToPath(new URL('./crash.child.ts', import.meta.url));

describe('doc store: sqlite, killed', () => {
	let dir: string;
	beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'docdrop-store-'))));
	afterEach(() => rm(dir, { recursive: true, force: true }));

	/** The documents that were acknowledged when the process was killed, `lines` acknowledgements after its start. */
	async function runAndKill(life: number, lines: number): Promise<Set<string>> {
		const running = spawn(process.execPath, [child, dir, String(life)], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const acknowledged = new Set<string>();
		let said = 0;
		for await (const line of createInterface({ input: running.stdout })) {
			for (const docId of line.split(' ').slice(1)) acknowledged.add(docId);
			said += 1;
			if (said === lines) running.kill('SIGKILL');
		}
		assert.ok(said >= lines, 'the process ended by itself');
		return acknowledged;
	}

	it('has the body of every acknowledged change that waits, and leaves no file when none does', async () => {
		const lives = [9, 23, 40];
		let now = Date.now();
		for (const [index, lines] of lives.entries()) {
			const life = index + 1;
			const acknowledged = await runAndKill(life, lines);
			const store = await openSqliteDocStore({ dir });
			now += 120_000;
			const waiting: Claimed[] = await store.claim({ now, limit: 10_000, maxBytes: Infinity, leaseMs: 1 });
			for (const { docId, meta, content } of waiting) {
				assert.ok(content !== null && !('file' in content.body), `${docId} has lost its body`);
				assert.equal(Buffer.from(content.body).toString(), contentOf(docId, meta), docId);
			}
			const states = new Map(
				(await store.documents({ tenant: 'a', limit: 10_000 })).map((one) => [one.docId, one]),
			);
			for (const docId of acknowledged) {
				assert.equal(states.get(docId)?.meta, String(life), `${docId} is lost`);
			}
			if (life === lives.length) {
				await store.commit(
					waiting.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
					now,
				);
			}
			await store.close();
		}
		assert.deepEqual(await readdir(join(dir, 'bodies')), []);
	});
});
