import { createBlame } from '../../api/pipeline/faults/blame.ts';
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { staticVector } from '../support/static-vector.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { createQdrantStore } from '../../api/adapters/qdrant/qdrant-store.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { Breaker } from '../../api/pipeline/faults/breaker.ts';
import type { CrashPoint } from '../../api/pipeline/faults/crash-points.ts';
import { createLaneLock } from '../../api/pipeline/publish/lane-lock.ts';
import type { Change } from '../../api/domain/change.ts';
import { canonicalJson } from '../../api/domain/meta.ts';
import { createGate } from '../../api/pipeline/prepare/fair-queue.ts';
import { prepare } from '../../api/pipeline/prepare/prepare.ts';
import { isPatch, preparePatch } from '../../api/pipeline/prepare/prepare-patch.ts';
import { publish } from '../../api/pipeline/publish/publish.ts';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Lease } from '../../api/ports/work-claims.ts';
import type { StoredPoint, VectorStore } from '../../api/ports/vector-store.ts';
import { startQdrantDouble, type QdrantDouble } from '../doubles/qdrant.ts';
import { changeOf } from '../support/leased-documents.ts';
import { expectedOf } from './expected.ts';
import { compare } from './oracle.ts';

/**
 * What crash runs found, one by one and without chance: an attempt that was begun and never finished has
 * already changed points that the next one would keep.
 */
describe('an interrupted attempt', () => {
	const extractor = createInProcessExtractor({ chunking: { maxChars: 200, overlapChars: 0 } });
	const { signal } = new AbortController();
	const breaker: Breaker = {
		run: (call) => call(signal),
		control: async () => null,
		learn() {},
		state: () => 'closed',
		nextProbeAt: () => null,
		attempts: () => ({ total: 0, whileOpen: 0 }),
	};
	const leaseMs = 1_000;
	let docStore: DocStore;
	let double: QdrantDouble;
	let now = 0;

	beforeEach(async () => {
		docStore = createMemoryDocStore();
		double = await startQdrantDouble();
	});
	afterEach(async () => {
		await docStore.close();
		await double.close();
	});

	interface State {
		/** A letter is a section. */
		readonly text: string;
		readonly metadata: Readonly<Record<string, unknown>>;
	}
	const textOf = ({ text }: State) => Array.from(text, (letter) => `# ${letter}`).join('\n\n');
	const sent = ({ metadata }: State) => ({ mimeType: 'text/markdown', path: null, title: 'T', metadata });

	/** Accepts the state, leases the document and publishes it, up to `end`. A lease that was left runs out first. */
	async function attempt(index: VectorStore, state: State, end: CrashPoint | null): Promise<Lease> {
		const text = textOf(state);
		const meta = canonicalJson(sent(state));
		const content = { sha256: hash('sha256', text, 'hex'), size: text.length, body: text };
		return carryOut(index, changeOf('d', text, { content, meta }), end);
	}
	const patchOf = (patch: object) =>
		changeOf('d', null, { op: 'patch', meta: canonicalJson(patch), fingerprint: 'f' });
	async function carryOut(index: VectorStore, change: Change, end: CrashPoint | null): Promise<Lease> {
		now += leaseMs * 2;
		const limits = { maxPending: Infinity, maxPendingBytes: Infinity };
		await docStore.accept([change], now, limits);
		const [claimed] = await docStore.claim({ now, limit: 1, maxBytes: Infinity, leaseMs });
		assert.ok(claimed);
		const embed = { embed: async (texts: readonly string[]) => texts.map(staticVector) };
		const own = { docStore, vectorStore: index, breaker, embed, signal };
		const work = isPatch(claimed)
			? preparePatch(claimed, own)
			: prepare(claimed, {
					docStore,
					vectorStore: index,
					breaker,
					extractor,
					reading: createGate(1),
					clock: systemClock,
					stallMs: 60_000,
					embed,
					signal,
				});
		const prepared = await work;
		const crashPoint = (point: CrashPoint) => assert.notEqual(point, end, 'crash');
		const turn = createLaneLock(() => now).turn();
		const parts = { docStore, vectorStore: index, breaker, blame: createBlame(), crashPoint };
		const deps = { ...parts, now: () => now, signal, turn };
		const attempted = publish([prepared], () => ({}), deps);
		if (end === null) await attempted;
		else await assert.rejects(attempted, /crash/);
		return claimed.lease;
	}
	/** As lane.ts does: what may stray goes, and it is seen what is left. */
	async function bury(index: VectorStore, lease: Lease): Promise<void> {
		const { fresh, uncertain } = await docStore.orphans(lease);
		await index.remove('t', fresh);
		const present = [...(await index.vectors('t', uncertain)).keys()];
		const error = { code: 'index_rejected', message: 'refused' };
		assert.deepEqual(await docStore.deadLetter([{ lease, error, present }], now), [true]);
	}
	async function faults(index: VectorStore, state: State) {
		const points: StoredPoint[] = [];
		for await (const point of index.scan(null)) points.push(point);
		const content = Buffer.from(textOf(state));
		const expected = await expectedOf({ tenant: 't', docId: 'd', content, ...sent(state) }, extractor);
		return compare([{ ...expected, versionFault: () => null }], points);
	}

	const before: State = { text: 'abcd', metadata: { kept: 1 } };
	const interrupted: State = { text: 'dabc', metadata: { kept: 1, added: 2 } };
	const after: State = { text: 'abcde', metadata: { kept: 1 } };

	for (const [name, open] of [
		['memory', () => createMemoryVectorStore({ dimensions: 256 })],
		[
			'qdrant',
			() => createQdrantStore({ url: double.url, collection: 'c', dimensions: 256, clock: systemClock }),
		],
	] as const) {
		for (const end of ['after-intent', 'between-points', 'before-manifest'] as const) {
			it(`${name}, ${end}: leaves neither its order nor its metadata on points that stay`, async () => {
				const index = open();
				await index.open();
				await attempt(index, before, null);
				assert.deepEqual(await faults(index, before), []);
				await attempt(index, interrupted, end);
				await attempt(index, after, null);
				assert.deepEqual(await faults(index, after), []);
				await index.close();
			});

			for (const next of [after, before]) {
				it(`${name}, buried ${end}: nor where it was given up, and ${next === before ? 'what was published comes' : 'another change comes'}`, async () => {
					const index = open();
					await index.open();
					await attempt(index, before, null);
					await bury(index, await attempt(index, interrupted, end));
					await attempt(index, next, null);
					assert.deepEqual(await faults(index, next), []);
					await index.close();
				});
			}

			for (const given of [{ added: 2 }, { added: 2, tags: ['walnut'] }]) {
				const more = 'tags' in given ? ' and other words' : '';
				const patched: State = { text: 'abcd', metadata: { kept: 3 } };
				const undone = { ...Object.fromEntries(Object.keys(given).map((key) => [key, null])), kept: 3 };

				it(`${name}, ${end}: a patch${more}, and the next one finishes its work`, async () => {
					const index = open();
					await index.open();
					await attempt(index, before, null);
					await carryOut(index, patchOf(given), end);
					await carryOut(index, patchOf(undone), null);
					assert.deepEqual(await faults(index, patched), []);
					await carryOut(index, patchOf(given), end);
					await attempt(index, after, null);
					assert.deepEqual(await faults(index, after), []);
					await index.close();
				});

				it(`${name}, buried ${end}: a patch${more}, and the next one writes all fields`, async () => {
					const index = open();
					await index.open();
					await attempt(index, before, null);
					await bury(index, await carryOut(index, patchOf(given), end));
					await carryOut(index, patchOf(undone), null);
					assert.deepEqual(await faults(index, patched), []);
					await bury(index, await carryOut(index, patchOf(given), end));
					await attempt(index, { ...patched, text: 'abcd' }, null);
					assert.deepEqual(await faults(index, patched), []);
					await index.close();
				});
			}

			it(`${name}, ${end}: a patch of what was interrupted`, async () => {
				const index = open();
				await index.open();
				await attempt(index, before, null);
				await attempt(index, interrupted, end);
				await carryOut(index, patchOf({ added: null, kept: 4 }), null);
				assert.deepEqual(await faults(index, { text: 'dabc', metadata: { kept: 4 } }), []);
				await index.close();
			});
		}
	}
});
