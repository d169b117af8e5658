import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openBodies, type Bodies } from '../../../api/adapters/sqlite/bodies.ts';
import { createSqliteTables } from '../../../api/adapters/sqlite/doc-tables.ts';
import { migrate, migrations } from '../../../api/adapters/sqlite/doc-schema.ts';
import { isDocDropError } from '../../../api/errors.ts';
import type { Tables } from '../../../api/adapters/doc-store/tables.ts';
import { failure, putBack, replace } from './failing-files.ts';

/** A transaction of 100 bytes or more is appended; a file of 1,000 bytes takes no more. */
const limits = { appendBytes: 100, segmentBytes: 1_000 };

describe('bodies in segments', () => {
	let dir: string;
	let db: DatabaseSync;
	let bodies: Bodies;
	let tables: Tables;

	beforeEach(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-bodies-'));
		open();
	});
	afterEach(async () => {
		putBack();
		db.close();
		await rm(dir, { recursive: true, force: true });
	});

	function open() {
		db = new DatabaseSync(join(dir, 'docs.db'));
		migrate(db);
		bodies = openBodies(db, join(dir, 'bodies'), limits);
		tables = createSqliteTables(db, bodies);
	}
	/** As after a crash: nothing is said to the one before. */
	function reopen() {
		db.close();
		open();
	}

	const files = async () => (await readdir(join(dir, 'bodies'))).sort();
	const fileOf = (segment: number) => join(dir, 'bodies', `0000000${segment}.seg`);
	const numbers = async () => (await files()).map((name) => Number.parseInt(name, 10));
	const textOf = (id: number): string | undefined => {
		const body = tables.body(id);
		return body?.kind === 'bytes' ? Buffer.from(body.bytes).toString() : body?.kind;
	};
	const insert = (...texts: string[]): number[] =>
		tables.transaction(() => texts.map((text) => tables.insertBody(text)));
	const remove = (...ids: number[]) =>
		void tables.transaction(() => ids.forEach((id) => tables.removeBody(id)));
	const inRows = () => db.prepare('SELECT count(*) AS n FROM bodies WHERE content IS NOT NULL').get()?.['n'];
	const long = (name: string, length = 200) => name.padEnd(length, '.');
	/** A segment of its own, full, of ten bodies. */
	const fill = (name: string) =>
		insert(...Array.from({ length: 10 }, (_, index) => long(`${name}${index} `, 100)));

	it('keeps few bytes in rows and many in a file, and reads both, also after a crash', async () => {
		const small = insert('one', 'naïve 索引');
		assert.deepEqual(await files(), []);
		const large = insert(long('a'), long('b'), 'short', '');
		const [bytes] = tables.transaction(() => [tables.insertBody(new Uint8Array(150).fill(65))]);
		const ids = [...small, ...large, bytes ?? 0];
		const texts = ['one', 'naïve 索引', long('a'), long('b'), 'short', '', 'A'.repeat(150)];
		assert.deepEqual(ids.map(textOf), texts);
		assert.equal(inRows(), 2);
		assert.deepEqual(await numbers(), [1]);
		reopen();
		assert.deepEqual(ids.map(textOf), texts);
		assert.deepEqual(insert('new').map(textOf), ['new'], 'ids go on');
		assert.deepEqual(ids.map(textOf), texts);
	});

	it('reads and removes a body within the transaction that adds it', async () => {
		const blob = tables.transaction(() => {
			const [kept, gone, again] = [long('kept'), long('gone'), 'x'].map((text) => tables.insertBody(text));
			const file = tables.insertBody({ blob: 'a-blob' });
			assert.deepEqual(
				[kept, gone].map((id) => textOf(id ?? 0)),
				[long('kept'), long('gone')],
			);
			assert.equal(tables.removeBody(gone ?? 0), null);
			assert.equal(tables.removeBody(again ?? 0), null);
			assert.equal(tables.body(gone ?? 0), undefined);
			return file;
		});
		assert.deepEqual(tables.blobs(), new Set(['a-blob']));
		assert.deepEqual(tables.body(blob), { kind: 'blob', blob: 'a-blob' });
		assert.equal(
			db.prepare('SELECT sum(length) AS n FROM bodies').get()?.['n'],
			200,
			'what is gone was never written',
		);
		assert.equal(
			tables.transaction(() => tables.removeBody(blob)),
			'a-blob',
		);
		assert.equal(tables.body(blob), undefined);
	});

	it('appends for what a transaction leaves, not for what it has already removed', async () => {
		const [id = 0] = tables.transaction(() => {
			tables.removeBody(tables.insertBody(long('gone')));
			return [tables.insertBody('kept')];
		});
		assert.deepEqual(await files(), []);
		assert.equal(textOf(id), 'kept');
	});

	it('has synced the bytes before a row refers to them', () => {
		const calls: string[] = [];
		for (const name of ['writeSync', 'fdatasyncSync', 'fsyncSync'] as const)
			replace(name, (own, args) => {
				calls.push(db.isTransaction ? name : 'too late');
				return own(...args);
			});
		insert(long('a'));
		assert.deepEqual(calls, ['writeSync', 'fdatasyncSync', 'fsyncSync']);
	});

	it('removes a segment after the commit that empties it, but not the one that is appended to', async () => {
		const first = fill('a');
		assert.deepEqual(await numbers(), [1]);
		const second = insert(long('b'));
		assert.deepEqual(await numbers(), [1, 2]);
		remove(...first.slice(1));
		assert.deepEqual(await numbers(), [1, 2], 'one body is left');
		assert.throws(() =>
			tables.transaction(() => {
				tables.removeBody(first[0] ?? 0);
				throw new Error('undone');
			}),
		);
		assert.deepEqual(first.slice(0, 1).map(textOf), [long('a0 ', 100)], 'an undone removal leaves the bytes');
		remove(first[0] ?? 0, ...second);
		assert.deepEqual(await numbers(), [2]);
		assert.deepEqual(fill('c').map(textOf).length, 10);
		assert.deepEqual(await numbers(), [2], 'its room is used');
		bodies.close();
		assert.deepEqual(await numbers(), [2]);
	});

	it('removes an emptied segment when it is no longer appended to, and at a close in order', async () => {
		remove(...fill('a'));
		assert.deepEqual(await numbers(), [1], 'it might still be appended to');
		const last = insert(long('b'));
		assert.deepEqual(await numbers(), [2]);
		remove(...last);
		bodies.close();
		assert.deepEqual(await numbers(), []);
	});

	it('counts again what is in use when it opens', async () => {
		const first = fill('a');
		const second = fill('b');
		remove(...first.slice(1), ...second);
		reopen();
		assert.deepEqual(await numbers(), [1], 'the second was empty');
		remove(first[0] ?? 0);
		assert.deepEqual(await numbers(), []);
		assert.deepEqual(insert(long('c')).map(textOf), [long('c')]);
	});

	it('leaves nothing but garbage when the commit fails, and never writes over it', async () => {
		db.exec('CREATE TABLE late (doc INTEGER REFERENCES docs (doc) DEFERRABLE INITIALLY DEFERRED)');
		const kept = insert(long('kept'));
		let lost = 0;
		assert.throws(() =>
			tables.transaction(() => {
				lost = tables.insertBody(long('lost'));
				kept.forEach((id) => tables.removeBody(id));
				db.exec('INSERT INTO late VALUES (99)');
			}),
		);
		assert.equal(tables.body(lost), undefined);
		assert.deepEqual(kept.map(textOf), [long('kept')]);
		const next = insert(long('next'));
		assert.deepEqual(next.map(textOf), [long('next')]);
		const start = db.prepare('SELECT start FROM bodies WHERE body = ?').get(next[0] ?? 0)?.['start'];
		assert.equal(start, 400);
		remove(...kept, ...next);
		fill('a');
		insert(long('b'));
		reopen();
		assert.deepEqual(await numbers(), [1, 2]);
	});

	it('removes a new segment that only a failed commit was written to', async () => {
		db.exec('CREATE TABLE late (doc INTEGER REFERENCES docs (doc) DEFERRABLE INITIALLY DEFERRED)');
		assert.throws(() =>
			tables.transaction(() => {
				tables.insertBody('x'.repeat(2_000));
				db.exec('INSERT INTO late VALUES (99)');
			}),
		);
		assert.deepEqual(await numbers(), [1], 'it is the current one');
		insert(long('a'));
		assert.deepEqual(await numbers(), [2]);
	});

	it('a full disk undoes the transaction and leaves everything as it was', async () => {
		const [kept = 0] = insert(long('kept'));
		const few = insert('few');
		replace('writeSync', () => {
			throw failure('ENOSPC');
		});
		for (let times = 0; times < 3; times += 1)
			assert.throws(
				() =>
					tables.transaction(() => {
						tables.removeBody(kept);
						tables.insertBody(long('refused'));
					}),
				(error) => isDocDropError(error) && error.code === 'disk_full',
			);
		putBack();
		assert.deepEqual([kept, ...few].map(textOf), [long('kept'), 'few']);
		assert.deepEqual(await numbers(), [1]);
		assert.deepEqual(insert(long('later')).map(textOf), [long('later')]);
		remove(kept);
		const left = await numbers();
		assert.ok(left.length === 1 && left[0] !== 1, 'the file that could not be written is not appended to');
	});

	describe('of which little is left', () => {
		const compact = (limit = 100) => tables.transaction(() => tables.compactBodies(limit));

		it('gives the rest a row and goes', async () => {
			const ids = fill('a');
			const others = fill('b');
			insert(long('current'));
			remove(...ids.slice(1, 5), ...ids.slice(6));
			compact();
			assert.deepEqual(await numbers(), [1, 2, 3], 'two of ten are too many');
			remove(ids[0] ?? 0);
			assert.throws(() =>
				tables.transaction(() => {
					tables.compactBodies(100);
					throw new Error('undone');
				}),
			);
			assert.deepEqual(await numbers(), [1, 2, 3]);
			compact();
			assert.deepEqual(await numbers(), [2, 3]);
			assert.equal(textOf(ids[5] ?? 0), long('a5 ', 100));
			assert.deepEqual(
				others.map(textOf),
				others.map((_, index) => long(`b${index} `, 100)),
			);
			reopen();
			assert.equal(textOf(ids[5] ?? 0), long('a5 ', 100));
			remove(ids[5] ?? 0);
			assert.equal(textOf(ids[5] ?? 0), undefined);
		});

		it('moves no more rows at a time than it is told to', async () => {
			const many = Array.from({ length: 40 }, (_, index) => `body ${index}`);
			const ids = insert(...many, 'x'.repeat(5_000));
			const [padding = 0] = ids.slice(-1);
			remove(padding);
			insert(long('current'));
			compact(15);
			assert.equal(inRows(), 15);
			compact(15);
			assert.deepEqual(await numbers(), [1, 2]);
			compact(15);
			assert.deepEqual(await numbers(), [2]);
			assert.deepEqual(ids.slice(0, -1).map(textOf), many);
		});

		it('counts the rows of all segments together, and leaves the one that is appended to', async () => {
			const rests = ['a', 'b', 'c'].map((name) => {
				const ids = insert(...Array.from({ length: 7 }, (_, n) => `${name}${n}`), 'x'.repeat(5_000));
				remove(ids.at(-1) ?? 0);
				return ids.slice(0, -1);
			});
			const [padding = 0] = insert('x'.repeat(900), 'current');
			remove(padding);
			compact(10);
			assert.equal(inRows(), 10);
			assert.deepEqual(await numbers(), [2, 3, 4]);
			compact(100);
			assert.equal(inRows(), 21);
			assert.deepEqual(await numbers(), [4]);
			assert.deepEqual(
				rests.flat().map(textOf).join(' '),
				'abc'.replace(/./g, '$&0 $&1 $&2 $&3 $&4 $&5 $&6 ').trim(),
			);
		});

		it('leaves what is damaged alone, and goes on with the others', async () => {
			const [a, b] = [fill('a'), fill('b')].map((ids) => {
				remove(...ids.slice(0, -1));
				return ids.at(-1) ?? 0;
			});
			insert(long('current'));
			await truncate(fileOf(1), 990);
			compact();
			assert.deepEqual(await numbers(), [1, 3]);
			assert.deepEqual([textOf(a ?? 0), textOf(b ?? 0)], ['lost', long('b9 ', 100)]);
			compact();
			remove(a ?? 0);
			assert.deepEqual(await numbers(), [3]);
		});
	});

	it('a missing file loses its own bodies and no other', async () => {
		const gone = fill('a');
		const there = fill('b');
		reopen();
		await rm(fileOf(1));
		assert.deepEqual(new Set(gone.map(textOf)), new Set(['lost']));
		assert.deepEqual(
			there.map(textOf),
			there.map((_, index) => long(`b${index} `, 100)),
		);
		reopen();
		tables.transaction(() => tables.compactBodies(100));
		remove(...gone);
		assert.deepEqual(await numbers(), [2]);
	});

	it('reads a store that was written before there were segments', () => {
		db.close();
		rmSync(join(dir, 'docs.db'));
		db = new DatabaseSync(join(dir, 'docs.db'));
		db.exec(`
			${migrations[0] ?? ''}
			INSERT INTO bodies (body, content, blob) VALUES (1, CAST('in a row' AS BLOB), NULL), (2, NULL, 'a-blob');
			PRAGMA user_version = 1;
		`);
		reopen();
		assert.equal(textOf(1), 'in a row');
		assert.deepEqual(tables.body(2), { kind: 'blob', blob: 'a-blob' });
		assert.deepEqual(insert(long('new')).map(textOf), [long('new')]);
	});
});
