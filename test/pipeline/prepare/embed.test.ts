import { createBlame } from '../../../api/pipeline/faults/blame.ts';
import { createJobNotes } from '../../../api/pipeline/faults/job-notes.ts';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DocDropError } from '../../../api/errors.ts';
import { createEmbedStep } from '../../../api/pipeline/prepare/embed.ts';
import type { QueueKey } from '../../../api/domain/queue-key.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { noBreaker } from '../../support/no-breaker.ts';

const vectorOf = (text: string) => new Float32Array([Number(text.slice(1))]);
const names = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `t${from + n}`);
const numbers = (vectors: readonly Float32Array[]) => vectors.map(([n]) => n);
const expected = (texts: readonly string[]) => texts.map((text) => Number(text.slice(1)));

function setUp(
	answer: (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>,
	limits: { maxTexts?: number; maxCalls?: number } = {},
) {
	const clock = fakeClock();
	const stopping = new AbortController();
	const calls: string[][] = [];
	const waits: unknown[] = [];
	const inner = createEmbedStep({
		embedder: {
			model: 'm',
			dimensions: 1,
			fingerprint: 'f',
			embed(texts, signal) {
				calls.push([...texts]);
				return answer(texts, signal);
			},
			close: async () => {},
		},
		breaker: noBreaker,
		clock,
		signal: stopping.signal,
		random: () => 0,
		lingerMs: 5,
		maxTexts: limits.maxTexts ?? 8,
		maxCalls: limits.maxCalls ?? 2,
		blame: createBlame(),
		notes: createJobNotes(),
		fault: { noted: (error) => void waits.push(error), over() {}, current: () => null },
	});
	const step = { embed: (texts: readonly string[], key: QueueKey = acme) => inner.embed(texts, key) };
	return { clock, stopping, calls, waits, step };
}
const acme: QueueKey = { tenant: 'acme', class: 0 };
const good = async (texts: readonly string[]) => texts.map(vectorOf);
const refusing = (bad: ReadonlySet<string>) => async (texts: readonly string[]) => {
	if (texts.some((text) => bad.has(text))) throw new DocDropError('embedder_rejected', 'refused');
	return texts.map(vectorOf);
};

describe('embed step', () => {
	it('lets what arrives within the linger travel together, and answers each document in order', async () => {
		const { clock, calls, step } = setUp(good);
		const all = Promise.all([step.embed(names(2)), step.embed(names(3, 10)), step.embed(names(1, 20))]);
		await clock.advance(4);
		assert.equal(calls.length, 0, 'it waits for company');
		await clock.advance(1);
		assert.deepEqual(calls, [[...names(2), ...names(3, 10), ...names(1, 20)]]);
		assert.deepEqual((await all).map(numbers), [[0, 1], [10, 11, 12], [20]]);
	});

	it('does not wait when a call is full, and embeds nothing for nothing', async () => {
		const { clock, calls, step } = setUp(good);
		assert.deepEqual(await step.embed([]), []);
		const done = step.embed(names(8));
		await clock.advance(0);
		assert.deepEqual(calls, [names(8)]);
		assert.deepEqual(numbers(await done), expected(names(8)));
		assert.equal(clock.pending(), 0, 'no timer is left behind');
	});

	it('cuts a large document into calls, so many at a time and no more', async () => {
		let open = 0;
		let most = 0;
		const gates: (() => void)[] = [];
		const { clock, calls, step } = setUp(async (texts) => {
			open += 1;
			most = Math.max(most, open);
			await new Promise<void>((go) => gates.push(go));
			open -= 1;
			return texts.map(vectorOf);
		});
		const done = step.embed(names(30));
		await clock.advance(5);
		assert.equal(calls.length, 2);
		while (gates.length > 0 || open > 0) {
			gates.shift()?.();
			await clock.advance(0);
		}
		assert.deepEqual(numbers(await done), expected(names(30)));
		assert.equal(most, 2);
		assert.deepEqual(
			calls.map((call) => call.length),
			[8, 8, 8, 6],
		);
	});

	it('finds the one refused text in at most 2 log2 n extra calls; every other document is served', async () => {
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 64 }), fc.nat(), async (count, pick) => {
				const bad = `t${pick % count}`;
				const { clock, calls, step } = setUp(refusing(new Set([bad])), { maxTexts: 64, maxCalls: 1 });
				const done = Promise.allSettled(names(count).map((text) => step.embed([text])));
				await clock.advance(5);
				const results = await done;
				for (const [n, result] of results.entries()) {
					if (`t${n}` === bad) {
						assert.equal(result.status, 'rejected');
						assert.equal(result.reason.code, 'embedder_rejected');
					} else assert.deepEqual(result.status === 'fulfilled' && numbers(result.value), [n]);
				}
				const extra = calls.length - 1;
				assert.ok(extra <= 2 * Math.ceil(Math.log2(count)), `${extra} extra calls for ${count} texts`);
			}),
			{ numRuns: 60 },
		);
	});

	it('refuses exactly the documents that hold a refused text', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
				fc.uniqueArray(fc.nat(40), { maxLength: 5 }),
				async (sizes, bad) => {
					const { clock, step } = setUp(refusing(new Set(bad.map((n) => `t${n}`))));
					let from = 0;
					const documents = sizes.map((size) => {
						const texts = names(size, from);
						from += size;
						return texts;
					});
					const done = Promise.allSettled(documents.map((texts) => step.embed(texts)));
					await clock.advance(50);
					for (const [index, result] of (await done).entries()) {
						const texts = documents[index] ?? [];
						const isBad = texts.some((text) => bad.includes(Number(text.slice(1))));
						assert.equal(result.status, isBad ? 'rejected' : 'fulfilled');
						if (result.status === 'fulfilled') assert.deepEqual(numbers(result.value), expected(texts));
					}
				},
			),
			{ numRuns: 60 },
		);
	});

	it('waits out an outage without a place at the embedder, and pays for nothing twice', async () => {
		let isAway = true;
		const paid: string[] = [];
		const { clock, calls, waits, step } = setUp(
			async (texts) => {
				if (isAway && texts.includes('t8'))
					throw new DocDropError('embedder_unavailable', 'away', { retryAfterMs: 1_000 });
				paid.push(...texts);
				return texts.map(vectorOf);
			},
			{ maxCalls: 1 },
		);
		const done = step.embed(names(20));
		await clock.advance(5);
		assert.deepEqual(paid, [...names(8), ...names(4, 16)], 'the other calls were answered');
		await clock.advance(994);
		assert.equal(calls.length, 3, 'nobody asks before the named time');
		await clock.advance(3_600_000);
		assert.ok(waits.length > 3_000, 'it waits without limit');
		isAway = false;
		await clock.advance(1_000);
		assert.deepEqual(numbers(await done), expected(names(20)));
		assert.deepEqual(paid.toSorted(), names(20).toSorted());
	});

	it('waits as long as a throttling peer asks', async () => {
		let isFirst = true;
		const { clock, calls, step } = setUp(async (texts) => {
			if (isFirst) {
				isFirst = false;
				throw new DocDropError('embedder_throttled', 'slow down', { retryAfterMs: 37_000 });
			}
			return texts.map(vectorOf);
		});
		const done = step.embed(names(1));
		await clock.advance(5 + 36_999);
		assert.equal(calls.length, 1);
		await clock.advance(1);
		assert.equal(calls.length, 2);
		assert.deepEqual(numbers(await done), [0]);
	});

	it('a defect of the embedder fails the documents, not the step', async () => {
		let isBroken = true;
		const { clock, step } = setUp(async (texts) => (isBroken ? [] : texts.map(vectorOf)));
		const failed = step.embed(names(3));
		const verdict = assert.rejects(failed, /fewer vectors than texts/);
		await clock.advance(5);
		await verdict;
		isBroken = false;
		const next = step.embed(names(3));
		await clock.advance(5);
		assert.deepEqual(numbers(await next), [0, 1, 2]);
	});

	it('an abort ends what lingers, what is asked, and what waits out an outage', async () => {
		const reason = new Error('the process is stopping');
		const stuck = setUp(
			(_texts, signal) =>
				new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
		);
		const away = setUp(async () => {
			throw new DocDropError('embedder_unavailable', 'away', { retryAfterMs: 60_000 });
		});
		for (const { clock, stopping, step } of [stuck, away]) {
			const asked = assert.rejects(step.embed(names(9)), reason);
			await clock.advance(5);
			const lingering = assert.rejects(step.embed(names(1)), reason);
			stopping.abort(reason);
			await clock.advance(5);
			await Promise.all([asked, lingering]);
		}
	});
});
