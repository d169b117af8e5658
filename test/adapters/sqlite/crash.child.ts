/**
 * The process that crash.test.ts kills: accepts batches that go into segments and small ones that do not, claims
 * and commits behind them, and says on stdout what has been acknowledged. Arguments: the folder, and the life.
 */
import { hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import { createJobIds } from '../../../api/pipeline/accept/job-id.ts';
import type { Change } from '../../../api/domain/change.ts';
import { contentOf } from './crash.content.ts';

const [dir = '', life = '1'] = process.argv.slice(2);
const store = await openSqliteDocStore({ dir });
const nextJob = createJobIds(() => Date.now());
const limits = { maxPending: Infinity, maxPendingBytes: Infinity };
const say = (text: string) => writeSync(1, `${text}\n`);

function change(docId: string): Change {
	const body = contentOf(docId, life);
	const content = { sha256: hash('sha256', body, 'hex'), size: Buffer.byteLength(body), body };
	return {
		...{
			jobId: nextJob(),
			tenant: 'a',
			docId,
			op: 'put',
			sourceId: 'api',
			epoch: 'api',
			sourceName: null,
			seq: null,
		},
		...{
			takeOver: false,
			priority: 'normal',
			windowMs: 0,
			maxWaitMs: 0,
			content,
			meta: life,
			fingerprint: 'f',
		},
	};
}

/** Each lane goes round and round its own documents, so that bodies are superseded while they wait. */
async function accept(lane: number, count: number): Promise<void> {
	for (let round = 0; ; round += 1) {
		const ids = Array.from(
			{ length: count },
			(_, index) => `${lane}-${(round * count + index) % (count * 3)}`,
		);
		await store.accept(ids.map(change), Date.now(), limits);
		say(`accepted ${ids.join(' ')}`);
	}
}

async function work(): Promise<void> {
	for (;;) {
		const now = Date.now();
		const claimed = await store.claim({ now, limit: 60, maxBytes: Infinity, leaseMs: 60_000 });
		// Some stay, and with them their segments.
		const done = claimed.filter((_, index) => index % 7 !== 0);
		await store.commit(
			done.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
			now,
		);
		await store.sweep({ now, tombstoneMs: 1e9, jobMs: 1e9, limit: 50 });
	}
}

await Promise.all([accept(0, 60), accept(1, 90), accept(2, 1), work()]);
