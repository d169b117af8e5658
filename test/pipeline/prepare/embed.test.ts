import { createBlame } from '../../../api/pipeline/faults/blame.ts';
import { createJobNotes } from '../../../api/pipeline/faults/job-notes.ts';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DocDropError } from '../../../api/errors.ts';
import { createEmbedStep, replaced } from '../../../api/pipeline/prepare/embed.ts';
import type { Breaker } from '../../../api/pipeline/faults/breaker.ts';
import type { TextOwner } from '../../../api/pipeline/prepare/text-set.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { noBreaker } from '../../support/no-breaker.ts';

const vectorOf = (text: string) => new Float32Array([Number(text.slice(1))]);
const names = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `t${from + n}`);
const numbers = (vectors: readonly Float32Array[]) => vectors.map(([n]) => n);
const expected = (texts: readonly string[]) => texts.map((text) => Number(text.slice(1)));

function setUp(
	answer: (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>,
	limits: { maxTexts?: number; maxCalls?: number } = {},
	breaker: Breaker = noBreaker,
) {
	const clock = fakeClock();
	const stopping = new AbortController();
	const calls: string[][] = [];
	const waits: unknown[] = [];
	const notes = createJobNotes();
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
		breaker,
		clock,
		signal: stopping.signal,
		random: () => 0,
		lingerMs: 5,
		maxTexts: limits.maxTexts ?? 8,
		maxCalls: limits.maxCalls ?? 2,
		blame: createBlame(),
		notes,
		fault: { noted: (error) => void waits.push(error), over() {}, current: () => null },
	});
	const step = {
		embed: (texts: readonly string[], owner: TextOwner = acme) => inner.embed(texts, owner),
		replace: (jobId: string) => inner.replace(jobId),
	};
	return { clock, stopping, calls, waits, notes, step };
}
const acme: TextOwner = { tenant: 'acme', class: 0 };
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

	const own = () => new DocDropError('embedder_unavailable', 'answered 500', { isOwn: true });
	const failingOn = (bad: string) => async (texts: readonly string[]) => {
		if (texts.includes(bad)) throw own();
		return texts.map(vectorOf);
	};
	const document = (jobId: string, attempts = 0): TextOwner => ({ ...acme, jobId, attempts });

	it('finds the text that makes the embedder fail: its document gets the error, every other its vectors', async () => {
		const { clock, calls, waits, step } = setUp(failingOn('t5'));
		const all = Promise.allSettled(names(8).map((text) => step.embed([text])));
		await clock.advance(5);
		const failed = (await all).flatMap((one, n) =>
			one.status === 'rejected' ? [[n, one.reason.isOwn]] : [],
		);
		assert.deepEqual(failed, [[5, true]]);
		assert.ok(calls.length <= 1 + 2 * Math.log2(8), `${calls.length} calls`);
		assert.deepEqual(waits, [], 'and nobody waits');
	});

	it('lets texts that hang have half of the calls at most, however many they are', async () => {
		const { clock, calls, step } = setUp(
			(texts) => (texts.some((text) => text === 't99') ? new Promise(() => {}) : good(texts)),
			{ maxCalls: 4 },
		);
		for (let n = 0; n < 6; n += 1) void step.embed(['t99'], document(`poison${n}`, 1));
		await clock.advance(5);
		assert.equal(calls.length, 2);
		const others = Promise.all(names(20).map((text) => step.embed([text])));
		await clock.advance(5);
		assert.deepEqual((await others).flatMap(numbers), expected(names(20)));
	});

	it('takes turns between suspects and the rest where there is one call only', async () => {
		const { clock, calls, step } = setUp(good, { maxCalls: 1, maxTexts: 1 });
		const all = [...names(3)].flatMap((text) => [step.embed([text]), step.embed(['t99'], document('x', 1))]);
		await clock.advance(5);
		await Promise.all(all);
		assert.deepEqual(
			calls.flat().map((text) => text === 't99'),
			[true, false, true, false, true, false]
				.slice(calls[0]?.[0] === 't99' ? 0 : 1)
				.concat(calls[0]?.[0] === 't99' ? [] : [true]),
		);
	});

	it('says why a job waits, until it goes on', async () => {
		let isAway = true;
		const { clock, notes, step } = setUp(async (texts) => {
			if (isAway) throw new DocDropError('embedder_unavailable', 'answered 402: no credit');
			return texts.map(vectorOf);
		});
		const done = step.embed(names(2), document('job'));
		await clock.advance(5);
		assert.deepEqual(notes.reason('job'), {
			code: 'embedder_unavailable',
			message: 'answered 402: no credit',
		});
		isAway = false;
		await clock.advance(1_000);
		await done;
		assert.equal(notes.reason('job'), null);
	});

	it('ends the wait of a document whose newer change has come, before or after it began', async () => {
		for (const isBefore of [true, false]) {
			const { clock, calls, step } = setUp(async () => {
				throw new DocDropError('embedder_unavailable', 'away', { retryAfterMs: 60_000 });
			});
			const old = assert.rejects(step.embed(names(2), document('old')), replaced);
			const other = step.embed(names(1, 5), document('other'));
			other.catch(() => {});
			if (isBefore) step.replace('old');
			await clock.advance(5);
			if (!isBefore) step.replace('old');
			await old;
			await clock.advance(60_000);
			assert.deepEqual(calls, [[...names(2), 't5'], ['t5']], 'only the other one is asked for again');
		}
	});

	it('does not give up a newer change of a document that does not wait', async () => {
		const { clock, step } = setUp(good);
		const done = step.embed(names(2), document('job'));
		step.replace('job');
		await clock.advance(5);
		assert.deepEqual(numbers(await done), [0, 1]);
	});

	describe('where every text is refused alike', () => {
		const refused = (code: 'embedder_rejected' | 'embedder_mismatch') =>
			new DocDropError(code, 'the model m does not exist');
		for (const code of ['embedder_rejected', 'embedder_mismatch'] as const) {
			it(`holds the queue and buries nothing (${code})`, async () => {
				let isWrong = true;
				const breaker = { ...noBreaker, control: async () => (isWrong ? refused(code) : null) };
				const { clock, calls, waits, step } = setUp(
					async (texts) => {
						if (isWrong) throw refused(code);
						return texts.map(vectorOf);
					},
					{},
					breaker,
				);
				const done = Promise.all(names(8).map((text) => step.embed([text])));
				await clock.advance(600_000);
				assert.ok(
					calls.every((call) => call.length === 8),
					'it is not halved for nothing',
				);
				assert.ok(waits.every((error) => (error as DocDropError).code === 'embedder_mismatch'));
				isWrong = false;
				await clock.advance(60_000);
				assert.deepEqual((await done).flatMap(numbers), expected(names(8)));
			});
		}

		it('but one text whose vector alone is wrong is its own', async () => {
			const { clock, step } = setUp(async (texts) => {
				if (texts.includes('t3')) throw refused('embedder_mismatch');
				return texts.map(vectorOf);
			});
			const all = Promise.allSettled(names(8).map((text) => step.embed([text])));
			await clock.advance(5);
			const failed = (await all).flatMap((one, n) =>
				one.status === 'rejected' ? [[n, one.reason.code]] : [],
			);
			assert.deepEqual(failed, [[3, 'embedder_rejected']]);
		});
	});

	it('whatever the embedder answers or throws, every document gets its vectors or one error', async () => {
		const answer = fc.constantFrom(
			'good',
			'few',
			'none',
			'own',
			'rejected',
			'mismatch',
			'away',
			'throttled',
			'defect',
		);
		const answers: Record<string, (texts: readonly string[]) => Promise<Float32Array[]>> = {
			good,
			few: async (texts) => texts.slice(1).map(vectorOf),
			none: async () => [],
			own: () => Promise.reject(own()),
			rejected: () => Promise.reject(new DocDropError('embedder_rejected', 'x')),
			mismatch: () => Promise.reject(new DocDropError('embedder_mismatch', 'x')),
			away: () => Promise.reject(new DocDropError('embedder_unavailable', 'x')),
			throttled: () => Promise.reject(new DocDropError('embedder_throttled', 'x', { retryAfterMs: 100 })),
			defect: () => Promise.reject(new TypeError('x')),
		};
		await fc.assert(
			fc.asyncProperty(
				fc.array(answer, { maxLength: 25 }),
				fc.array(fc.record({ size: fc.integer({ min: 1, max: 12 }), attempts: fc.nat(1) }), {
					minLength: 1,
					maxLength: 6,
				}),
				fc.integer({ min: 1, max: 3 }),
				async (plan, documents, maxCalls) => {
					const queue = [...plan];
					const { clock, step } = setUp((texts) => (answers[queue.shift() ?? 'good'] ?? good)(texts), {
						maxCalls,
					});
					let from = 0;
					const asked = documents.map(({ size, attempts }, n) => {
						const texts = names(size, from);
						from += size;
						return { texts, vectors: step.embed(texts, document(`job${n}`, attempts)) };
					});
					const all = Promise.allSettled(asked.map(({ vectors }) => vectors));
					await clock.advance(3_600_000);
					for (const [n, one] of (await all).entries()) {
						if (one.status === 'fulfilled')
							assert.deepEqual(numbers(one.value), expected(asked[n]?.texts ?? []));
						else assert.ok(one.reason instanceof Error);
					}
					assert.equal(clock.pending(), 0);
				},
			),
			{ numRuns: 150 },
		);
	});
});
