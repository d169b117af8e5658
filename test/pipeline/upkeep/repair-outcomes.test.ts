import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lexicalVector } from '../../support/lexical-vector.ts';
import { DocDropError } from '../../../api/errors.ts';
import { createBlame } from '../../../api/pipeline/faults/blame.ts';
import { noCrash } from '../../../api/pipeline/faults/crash-points.ts';
import { createLaneLock } from '../../../api/pipeline/publish/lane-lock.ts';
import { publish } from '../../../api/pipeline/publish/publish.ts';
import { createCheckRequests, startIndexCheck } from '../../../api/pipeline/upkeep/index-check.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { StoredPoint, VectorStore } from '../../../api/ports/vector-store.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';
import { changeOf, leased } from '../../support/leased-documents.ts';
import { noAudits } from '../../support/no-audits.ts';
import { noBreaker } from '../../support/no-breaker.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';

/** What a call of a port may come to: the error is thrown before it did anything, or, of the index, after. */
const failures = {
	defect: () => new TypeError('a defect'),
	rejected: () => new DocDropError('index_rejected', 'refused'),
	away: () => new DocDropError('index_unavailable', 'away'),
	own: () => new DocDropError('index_unavailable', 'too slow', { isOwn: true }),
	embedder: () => new DocDropError('embedder_rejected', 'refused'),
	store: () => new DocDropError('store_unavailable', 'no answer'),
} as const;

const ofStore = [
	...(['tenants', 'tally', 'document', 'documents', 'hold', 'endHold', 'entriesOf', 'texts'] as const),
	...(['marker', 'setMarker', 'highestTime'] as const),
];
const ofIndex = ['counts', 'count', 'points', 'contents', 'documents', 'put', 'remove'] as const;
const fate = fc.option(
	fc.record({
		failure: fc.constantFrom(...(Object.keys(failures) as (keyof typeof failures)[])),
		isDone: fc.boolean(),
	}),
	{ freq: 2 },
);
const calls = [...ofStore.map((name) => `store.${name}`), ...ofIndex.map((name) => `index.${name}`), 'embed'];
type Plan = Readonly<Record<string, readonly ({ failure: keyof typeof failures; isDone: boolean } | null)[]>>;
const anyPlan = fc.record(
	Object.fromEntries(calls.map((name) => [name, fc.array(fate, { maxLength: 5 })])),
) as fc.Arbitrary<Plan>;

/** The calls of a port, each of which ends as the plan says; where that says nothing more, as the port does. */
function faulty<T extends object>(port: T, prefix: string, names: readonly string[], plan: Plan): T {
	const wrapped = { ...port } as Record<string, unknown>;
	for (const name of names) {
		const queue = [...(plan[prefix + name] ?? [])];
		const call = (port as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
		wrapped[name] = async (...args: unknown[]) => {
			const next = queue.shift() ?? null;
			// A call of the store that is rejected had no effect.
			if (next !== null && (!next.isDone || prefix === 'store.')) throw failures[next.failure]();
			const answer = await call?.(...args);
			if (next !== null) throw failures[next.failure]();
			return answer;
		};
	}
	return wrapped as T;
}

const textOf = (n: number) => `# Title ${n}\n\nText of ${n}.\n\n# More\n\nAnd more of ${n}.`;

interface World {
	readonly clock: FakeClock;
	readonly docStore: DocStore;
	readonly index: VectorStore;
}

async function publishAll({ clock, docStore, index }: World, count: number): Promise<void> {
	const turn = createLaneLock(() => 0).turn();
	const changes = Array.from({ length: count }, (_, n) => changeOf(`doc${n}`, textOf(n)));
	const items = await leased(docStore, clock.now(), ...changes);
	const { signal } = new AbortController();
	await publish(
		items.map(({ prepared }) => prepared),
		() => ({}),
		{
			...{ docStore, vectorStore: index, breaker: noBreaker, blame: createBlame(), crashPoint: noCrash },
			...{ now: () => clock.now(), signal, turn },
		},
	);
	turn.leave();
}

async function everything({ index }: World): Promise<StoredPoint[]> {
	const points: StoredPoint[] = [];
	for await (const point of index.scan('t')) points.push(point);
	return points.map((point) => ({ ...point, fields: { ...point.fields, publishedAt: '' } }));
}

/** Takes points away, and puts some there that nothing names. */
async function damage(world: World, lost: number, isMore: boolean): Promise<void> {
	const points = await everything(world);
	const ids = points.filter((_, at) => (lost >> (at % 10)) & 1).map(({ id }) => id);
	await world.index.remove('t', ids);
	const [sample] = points;
	if (!isMore || sample === undefined) return;
	const stray = (docId: string, numbers: readonly number[]) => ({
		...{ tenant: 't', docId, fields: sample.fields, kept: [], reordered: [], droppedExtra: [] },
		points: numbers.map((n) => ({
			id: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`,
			...{ vector: lexicalVector('x'), terms: 'x', content: 'x', heading: null, page: null, order: 'x' },
		})),
	});
	// More than may be lost: as many would be right by their number.
	const strangers = Array.from({ length: 20 }, (_, n) => n + 1);
	await world.index.put([stray('doc0', [0]), stray('never-was', strangers)]);
}

describe('a document that a repair holds', () => {
	it('is let go of once and is whole, whatever the index, the store and the embedder answer', async () => {
		const numbers = {
			count: fc.integer({ min: 1, max: 4 }),
			lost: fc.nat(1_023),
			changed: fc.integer({ min: 0, max: 2 }),
			isAsked: fc.boolean(),
		};
		await fc.assert(
			fc.asyncProperty(anyPlan, fc.boolean(), fc.record(numbers), async (plan, isMore, made) => {
				const world = {
					clock: fakeClock(),
					docStore: createMemoryDocStore(),
					index: createMemoryVectorStore({ dimensions: 256 }),
				};
				const { clock, docStore, index } = world;
				await publishAll(world, made.count);
				const before = await everything(world);
				await clock.advance(1_000);
				await damage(world, made.lost, isMore);
				const held = new Map<string, number>();
				const watched: DocStore = {
					...docStore,
					hold: (tenant, docId) => {
						held.set(docId, (held.get(docId) ?? 0) + 1);
						return docStore.hold(tenant, docId);
					},
					endHold: (tenant, docId) => {
						held.delete(docId);
						return docStore.endHold(tenant, docId);
					},
				};
				const stopping = new AbortController();
				const requests = createCheckRequests(clock, 60_000);
				if (made.isAsked) requests.repair('t', 'doc0');
				const embedder = faulty(
					{ embed: async (texts: readonly string[]) => texts.map(lexicalVector) },
					'',
					['embed'],
					plan,
				);
				const check = startIndexCheck(requests, {
					docStore: faulty(watched, 'store.', ofStore, plan),
					vectorStore: faulty(index, 'index.', ofIndex, plan),
					...{ breaker: noBreaker, embed: embedder, clock, now: () => clock.now(), random: () => 0 },
					...{ log: silentLog, telemetry: createTelemetry(), signal: stopping.signal, wake: () => {} },
					...{ everyMs: 600_000, audit: noAudits },
				});
				check.audits.begin({ tenant: null, repair: true });
				await docStore.accept(
					Array.from({ length: made.changed }, (_, n) => changeOf(`doc${n}`, `changed ${n}`)),
					clock.now(),
					{ maxPending: Infinity, maxPendingBytes: Infinity },
				);
				await clock.advance(6_000_000);
				assert.equal(check.status().state, 'sound');
				assert.deepEqual([...held.keys()], [], 'nobody stays held');
				assert.equal((await check.audits.status(null)).now, null, 'an audit comes to its end');
				assert.deepEqual(await everything(world), before);
				const request = { now: clock.now(), limit: 9, maxBytes: 1e9, leaseMs: 1_000 };
				const claimed = await docStore.claim(request);
				assert.equal(claimed.length, made.changed, 'and each can be worked on');
				stopping.abort();
				await docStore.close();
			}),
			{
				numRuns: 120,
				// One point lost and one too many, of a document that could not be mended at first: their number is right.
				examples: [
					[
						{ embed: Array.from({ length: 2 }, () => ({ failure: 'defect' as const, isDone: false })) },
						true,
						{ count: 1, lost: 21, changed: 0, isAsked: false },
					],
				],
			},
		);
	}).timeout(120_000);
});
