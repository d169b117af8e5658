import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromSqliteError } from '../../../api/adapters/sqlite/sqlite-errors.ts';
import { DocDropError } from '../../../api/errors.ts';

describe('errors of node:sqlite', () => {
	let folder: string;
	beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'docdrop-'))));
	afterEach(() => rmSync(folder, { recursive: true }));

	function codeOf(work: () => void): string {
		try {
			work();
		} catch (error) {
			const mapped = fromSqliteError(error);
			assert.equal(mapped.cause, error);
			assert.equal(mapped.message.includes(folder), false);
			return mapped.code;
		}
		return assert.fail('it should have thrown');
	}

	it('become disk_full where the file may not grow', () => {
		using db = new DatabaseSync(':memory:');
		db.exec('PRAGMA max_page_count = 2; CREATE TABLE t(x)');
		assert.equal(
			codeOf(() => db.exec('INSERT INTO t VALUES(zeroblob(100000))')),
			'disk_full',
		);
	});

	it('become store_locked where another connection holds the lock', () => {
		const file = join(folder, 'db');
		using holder = new DatabaseSync(file);
		using db = new DatabaseSync(file);
		holder.exec('BEGIN EXCLUSIVE');
		assert.equal(
			codeOf(() => db.exec('CREATE TABLE t(x)')),
			'store_locked',
		);
	});

	it('become store_corrupt where the file is no database', () => {
		const file = join(folder, 'db');
		writeFileSync(file, 'no database'.repeat(1_000));
		using db = new DatabaseSync(file);
		assert.equal(
			codeOf(() => db.prepare('SELECT * FROM sqlite_schema').all()),
			'store_corrupt',
		);
	});

	it('become store_unavailable where the file cannot be opened or written', () => {
		assert.equal(
			codeOf(() => new DatabaseSync(join(folder, 'absent', 'db'))),
			'store_unavailable',
		);
		new DatabaseSync(join(folder, 'db')).close();
		using db = new DatabaseSync(join(folder, 'db'), { readOnly: true });
		assert.equal(
			codeOf(() => db.exec('CREATE TABLE t(x)')),
			'store_unavailable',
		);
	});

	it('become internal where only a defect of ours can be the cause', () => {
		using db = new DatabaseSync(':memory:');
		assert.equal(
			codeOf(() => db.exec('SELECT nonsense')),
			'internal',
		);
		assert.equal(
			codeOf(() => {
				throw new TypeError('x');
			}),
			'internal',
		);
	});

	it('leave errors of the table as they are', () => {
		const error = new DocDropError('store_newer', 'newer');
		assert.equal(fromSqliteError(error), error);
	});
});
