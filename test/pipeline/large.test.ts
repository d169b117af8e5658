import { createBlame } from '../../api/pipeline/faults/blame.ts';
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { lexicalVector } from '../support/lexical-vector.ts';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createSpools } from '../../api/adapters/spool/files.ts';
import { createLaneLock } from '../../api/pipeline/publish/lane-lock.ts';
import { canonicalJson } from '../../api/domain/meta.ts';
import { plan } from '../../api/domain/chunk-plan.ts';
import { prepareLarge, type LargePrepared } from '../../api/pipeline/prepare/prepare-large.ts';
import { prepare } from '../../api/pipeline/prepare/prepare.ts';
import { preparePatchLarge } from '../../api/pipeline/prepare/prepare-patch.ts';
import { largeSteps } from '../../api/pipeline/publish/publish-large.ts';
import { publish } from '../../api/pipeline/publish/publish.ts';
import { noCrash } from '../../api/pipeline/faults/crash-points.ts';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import type { Spools } from '../../api/ports/spool.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { changeOf } from '../support/leased-documents.ts';
import { noBreaker } from '../support/no-breaker.ts';

/** A letter is a section; a document of some of them in some order. */
const anyText = fc
	.array(fc.constantFrom(...'abcdefghij'), { maxLength: 14 })
	.map((letters) => letters.join(''));
const textOf = (letters: string) =>
	Array.from(letters, (letter) => `# ${letter}\n\nAbout ${letter}.`).join('\n\n');

describe('a large document', function () {
	this.timeout(120_000);
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-large-test-'));
	after(() => rmSync(dir, { recursive: true, force: true }));
	const extractor = createInProcessExtractor({ chunking: { maxChars: 200, overlapChars: 0 } });
	const { signal } = new AbortController();
	const reading = { enter: () => Promise.resolve(() => {}) };
	let embedded: string[];
	const embed = {
		embed: async (texts: readonly string[]) => {
			embedded.push(...texts);
			return texts.map(lexicalVector);
		},
	};
	let docStore: DocStore;
	let index: VectorStore;
	let spools: Spools;
	let now: number;
	beforeEach(begin);
	afterEach(() => docStore.close());
	function begin(): void {
		embedded = [];
		docStore = createMemoryDocStore();
		index = createMemoryVectorStore({ dimensions: 256 });
		spools = createSpools({ dir, dimensions: 256, maxBytes: 1e9 });
		now = 1_000;
	}
	const turn = createLaneLock(() => 0).turn();
	const deps = () => ({
		docStore,
		vectorStore: index,
		breaker: noBreaker,
		blame: createBlame(),
		crashPoint: noCrash,
		now: () => now,
		signal,
		turn,
	});

	/** Null where nothing is to be done: a deletion of what is not there. The metadata make every version another one. */
	async function claim(text: string | null): Promise<Claimed | null> {
		now += 100_000;
		const fields = { mimeType: 'text/markdown', path: null, title: null, metadata: { at: now } };
		const body = textOf(text ?? '');
		const content = { sha256: hash('sha256', body), size: body.length, body };
		const more = text === null ? {} : { meta: canonicalJson(fields), content };
		await docStore.accept([changeOf('doc', text === null ? null : body, more)], now, {
			maxPending: Infinity,
			maxPendingBytes: Infinity,
		});
		const [claimed] = await docStore.claim({ now, limit: 1, maxBytes: Infinity, leaseMs: 1_000 });
		return claimed ?? null;
	}
	/** Its first `steps`; null for all. Returns how many there are. */
	async function carryOut(prepared: LargePrepared, steps: number | null): Promise<number> {
		let done = 0;
		const progress = { isLost: false, isCommitted: false };
		for (const step of largeSteps(prepared, () => ({ publishMs: 0 }), progress, deps())) {
			if (done === steps) break;
			// Each of them may be done twice.
			await step(turn);
			if (!progress.isCommitted) await step(turn);
			done += 1;
		}
		turn.leave();
		await prepared.spool?.close();
		return done;
	}
	const largeDeps = () => ({
		...{ docStore, extractor, reading, embed, spools, signal },
		...{ vectorStore: index, breaker: noBreaker },
	});
	const large = async (text: string | null, steps: number | null = null) => {
		const claimed = await claim(text);
		if (claimed === null) return 0;
		return carryOut(await prepareLarge(claimed, largeDeps()), steps);
	};
	async function small(text: string | null): Promise<void> {
		const claimed = await claim(text);
		if (claimed === null) return;
		const prepared = await prepare(claimed, {
			docStore,
			extractor,
			reading,
			embed,
			vectorStore: index,
			breaker: noBreaker,
			clock: systemClock,
			stallMs: 60_000,
			signal,
		});
		await publish([prepared], () => ({}), deps());
	}
	/** What the index and the store hold, versions and times aside. */
	async function held() {
		const points: { id: string; order: string; content: string }[] = [];
		for await (const { id, order, content } of index.scan('t')) points.push({ id, order, content });
		const chunks = await docStore.manifest('t', 'doc');
		const state = await docStore.document('t', 'doc');
		return {
			points: points.toSorted((a, b) => (a.order < b.order ? -1 : 1)),
			chunks: chunks.map(({ pointId, order }) => ({ pointId, order })),
			orphans: state?.orphans,
			count: state?.published?.chunks ?? null,
			state: state?.state,
		};
	}

	it('ends as one that is written at once does, whichever came before', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.tuple(fc.option(anyText), fc.boolean()), { maxLength: 5 }),
				async (versions) => {
					begin();
					for (const [text, isSmall] of versions) await (isSmall ? small(text) : large(text));
					const found = await held();
					begin();
					for (const [text] of versions) await small(text);
					assert.deepEqual(found, await held());
				},
			),
			{ numRuns: 25 },
		);
	});

	it('is finished by the next attempt, whatever step it was killed at', async () => {
		await fc.assert(
			fc.asyncProperty(
				anyText,
				anyText,
				fc.option(anyText),
				fc.nat(12),
				async (first, second, third, steps) => {
					begin();
					await large(first);
					await large(second, steps);
					await large(third);
					const found = await held();
					const extracted =
						third === null
							? []
							: (await extractor.extract({ content: Buffer.from(textOf(third)), mimeType: 'text/markdown' }))
									.chunks;
					assert.deepEqual(
						found.points.map(({ content }) => content),
						extracted.map(({ text }) => text),
					);
					assert.deepEqual(
						found.chunks,
						found.points.map(({ id, order }) => ({ pointId: id, order })),
					);
					assert.equal(found.orphans, 0);
					assert.equal(found.count ?? 0, extracted.length);
				},
			),
			{ numRuns: 60 },
		);
	});

	/** As one of so many chunks that they do not travel with the claim. */
	async function patch(metadata: object, steps: number | null = null): Promise<void> {
		now += 100_000;
		const change = changeOf('doc', null, { op: 'patch', meta: canonicalJson(metadata), fingerprint: 'f' });
		await docStore.accept([change], now, { maxPending: Infinity, maxPendingBytes: Infinity });
		const [claimed] = await docStore.claim({ now, limit: 1, maxBytes: Infinity, leaseMs: 1_000 });
		assert.ok(claimed);
		const paged = { ...claimed, isPaged: true, manifest: [], orphans: [] };
		await carryOut(await preparePatchLarge(paged, largeDeps()), steps);
	}

	for (const first of [{ shelf: 1 }, { shelf: 1, tags: ['walnut'] }]) {
		const what = 'tags' in first ? 'other words' : 'other fields';
		it(`takes ${what} on all of its points, whatever step an attempt was killed at, and embeds nothing`, async () => {
			await fc.assert(
				fc.asyncProperty(anyText, fc.option(fc.nat(4)), async (text, steps) => {
					begin();
					await large(text);
					const [before, cost] = [await held(), embedded.length];
					await patch(first, steps);
					await patch({ shelf: 2, tags: null });
					assert.deepEqual(await held(), before);
					for await (const { fields } of index.scan('t')) {
						const { at: _time, ...extra } = fields.extra;
						assert.deepEqual(extra, { shelf: 2 });
						assert.equal(fields.version, (await docStore.document('t', 'doc'))?.published?.version);
					}
					assert.equal(embedded.length, cost);
				}),
				{ numRuns: 25 },
			);
		});
	}

	it('embeds only what its checkpoint does not have', async () => {
		await large('abcdef', 2);
		assert.equal(embedded.length, 6);
		await large('abcdef');
		assert.equal(embedded.length, 6, 'nothing was embedded again');
		await large('abcxdef');
		assert.equal(embedded.length, 7);
	});

	describe('that was moved', () => {
		const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
		async function move(to: string, letters: string): Promise<Claimed> {
			now += 100_000;
			const body = textOf(letters);
			const content = { sha256: hash('sha256', body), size: body.length, body };
			const previous = { tenant: 't', docId: 'doc', jobId: changeOf('doc', null).jobId };
			await docStore.accept([changeOf(to, body, { content, previous })], now, noLimits);
			const [claimed] = await docStore.claim({ now, limit: 1, maxBytes: Infinity, leaseMs: 1_000 });
			assert.ok(claimed !== undefined);
			return claimed;
		}

		for (const isTidied of [false, true])
			it(`takes its vectors over, its old marks ${isTidied ? 'tidied' : 'as the commit left them'}`, async () => {
				const claimed = await claim('abcdefab');
				assert.ok(claimed !== null);
				const prepared = await prepareLarge(claimed, largeDeps());
				// Up to the commit, which is the fifth step from the end at the latest.
				const progress = { isLost: false, isCommitted: false };
				for (const step of largeSteps(prepared, () => ({ publishMs: 0 }), progress, deps())) {
					if (progress.isCommitted && !isTidied) break;
					await step(turn);
				}
				turn.leave();
				await prepared.spool?.close();
				const before = embedded.length;
				const moved = await move(`new ${isTidied}`, 'abxcdefab');
				assert.ok(JSON.stringify(moved.moveSources).length < 300, 'no manifest travels with the claim');
				const again = await prepareLarge(moved, largeDeps());
				assert.deepEqual([again.embedded, again.reused], [1, 8]);
				assert.deepEqual(embedded.slice(before), ['x\n\nAbout x.']);
				await carryOut(again, null);
				const vectors = async (docId: string) => {
					const all: string[] = [];
					for await (const { id, content } of index.scan('t', docId)) {
						const vector = (await index.vectors('t', [id])).get(id);
						all.push(JSON.stringify([content, Array.from(vector ?? [])]));
					}
					return new Set(all);
				};
				const found = await vectors(`new ${isTidied}`);
				for (const one of await vectors('doc')) assert.ok(found.has(one));
			});

		it('embeds what was not certainly published, and all of it where the index cannot be read', async () => {
			await large('abcd');
			// An attempt that began to rewrite: nobody can count on any of its entries.
			await large('xbcd', 1);
			const claimed = await move('new', 'abcd');
			const broken = { ...index, vectors: () => Promise.reject(new Error('away')) };
			const none = await prepareLarge(claimed, { ...largeDeps(), vectorStore: broken });
			assert.deepEqual([none.embedded, none.reused], [4, 0]);
			await none.spool?.close();
		});
	});

	it('plans what plan does', async () => {
		await fc.assert(
			fc.asyncProperty(anyText, anyText, async (before, text) => {
				begin();
				await large(before);
				const claimed = await claim(text);
				assert.ok(claimed !== null);
				const prepared = await prepareLarge(claimed, largeDeps());
				await prepared.spool?.close();
				const { chunks } = await extractor.extract({
					content: Buffer.from(textOf(text)),
					mimeType: 'text/markdown',
				});
				const { tenant, docId, manifest, orphans } = claimed;
				const expected = plan({ tenant, docId, chunks, manifest, orphans, canKeep: true });
				const found = prepared.plan;
				assert.deepEqual(
					expected.manifest.map(({ pointId, order }) => ({ pointId, order })),
					chunks.map((_, at) => ({ pointId: found.pointId(at), order: found.order(at) })),
				);
				assert.deepEqual(found.keptIds(), expected.kept);
				assert.deepEqual(found.reordered(), expected.reordered);
				assert.deepEqual(found.goneIds(0, 99).ids.toSorted(), expected.gone.toSorted());
			}),
			{ numRuns: 60 },
		);
	});
});
