import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { createSqliteFileState } from '../../../../nodes/watch/state/sqlite.ts';
import { allRows, describeFileState, fileRow } from '../../../conformance/file-state.ts';
import { tempDirs } from '../temp-dirs.ts';

describe('sqlite FileState', () => {
	const temp = tempDirs();
	const at = (file: string, sourceId?: string) =>
		createSqliteFileState({ file, clock: systemClock, ...(sourceId !== undefined && { sourceId }) });

	describeFileState('sqlite', async () => at(join(await temp.make(), 'state.db')));

	it('takes the given sourceId when it is created, and keeps its own afterwards', async () => {
		const file = join(await temp.make(), 'state.db');
		const first = at(file, '4d2b1f0e-0000-4000-8000-000000000001');
		assert.equal((await first.open()).sourceId, '4d2b1f0e-0000-4000-8000-000000000001');
		await first.close();
		const second = at(file, '4d2b1f0e-0000-4000-8000-000000000002');
		assert.equal((await second.open()).sourceId, '4d2b1f0e-0000-4000-8000-000000000001');
		await second.close();
	});

	it('takes over the states of older programs, with all that is in them', async () => {
		for (const schema of [1, 2]) {
			const file = join(await temp.make(), 'state.db');
			const state = at(file);
			const head = await state.open();
			const failed = { sha256: null, reason: 'refused', retryAt: null };
			await state.commit({ put: [fileRow({ failed })], nextSeq: 12, firstRoot: 'docs' });
			await state.close();
			const db = new DatabaseSync(file);
			db.exec('ALTER TABLE files DROP COLUMN failed_retry_at');
			if (schema === 1) {
				db.exec('ALTER TABLE head DROP COLUMN root_inodes; ALTER TABLE head DROP COLUMN snapshot_closed');
			}
			db.exec(`PRAGMA user_version = ${schema}`);
			db.close();
			assert.deepEqual(await state.open(), { ...head, nextSeq: 12, firstRoot: 'docs' });
			assert.deepEqual(await allRows(state), [fileRow({ failed })]);
			const parked = fileRow({ failed: { ...failed, retryAt: 77 } });
			await state.commit({ put: [parked] });
			await state.close();
			await state.open();
			assert.deepEqual(await allRows(state), [parked]);
			await state.close();
		}
	});

	it('refuses a newer schema and leaves the file as it is', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = at(file);
		await state.open();
		await state.close();
		const db = new DatabaseSync(file);
		db.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 99');
		db.close();
		const before = await readFile(file);
		await assert.rejects(state.open(), { name: 'StateError', code: 'state_newer' });
		assert.deepEqual(await readFile(file), before);
	});

	it('refuses a state that another connection holds', async () => {
		const file = join(await temp.make(), 'state.db');
		const holder = at(file);
		await holder.open();
		await holder.commit({ put: [fileRow()] });
		await assert.rejects(at(file).open(), { name: 'StateError', code: 'state_locked' });
		await holder.close();
		const next = at(file);
		await next.open();
		assert.equal((await allRows(next)).length, 1);
		await next.close();
	});

	it('refuses a file that is no database, and another program’s database', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'text.db'), 'not a database at all, but long enough to look at\n'.repeat(50));
		await assert.rejects(at(join(dir, 'text.db')).open(), { name: 'StateError', code: 'state_corrupt' });
		const db = new DatabaseSync(join(dir, 'other.db'));
		db.exec('CREATE TABLE notes (x); PRAGMA user_version = 1');
		db.close();
		await assert.rejects(at(join(dir, 'other.db')).open(), { name: 'StateError', code: 'state_corrupt' });
	});

	it('is in WAL mode', async () => {
		const file = join(await temp.make(), 'state.db');
		const state = at(file);
		await state.open();
		await state.commit({ put: [fileRow()] });
		await state.close();
		const db = new DatabaseSync(file);
		assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
		db.close();
	});
});
