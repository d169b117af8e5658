import assert from 'node:assert/strict';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import { expectedOf } from './expected.ts';
import { judgeIndex, judgeRest, judgeSecret, judgeSending, sha256, type Look } from './watch-judge.ts';
import { docFields } from '../support/doc-fields.ts';

describe('the verdict on a folder that was followed through crashes', () => {
	const look = (own: {
		settled?: Record<string, string>;
		receipts?: Record<string, number>;
		touches?: Record<string, number>;
		folder?: Record<string, string>;
	}): Look => ({
		evidence: {
			settled: new Map(Object.entries(own.settled ?? {})),
			seen: new Map(),
			receipts: new Map(Object.entries(own.receipts ?? {})),
			taken: new Map(),
		},
		touches: (path) => own.touches?.[path] ?? 0,
		folder: new Map(Object.entries(own.folder ?? {})),
	});
	const calm = { settled: { 'a.md': 'one' }, folder: { 'a.md': 'one' }, receipts: { 'a.md': 1 } };
	const kinds = (before: Look, after: Look) => judgeSending(before, after).map(({ kind }) => kind);

	it('wants nothing sent of a file that was acknowledged and not touched', () => {
		assert.deepEqual(kinds(look(calm), look(calm)), []);
		assert.deepEqual(kinds(look(calm), look({ ...calm, receipts: { 'a.md': 2 } })), ['resent']);
		assert.deepEqual(kinds(look(calm), look({ ...calm, settled: {} })), ['forgotten']);
	});

	it('says nothing of a file that was touched, was on its way, or differed already', () => {
		const after = look({ receipts: { 'a.md': 2 }, touches: { 'a.md': 1 } });
		assert.deepEqual(kinds(look(calm), after), []);
		assert.deepEqual(kinds(look({ ...calm, settled: {} }), look({ receipts: { 'a.md': 2 } })), []);
		assert.deepEqual(
			kinds(look({ ...calm, folder: { 'a.md': 'two' } }), look({ receipts: { 'a.md': 2 } })),
			[],
		);
	});

	it('wants everything acknowledged where nothing was left to do, but for files that nobody reads', () => {
		assert.deepEqual(judgeRest(look(calm)), []);
		const faults = judgeRest(look({ folder: { 'a.md': 'one', 'b.bin': 'two' } }));
		assert.deepEqual(
			faults.map(({ kind }) => kind),
			['forgotten'],
		);
	});

	it('wants nothing taken of what lies outside of the folder', () => {
		const evidence = { ...look({}).evidence, taken: new Map([['x', 'a.md']]) };
		assert.deepEqual(judgeSecret(evidence, 'y'), []);
		assert.deepEqual(
			judgeSecret(evidence, 'x').map(({ kind }) => kind),
			['leaked'],
		);
	});

	it('holds the index and the state of the folder against the folder', async () => {
		const content = Buffer.from('# Title\n\nSome text.');
		const extractor = createInProcessExtractor({ chunking: { maxChars: 400, overlapChars: 40 } });
		const named = { tenant: 't', docId: 'a.md' };
		const sent = { ...named, content, mimeType: 'text/markdown', title: null, path: 'a.md', metadata: {} };
		const { chunks, fields } = await expectedOf(sent, extractor);
		const points = chunks.map(({ heading, page, text }, index): StoredPoint => ({
			...named,
			id: String(index),
			content: text,
			heading,
			page,
			order: String(index),
			fields: docFields(fields),
		}));
		const judge = async (own: { points?: StoredPoint[]; seen?: [string, string][]; counted?: number }) => {
			const evidence = {
				settled: new Map<string, string>(),
				seen: new Map(own.seen ?? [['a.md', sha256(content)]]),
				receipts: new Map<string, number>(),
				taken: new Map<string, string>(),
			};
			const end = {
				tenant: 't',
				files: new Map([['a.md', content]]),
				index: { points: own.points ?? points, faults: [] },
				store: { docs: new Map(), jobs: new Map(), faults: [] },
				evidence,
				counted: own.counted ?? 1,
			};
			return (await judgeIndex(end, extractor)).map(({ kind }) => kind);
		};
		assert.equal(points.length, 1);
		assert.deepEqual(await judge({}), []);
		assert.deepEqual(await judge({ points: [] }), ['lost']);
		assert.deepEqual(await judge({ points: points.concat(points) }), ['duplicated']);
		const renamed = points.map((point): StoredPoint => ({ ...point, docId: 'was.md' }));
		assert.deepEqual(await judge({ points: [...points, ...renamed] }), ['leaked']);
		assert.deepEqual(await judge({ counted: 2 }), ['other']);
		assert.deepEqual(await judge({ seen: [] }), ['other']);
		const old: [string, string][] = [
			['a.md', sha256(content)],
			['was.md', 'x'],
		];
		assert.deepEqual(await judge({ seen: old }), ['other']);
	});
});
