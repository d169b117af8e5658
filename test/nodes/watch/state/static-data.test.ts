import assert from 'node:assert/strict';
import { v4 as uuid } from 'uuid';
import type { FileState } from '../../../../nodes/watch/state/file-state-port.ts';
import {
	createStaticDataFileState,
	SEQ_MARGIN,
	touchStaticData,
	type NewestTexts,
	type StaticData,
} from '../../../../nodes/watch/state/static-data.ts';
import { allRows, describeFileState, fileRow } from '../../../conformance/file-state.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { createN8n } from './static-data-n8n.ts';

const KEY = 'docdrop:node-1';
const SOURCE = '4d2b1f0e-0000-8000-a000-000000000001';

describe('static data FileState', () => {
	const clock = fakeClock();
	const on = (data: StaticData, newest?: NewestTexts, sourceId = SOURCE): FileState =>
		createStaticDataFileState({ data, key: KEY, clock, sourceId, ...(newest !== undefined && { newest }) });
	/** Saved and read again, as by a restart of n8n. */
	const restarted = (data: StaticData): StaticData => {
		const n8n = createN8n();
		n8n.column = JSON.stringify({ global: data });
		return n8n.activate().data;
	};

	/** Each close saves, each open is a process of its own. */
	async function acrossRestarts(): Promise<FileState> {
		const n8n = createN8n();
		const sourceId = uuid();
		let active = n8n.activate();
		let state = on(active.data, undefined, sourceId);
		let isOpen = false;
		return {
			open() {
				if (!isOpen) {
					active = n8n.activate();
					state = on(active.data, undefined, sourceId);
				}
				isOpen = true;
				return state.open();
			},
			rows: () => state.rows(),
			commit: (change) => state.commit(change),
			async close() {
				isOpen = false;
				await state.close();
				await active.save();
			},
		};
	}
	describeFileState('static data', acrossRestarts, { nextSeqAtOpen: 'raised' });

	it('is one value under its key, and n8n sees each commit as a change to save', async () => {
		const n8n = createN8n();
		const { data, save } = n8n.activate();
		data['other'] = { of: 'another node' };
		const state = on(data);
		await state.open();
		await save();
		const before = n8n.column;
		await state.commit({ put: [fileRow()] });
		assert.equal(n8n.column, before);
		await save();
		assert.notEqual(n8n.column, before);
		assert.deepEqual(Object.keys(data), ['other', KEY]);
		assert.equal(JSON.stringify(JSON.parse(n8n.column).global[KEY]), JSON.stringify(data[KEY]));
	});

	it('is saved with an emit even if an earlier save ends between commit and emit, once it was touched', async () => {
		const n8n = createN8n();
		const { data, save } = n8n.activate();
		const state = on(data);
		await state.open();
		const saving = save();
		await state.commit({ put: [fileRow()] });
		await saving;
		// Without the touch, n8n has forgotten here that anything changed.
		await save();
		assert.equal(n8n.column.includes('b.txt'), false);
		touchStaticData(data, KEY);
		await save();
		assert.equal(n8n.column.includes('b.txt'), true);
	});

	it('goes on above every number that may have been given out since the last save', async () => {
		const data: StaticData = {};
		const state = on(data);
		await state.open();
		await state.commit({ nextSeq: 50 });
		const saved = restarted(data);
		await state.commit({ nextSeq: 50 + SEQ_MARGIN });
		const second = await on(restarted(saved)).open();
		assert.equal(second.nextSeq, 50 + SEQ_MARGIN);
		// That life was not saved at all: the third begins with the same text, later.
		await clock.advance(2000);
		const third = await on(saved).open();
		assert.equal(third.epoch, second.epoch);
		assert.equal(third.nextSeq, second.nextSeq + 1000);
		clock.jumpWall(-3_600_000);
		assert.ok((await on(restarted(saved)).open()).nextSeq >= third.nextSeq + SEQ_MARGIN);
	});

	it('begins a new epoch before the numbers end, and refuses to give out more than there are', async () => {
		const data: StaticData = {};
		const state = on(data);
		const { epoch } = await state.open();
		await state.commit({ nextSeq: 3 * 2 ** 30 - SEQ_MARGIN, put: [fileRow()] });
		assert.equal((await on(restarted(data)).open()).epoch, epoch);
		await state.commit({ nextSeq: 3 * 2 ** 30 });
		const next = on(restarted(data));
		const head = await next.open();
		assert.notEqual(head.epoch, epoch);
		assert.deepEqual([head.sourceId, head.nextSeq, await allRows(next)], [SOURCE, 1, []]);
		await assert.rejects(state.commit({ nextSeq: 2 ** 32 - 1 }));
	});

	it('takes a value that is not its own whole text as a lost state: a new epoch of the same source', async () => {
		const data: StaticData = {};
		const state = on(data);
		const { epoch } = await state.open();
		await state.commit({ put: [fileRow()] });
		const whole = data[KEY] as string;
		const elsewhere: StaticData = {};
		await on(elsewhere, undefined, 'another source').open();
		const values = [
			...[undefined, null, 0, '', 'garbage', '{', '[]', 'null', '{}', { v: 1 }, [], { v: '2' }, { v: 1.5 }],
			...[
				whole.slice(0, -1),
				whole.slice(0, 90),
				`${whole} `,
				whole.replace('b.txt', 'c.txt'),
				JSON.parse(whole),
			],
			...[whole.replace('"v":1', '"v":0'), elsewhere[KEY], '['.repeat(100_000)],
		];
		for (const value of values) {
			const next = on(restarted({ [KEY]: value }));
			const head = await next.open();
			assert.notEqual(head.epoch, epoch, String(value));
			assert.deepEqual([head.sourceId, head.nextSeq, await allRows(next)], [SOURCE, 1, []]);
		}
		assert.equal((await on(restarted({ [KEY]: whole })).open()).epoch, epoch);
	});

	it('refuses what a newer version wrote, and leaves it as it is', async () => {
		for (const value of ['{"v":2,"files":[]}', { v: 2, files: [] }]) {
			const data = restarted({ [KEY]: value });
			const before = JSON.stringify(data);
			await assert.rejects(on(data).open(), { name: 'StateError', code: 'state_newer' });
			assert.equal(JSON.stringify(data), before);
		}
	});

	it('finds out at the next commit that somebody else wrote, and lets the next state begin anew', async () => {
		const older: StaticData = {};
		const others = [
			(data: StaticData) => void (data[KEY] = 'garbage'),
			(data: StaticData) => void (data[KEY] = older[KEY]),
			(data: StaticData) => void delete data[KEY],
		];
		for (const overwrite of others) {
			const { data } = createN8n().activate();
			const newest: NewestTexts = new Map();
			const state = on(data, newest);
			const { epoch } = await state.open();
			older[KEY] = data[KEY];
			await state.commit({ put: [fileRow()], nextSeq: 9 });
			overwrite(data);
			const late = { put: [fileRow({ path: 'late' })], nextSeq: 10 };
			await assert.rejects(state.commit(late), { name: 'StateError', code: 'state_overwritten' });
			const fresh = on(data, newest);
			const head = await fresh.open();
			assert.notEqual(head.epoch, epoch);
			assert.deepEqual([head.sourceId, await allRows(fresh)], [SOURCE, []]);
			// The old one, as its engine ends, harms the fresh one no more.
			await assert.rejects(state.commit(late), { code: 'state_overwritten' });
			await state.close();
			await fresh.commit({ put: [fileRow()] });
		}
	});

	it('goes on with what this process wrote last where n8n stored an older text', async () => {
		const newest: NewestTexts = new Map();
		const first: StaticData = {};
		const state = on(first, newest);
		const { epoch } = await state.open();
		const stored = restarted(first);
		await state.commit({ put: [fileRow()], nextSeq: 7 });
		await state.close();
		const second = on(stored, newest);
		assert.equal((await second.open()).epoch, epoch);
		assert.deepEqual(await allRows(second), [fileRow()]);
		await second.commit({ put: [fileRow({ path: 'c' })] });
		await second.close();
		// The oldest text once more, as an execution that ran all the time leaves it behind.
		const third = on(restarted(first), newest);
		await third.open();
		assert.equal((await allRows(third)).length, 2);
		// What another process wrote since is not older.
		const elsewhere = restarted(stored);
		const foreign = on(elsewhere);
		await foreign.open();
		await foreign.commit({ remove: [{ root: 'docs', path: 'c' }] });
		const fourth = on(restarted(elsewhere), newest);
		await fourth.open();
		assert.deepEqual(await allRows(fourth), [fileRow()]);
		// And what is damaged is lost, whatever this process knows.
		assert.notEqual((await on({ [KEY]: 'garbage' }, newest).open()).epoch, epoch);
	});
});
