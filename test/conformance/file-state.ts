import assert from 'node:assert/strict';
import type { FileRow, FileState, StateHead } from '../../nodes/watch/state/file-state-port.ts';

/** A row with every field set; `over` replaces what a test is about. */
export function fileRow(over: Partial<FileRow> = {}): FileRow {
	return {
		root: 'docs',
		path: 'a/b.txt',
		seen: {
			size: 3,
			xxh64: '0123456789abcdef',
			sha256: 'a'.repeat(64),
			mtimeNs: 1_700_000_000_123_456_789n,
			ctimeNs: 1_700_000_000_987_654_321n,
			ino: 2n ** 64n - 1n,
			racy: true,
		},
		delivered: { size: 2, xxh64: 'fedcba9876543210', sha256: 'b'.repeat(64) },
		seq: 7,
		deliveredSeq: 5,
		deliveredAt: 1_700_000_000_000,
		tries: 2,
		failed: { sha256: 'c'.repeat(64), reason: 'unreadable', retryAt: 1_700_000_086_400 },
		note: 'content changed',
		...over,
	};
}

export async function allRows(state: FileState): Promise<FileRow[]> {
	const rows: FileRow[] = [];
	for await (const page of state.rows()) rows.push(...page);
	return rows;
}

/** Where an adapter's own text says that it keeps a promise in another way. */
export interface FileStateKind {
	/** Promises 1 and 3: `open` gives nextSeq as it was committed, or a higher one, because the last commits may be lost. */
	readonly nextSeqAtOpen: 'kept' | 'raised';
}

/** The promises of nodes/watch/state/file-state-port.ts that every adapter keeps, by their numbers. */
export function describeFileState(
	name: string,
	create: () => Promise<FileState>,
	{ nextSeqAtOpen }: FileStateKind = { nextSeqAtOpen: 'kept' },
): void {
	describe(`FileState ${name}`, () => {
		let state: FileState;
		beforeEach(async () => {
			state = await create();
			await state.open();
		});
		afterEach(() => state.close());

		const rows = () => allRows(state);
		const reopened = async () => {
			await state.close();
			return state.open();
		};
		const assertNextSeq = (head: StateHead, committed: number) => {
			if (nextSeqAtOpen === 'kept') assert.equal(head.nextSeq, committed);
			else assert.ok(head.nextSeq > committed && head.nextSeq < 2 ** 32, String(head.nextSeq));
		};

		it('1: makes a new state with ids of its own, and gives it back after a restart', async () => {
			const head = await state.open();
			assert.match(head.epoch, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
			assert.match(head.sourceId, /^[0-9a-f-]{36}$/);
			assert.deepEqual(
				{ ...head, epoch: '', sourceId: '' },
				{ epoch: '', sourceId: '', nextSeq: 1, firstRoot: null, rootIds: {}, snapshotClosed: false },
			);
			const change = { nextSeq: 12, firstRoot: 'docs', rootIds: { docs: '77' }, snapshotClosed: true };
			await state.commit(change);
			const later = await reopened();
			assertNextSeq(later, 12);
			assert.deepEqual(later, { ...head, ...change, nextSeq: later.nextSeq });
			const other = await create();
			assert.notEqual((await other.open()).epoch, head.epoch);
			await other.close();
		});

		it('3: a commit is whole: rows, removals and seq together', async () => {
			await state.commit({ put: [fileRow(), fileRow({ path: 'old' })], nextSeq: 3 });
			await state.commit({
				put: [fileRow({ seq: 9 })],
				remove: [{ root: 'docs', path: 'old' }],
				nextSeq: 10,
			});
			assertNextSeq(await reopened(), 10);
			assert.deepEqual(await rows(), [fileRow({ seq: 9 })]);
		});

		it('3, 4: a commit that would lower nextSeq rejects and has no effect', async () => {
			await state.commit({ put: [fileRow()], nextSeq: 5 });
			const lower = { put: [fileRow({ note: 'lost' })], remove: [], nextSeq: 4, firstRoot: 'x' };
			await assert.rejects(state.commit(lower));
			await assert.rejects(state.commit({ nextSeq: 4 }));
			const head = await reopened();
			assertNextSeq(head, 5);
			assert.equal(head.firstRoot, null);
			assert.deepEqual(await rows(), [fileRow()]);
		});

		it('3: a commit that fails half-way has no effect', async () => {
			await state.commit({ put: [fileRow()], nextSeq: 5 });
			const unstorable = fileRow({ path: 'b', note: (() => {}) as never });
			const put = [fileRow({ note: 'lost' }), fileRow({ path: 'a' }), unstorable];
			await assert.rejects(state.commit({ put, nextSeq: 9, firstRoot: 'x' }));
			await state.commit({ nextSeq: 5 });
			const head = await reopened();
			assertNextSeq(head, 5);
			assert.equal(head.firstRoot, null);
			assert.deepEqual(await rows(), [fileRow()]);
		});

		it('5: gives every row back exactly, nulls and all', async () => {
			const all = [
				fileRow(),
				fileRow({ path: 'gone', seen: null, failed: { sha256: null, reason: 'refused', retryAt: null } }),
				fileRow({
					path: 'new',
					delivered: null,
					deliveredAt: null,
					failed: null,
					seq: 0,
					deliveredSeq: 0,
					tries: 0,
				}),
				fileRow({ path: 'it\'s "quoted"; -- 100% ü 漢字 \u{1F600}.txt' }),
			];
			await state.commit({ put: all });
			await reopened();
			const byPath = (a: FileRow, b: FileRow) => (a.path < b.path ? -1 : 1);
			assert.deepEqual((await rows()).sort(byPath), all.sort(byPath));
		});

		it('5: gives each of many rows once', async () => {
			const put = Array.from({ length: 2500 }, (_, n) => fileRow({ root: `r${n % 3}`, path: `f${n}` }));
			await state.commit({ put });
			const found = await rows();
			assert.equal(found.length, 2500);
			assert.equal(new Set(found.map((row) => `${row.root}/${row.path}`)).size, 2500);
		});

		it('6: folds neither case nor Unicode form, and keeps roots apart', async () => {
			const keys = [
				['a', 'é'],
				['a', 'e\u0301'],
				['a', 'E'],
				['a', 'e'],
				['b', 'e'],
				['a/b', 'c'],
				['a', 'b/c'],
			];
			await state.commit({ put: keys.map(([root = '', path = '']) => fileRow({ root, path })) });
			await state.commit({ remove: [{ root: 'a', path: 'E' }] });
			assert.equal((await rows()).length, keys.length - 1);
		});

		it('7: rows belong to the caller on both sides', async () => {
			const row = fileRow() as { note: string } & FileRow;
			await state.commit({ put: [row] });
			row.note = 'changed by the caller';
			const [first] = (await rows()) as ({ note: string } & FileRow)[];
			assert.equal(first?.note, 'content changed');
			first.note = 'changed again';
			assert.equal((await rows())[0]?.note, 'content changed');
		});
	});
}
