import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FileRow, FileState, StateHead } from '../../../../nodes/watch/state/file-state-port.ts';
import { createStaticDataFileState } from '../../../../nodes/watch/state/static-data.ts';
import { allRows, fileRow } from '../../../conformance/file-state.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { createN8n } from './static-data-n8n.ts';

const KEY = 'docdrop:node-1';
const SOURCE = '4d2b1f0e-0000-8000-a000-000000000001';

/** What somebody else may leave under our key. */
const value = fc.oneof(
	fc.record({ put: fc.constant('text' as const), text: fc.oneof(fc.string(), fc.json()) }),
	fc.record({ put: fc.constant('cut' as const), share: fc.integer({ min: 0, max: 999 }) }),
	fc.record({ put: fc.constant('flip' as const), share: fc.integer({ min: 0, max: 999 }) }),
	fc.record({ put: fc.constant('older' as const), which: fc.nat() }),
	fc.record({ put: fc.constantFrom('other node' as const, 'nothing' as const) }),
);
type Value = typeof value extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			do: fc.constant('commit' as const),
			paths: fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 4 }),
			delivers: fc.boolean(),
			removes: fc.boolean(),
			seqs: fc.oneof({ weight: 9, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.constant(45_000) }),
		}),
	},
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('overwrite' as const), value }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('overwrite stored' as const), value }) },
);

const sorted = (rows: readonly FileRow[]) => rows.toSorted((a, b) => (a.path < b.path ? -1 : 1));
const told = (rows: readonly FileRow[]) =>
	JSON.stringify(sorted(rows), (_, it: unknown) => (typeof it === 'bigint' ? String(it) : it));

describe('static data FileState: any commits, lost saves, kills, and somebody else who writes there', () => {
	it('is always one whole commit or a new epoch, and no number comes twice', () =>
		fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
				const clock = fakeClock();
				const n8n = createN8n();
				let active = n8n.activate();
				let state: FileState;
				let head: StateHead;
				let rows = new Map<string, FileRow>();
				let nextSeq = 0;
				let sinceSave = 0;
				let isSaved = false;
				/** Texts that this life wrote. */
				let texts: string[] = [];
				/** What was ever committed, by text; the next number of then; the highest number given out in each epoch. */
				const committed = new Map<string, string>();
				const seqOf = new Map<string, number>();
				const highest = new Map<string, number>();
				const epochs = new Set<string>();

				const note = () => {
					const text = active.data[KEY] as string;
					texts.push(text);
					seqOf.set(text, nextSeq);
					committed.set(text, told([...rows.values()]));
				};
				const boot = async () => {
					const stored = (JSON.parse(n8n.column) as { global?: Record<string, unknown> }).global?.[KEY];
					active = n8n.activate();
					await open(typeof stored === 'string' ? stored : '');
				};
				const open = async (before: string) => {
					state = createStaticDataFileState({ data: active.data, key: KEY, clock, sourceId: SOURCE });
					head = await state.open();
					assert.equal(head.sourceId, SOURCE);
					const found = await allRows(state);
					const expected = committed.get(before);
					if (expected === undefined) {
						assert.equal(epochs.has(head.epoch), false, 'a lost state is a new epoch');
						assert.deepEqual([head.nextSeq, found], [1, []]);
					} else {
						assert.equal(epochs.has(head.epoch), true);
						assert.equal(told(found), expected);
						assert.ok(
							head.nextSeq > (highest.get(head.epoch) ?? 0),
							'numbers go on above all that were given',
						);
					}
					epochs.add(head.epoch);
					nextSeq = head.nextSeq;
					rows = new Map(found.map((row) => [row.path, row]));
					texts = [];
					sinceSave = 0;
					isSaved = false;
					note();
				};
				const bad = (it: Value): unknown => {
					const text = texts.at(-1) ?? '';
					const at = 'share' in it ? Math.floor((it.share / 1000) * text.length) : 0;
					switch (it.put) {
						case 'text':
							return it.text;
						case 'cut':
							return text.slice(0, at);
						case 'flip':
							// Not the format: that would be a newer program's.
							return at === 5
								? text
								: `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
						case 'older':
							return recent()[it.which % recent().length];
						case 'nothing':
							return undefined;
						case 'other node': {
							const other = { [KEY]: undefined };
							void createStaticDataFileState({ data: other, key: KEY, clock, sourceId: 'another' }).open();
							return other[KEY];
						}
					}
				};
				const recent = () => texts.filter((text) => nextSeq - (seqOf.get(text) ?? 0) < 100_000);
				const isOurs = (it: unknown) => it === texts.at(-1);

				const commit = async (it: { paths: number[]; delivers: boolean; removes: boolean; seqs: number }) => {
					const seqs = sinceSave + it.seqs < 100_000 ? it.seqs : 0;
					const put: FileRow[] = [];
					const remove: { root: string; path: string }[] = [];
					for (const n of it.paths) {
						const path = `p${n}`;
						const before = rows.get(path);
						if (it.removes && before !== undefined) remove.push({ root: 'docs', path });
						else {
							const { seen } = fileRow();
							const delivered = it.delivers ? seen : (before?.delivered ?? null);
							const content = delivered && { size: 3, xxh64: delivered.xxh64, sha256: delivered.sha256 };
							put.push(fileRow({ path, seq: nextSeq, delivered: content, note: `at ${nextSeq}` }));
						}
					}
					// In a life that was not saved yet, numbers take time: at most a hundred a second.
					if (!isSaved) await clock.advance(seqs * 10);
					const change = { put, remove, nextSeq: nextSeq + seqs };
					if (!isOurs(active.data[KEY])) {
						await assert.rejects(state.commit(change), { code: 'state_overwritten' });
						await state.close();
						return open('');
					}
					await state.commit(change);
					nextSeq += seqs;
					sinceSave += seqs;
					if (seqs > 0) highest.set(head.epoch, nextSeq - 1);
					for (const row of put) rows.set(row.path, row);
					for (const { path } of remove) rows.delete(path);
					note();
				};

				await boot();
				for (const it of steps) {
					if (it.do === 'commit') await commit(it);
					else if (it.do === 'save') {
						await active.save();
						isSaved = isOurs(active.data[KEY]);
						if (isSaved) sinceSave = 0;
					} else if (it.do === 'kill') {
						await clock.advance(10);
						await boot();
					} else if (it.do === 'overwrite') {
						const next = bad(it.value);
						if (next === undefined) delete active.data[KEY];
						else active.data[KEY] = next;
					} else {
						n8n.column = JSON.stringify({ global: { [KEY]: bad(it.value) } });
						await boot();
					}
				}
			}),
			{ numRuns: 150 },
		));
});
