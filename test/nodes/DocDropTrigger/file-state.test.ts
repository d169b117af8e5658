import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
	chooseFileState,
	shouldMove,
	ownSourceId,
	storedEpoch,
	type ChosenFileState,
} from '../../../nodes/DocDropTrigger/file-state.ts';
import type { StateHead } from '../../../nodes/watch/state/file-state-port.ts';
import type { NewestTexts, StaticData } from '../../../nodes/watch/state/static-data.ts';
import { allRows, fileRow } from '../../conformance/file-state.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { tempDirs } from '../watch/temp-dirs.ts';

type Deps = Parameters<typeof chooseFileState>[0];

describe('file state of a trigger node', () => {
	const temp = tempDirs();
	const clock = fakeClock();
	let home: string;
	let data: StaticData;
	beforeEach(async () => {
		home = await temp.make();
		data = {};
	});

	/** By a process of its own, unless `newest` is given. */
	const choose = (over: Partial<Deps> = {}): ChosenFileState =>
		chooseFileState({
			...{ setting: 'auto', data, workflowId: 'w1', nodeId: 'n1', roots: [], clock, env: {}, home },
			newest: new Map(),
			sourceId: ownSourceId(over.workflowId ?? 'w1', over.nodeId ?? 'n1'),
			...over,
		});
	/** Opens what is chosen, puts a row, and closes it; the head and how many rows were there before. */
	async function use(over: Partial<Deps> = {}): Promise<StateHead & { kind: string; rows: number }> {
		const { kind, state } = choose(over);
		const head = await state.open();
		const rows = (await allRows(state)).length;
		await state.commit({ put: [fileRow()], nextSeq: head.nextSeq + 1 });
		await state.close();
		return { ...head, kind, rows };
	}
	const folder = () => join(home, '.n8n', 'docdrop');
	const database = async () =>
		join(folder(), (await readdir(folder())).find((it) => it.endsWith('.db')) ?? '');
	const copyOf = (it: StaticData) => JSON.parse(JSON.stringify(it)) as StaticData;

	it('asks for a move above 1,000 files, and only where the choice is automatic', () => {
		assert.equal(shouldMove('staticData', 'auto', 1000), false);
		assert.equal(shouldMove('staticData', 'auto', 1001), true);
		assert.equal(shouldMove('sqlite', 'auto', 5000), false);
		assert.equal(shouldMove('staticData', 'staticData', 5000), false);
	});

	it('knows the epoch of what is stored, wherever that is, and nothing of what is not its own', async () => {
		const ask = (nodeId = 'n1') =>
			storedEpoch({ data, workflowId: 'w1', nodeId, env: {}, home })?.epoch ?? null;
		assert.equal(ask(), null);
		const { epoch } = await use({ setting: 'staticData' });
		assert.equal(ask(), epoch);
		assert.equal(ask('n2'), null);
		const moved = await use({ setting: 'sqlite' });
		assert.notEqual(moved.epoch, epoch);
		assert.equal(ask(), moved.epoch);
		await writeFile(await database(), 'no database');
		assert.equal(ask(), null);
	});

	it('names a source by workflow and node, with a UUID of version 8', () => {
		const id = ownSourceId('w1', 'n1');
		assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
		assert.equal(ownSourceId('w1', 'n1'), id);
		assert.equal(
			new Set([id, ownSourceId('w1n', '1'), ownSourceId('w', '1n1'), ownSourceId('n1', 'w1')]).size,
			4,
		);
	});

	it('begins in static data, touches no disk, and goes on there', async () => {
		const first = await use();
		assert.deepEqual([first.kind, first.sourceId, first.rows], ['staticData', ownSourceId('w1', 'n1'), 0]);
		const again = await use({ data: copyOf(data) });
		assert.deepEqual([again.kind, again.epoch, again.rows], ['staticData', first.epoch, 1]);
		assert.equal(existsSync(join(home, '.n8n')), false);
	});

	it('moves to SQLite with a new epoch, and never back by itself', async () => {
		const before = await use();
		const old = copyOf(data);
		const moved = await use({ setting: 'sqlite' });
		assert.deepEqual([moved.kind, moved.sourceId, moved.rows], ['sqlite', before.sourceId, 0]);
		assert.notEqual(moved.epoch, before.epoch);
		assert.equal((await stat(folder())).mode & 0o777, 0o700);
		assert.ok(JSON.stringify(data).length < 200, 'static data is small again');
		// After a crash before n8n saved, and with static data restored from then: the file decides.
		for (const stored of [data, old, {}]) {
			const later = await use({ data: stored });
			assert.deepEqual([later.kind, later.epoch, later.rows], ['sqlite', moved.epoch, 1]);
			assert.deepEqual(stored, data);
		}
	});

	it('begins a new epoch in SQLite where its file is gone', async () => {
		const moved = await use({ setting: 'sqlite' });
		await rm(folder(), { recursive: true });
		const later = await use();
		assert.equal(later.kind, 'sqlite');
		assert.notEqual(later.epoch, moved.epoch);
		assert.equal(later.rows, 0);
		// A crash as the file was made leaves an empty one.
		await rm(folder(), { recursive: true });
		await mkdir(folder(), { recursive: true });
		data = {};
		await use({ setting: 'sqlite' });
		const file = await database();
		await rm(folder(), { recursive: true });
		await mkdir(folder(), { recursive: true });
		await writeFile(file, '');
		const afterCrash = await use({ data: {} });
		assert.deepEqual([afterCrash.kind, afterCrash.rows], ['sqlite', 0]);
	});

	it('stays in static data where the move fails', async function () {
		if (process.getuid?.() === 0) await writeFile(join(home, '.n8n'), '');
		else await chmod(home, 0o500);
		const before = await use();
		const { state } = choose({ setting: 'sqlite' });
		await assert.rejects(state.open());
		const later = await use();
		assert.deepEqual([later.kind, later.epoch, later.rows], ['staticData', before.epoch, 1]);
	});

	it('leaves SQLite by setting alone: a new epoch in static data, and the file does not come back', async () => {
		const before = await use();
		const old = copyOf(data);
		const moved = await use({ setting: 'sqlite' });
		// Even where static data of before the move was restored.
		const back = await use({ setting: 'staticData', data: old });
		assert.deepEqual([back.kind, back.rows], ['staticData', 0]);
		assert.deepEqual(await readdir(folder()), []);
		const again = await use({ setting: 'auto', data: old });
		assert.deepEqual([again.kind, again.epoch], ['staticData', back.epoch]);
		const third = await use({ setting: 'sqlite', data: old });
		assert.equal(new Set([before, moved, back, third].map(({ epoch }) => epoch)).size, 4);
	});

	it('goes on after a restart within the process with what n8n had not saved', async () => {
		const newest: NewestTexts = new Map();
		const { state } = choose({ newest });
		const { epoch } = await state.open();
		const saved = copyOf(data);
		await state.commit({ put: [fileRow()] });
		await state.close();
		const later = await use({ data: saved, newest });
		assert.deepEqual([later.epoch, later.rows], [epoch, 1]);
		// But not with what was left behind by a move.
		await use({ data: saved, newest, setting: 'sqlite' });
		const back = await use({ data: saved, newest, setting: 'staticData' });
		assert.deepEqual([back.rows, back.epoch === epoch], [0, false]);
	});

	for (const setting of ['staticData', 'sqlite'] as const) {
		it(`${setting}: a renamed node keeps its state, a copied node and a copied or imported workflow get their own`, async () => {
			const first = await use({ setting });
			// n8n hands out the same static data under the new name: neither it nor the file depends on that.
			const renamed = await use({ setting, data: copyOf(data) });
			assert.deepEqual([renamed.epoch, renamed.rows], [first.epoch, 1]);
			for (const other of [{ nodeId: 'n2' }, { workflowId: 'w2' }, { workflowId: 'w2', nodeId: 'n2' }]) {
				const copied = copyOf(data);
				const own = await use({ setting, ...other, data: copied });
				assert.notEqual(own.sourceId, first.sourceId);
				assert.notEqual(own.epoch, first.epoch);
				assert.equal(own.rows, 0);
			}
			assert.equal((await use({ setting, data })).epoch, first.epoch);
		});
	}

	it('begins in static data where the mark of a move came with an imported workflow', async () => {
		await use({ setting: 'sqlite' });
		assert.equal((await use({ workflowId: 'w2', data: copyOf(data) })).kind, 'staticData');
	});

	it('keeps two nodes of one workflow apart', async () => {
		const one = choose();
		const two = choose({ nodeId: 'n2' });
		await one.state.open();
		await two.state.open();
		await one.state.commit({ put: [fileRow()] });
		await two.state.commit({ put: [fileRow({ path: 'other' })] });
		await one.state.commit({ nextSeq: 5 });
		assert.deepEqual(await allRows(one.state), [fileRow()]);
		assert.deepEqual(Object.keys(data), ['docdrop:n1', 'docdrop:n2']);
	});

	it('takes N8N_USER_FOLDER before the home directory', async () => {
		const other = await temp.make();
		await use({ setting: 'sqlite', env: { N8N_USER_FOLDER: other } });
		assert.equal(existsSync(join(other, '.n8n', 'docdrop')), true);
		assert.equal(existsSync(join(home, '.n8n')), false);
	});

	it('refuses a watched folder that holds the place of the SQLite file, whatever leads to it', async () => {
		const link = join(await temp.make(), 'link');
		await symlink(home, link);
		for (const setting of ['auto', 'sqlite'] as const) {
			for (const root of [home, link, join(home, '.n8n'), folder(), '/']) {
				assert.throws(
					() => choose({ setting, roots: ['/somewhere/else', root] }),
					(error: Error) => error.message.includes(`${root} `) && error.message.includes(folder()),
				);
			}
		}
		for (const root of [join(home, 'files'), `${home}-files`, join(home, '.n8n', 'docdrop-files'), '..n8n']) {
			assert.doesNotThrow(() => choose({ roots: [root] }));
		}
		assert.doesNotThrow(() => choose({ setting: 'staticData', roots: [home] }));
	});

	it('says once that static data was overwritten, and begins anew with the next choice', async () => {
		let told = 0;
		const chosen = choose({ onOverwritten: () => (told += 1) });
		const { epoch } = await chosen.state.open();
		chosen.beforeEmit();
		await chosen.state.commit({ put: [fileRow()] });
		data['docdrop:n1'] = 'garbage';
		await assert.rejects(chosen.state.commit({}), { code: 'state_overwritten' });
		await assert.rejects(chosen.state.commit({}), { code: 'state_overwritten' });
		assert.equal(told, 1);
		assert.notEqual((await use()).epoch, epoch);
	});

	it('leaves what a newer version wrote as it is', async () => {
		data['docdrop:n1'] = '{"v":2,"movedTo":"elsewhere"}';
		const before = copyOf(data);
		await assert.rejects(choose().state.open(), { code: 'state_newer' });
		const { state } = choose({ setting: 'sqlite' });
		await state.open();
		await state.close();
		assert.deepEqual(data, before);
	});
});
