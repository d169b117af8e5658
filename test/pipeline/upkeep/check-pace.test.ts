import assert from 'node:assert/strict';
import { lexicalVector } from '../../support/lexical-vector.ts';
import { createCheckRequests, startIndexCheck } from '../../../api/pipeline/upkeep/index-check.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { changeOf } from '../../support/leased-documents.ts';
import { noAudits } from '../../support/no-audits.ts';
import { noBreaker } from '../../support/no-breaker.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';

describe('a check of an index with many tenants', () => {
	const tenants = 450;
	const everyMs = 3_600_000;
	const countMs = 100;

	async function start() {
		const clock = fakeClock();
		const docStore = createMemoryDocStore();
		const index = createMemoryVectorStore({ dimensions: 256 });
		const publish = async (names: readonly string[]) => {
			const limits = { maxPending: Infinity, maxPendingBytes: Infinity };
			await docStore.accept(
				names.map((tenant) => changeOf('doc', `of ${tenant} at ${clock.now()}`, { tenant })),
				clock.now(),
				limits,
			);
			const request = { now: clock.now() + 1_000, limit: 1_000, maxBytes: 1e9, leaseMs: 1_000 };
			const claimed = await docStore.claim(request);
			const commits = claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} }));
			await docStore.commit(commits, clock.now());
		};
		await publish(Array.from({ length: tenants }, (_, n) => `t${String(n).padStart(3, '0')}`));
		await clock.advance(1);
		const calls = { counts: [] as number[], count: 0, points: 0 };
		/** What counting has taken; the clock stands still but for the test. */
		let spent = 0;
		const stopping = new AbortController();
		const requests = createCheckRequests(clock, 1e12);
		const check = startIndexCheck(requests, {
			docStore,
			vectorStore: {
				...index,
				async counts(names) {
					calls.counts.push(clock.monotonic());
					spent += countMs;
					return index.counts(names);
				},
				count: (tenant) => ((calls.count += 1), index.count(tenant)),
				points: (request) => ((calls.points += 1), index.points(request)),
			},
			clock: { ...clock, monotonic: () => clock.monotonic() + spent },
			...{ breaker: noBreaker, now: () => clock.now(), random: () => 0, log: silentLog },
			embed: { embed: async (texts: readonly string[]) => texts.map(lexicalVector) },
			...{ telemetry: createTelemetry(), signal: stopping.signal, wake: () => {}, everyMs },
			audit: noAudits,
		});
		return { clock, docStore, calls, check, publish, requests, stopping };
	}

	it('asks once for two hundred of them, and rests nine times as long as it took', async () => {
		const { clock, docStore, calls, check, stopping } = await start();
		await clock.advance(10_000);
		assert.equal(check.status().state, 'sound');
		assert.equal(calls.counts.length, Math.ceil(tenants / 200));
		const [first = 0, second = 0, third = 0] = calls.counts;
		assert.ok(second - first >= countMs * 9, `${second - first} ms`);
		assert.ok(third - second >= countMs * 9);
		assert.deepEqual([calls.count, calls.points], [0, tenants]);
		stopping.abort();
		await docStore.close();
	});

	it('looks at nothing but counts where nothing was published since the last one', async () => {
		const { clock, docStore, calls, check, publish, stopping } = await start();
		await clock.advance(10_000);
		const before = { ...calls, counts: calls.counts.length };
		await publish(['t007', 't300']);
		await clock.advance(everyMs);
		assert.equal(check.status().state, 'sound');
		assert.equal(calls.counts.length, 2 * before.counts);
		assert.equal(calls.points - before.points, 2);
		stopping.abort();
		await docStore.close();
	});

	it('repairs a document that is asked for while it rests', async () => {
		const { clock, docStore, requests, stopping } = await start();
		await clock.advance(countMs);
		requests.repair('t007', 'doc');
		await clock.advance(1);
		assert.equal(requests.open.documents.size, 0);
		stopping.abort();
		await docStore.close();
	});
});
