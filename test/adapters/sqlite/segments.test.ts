import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSegments, type BodyPlace, type Segments } from '../../../api/adapters/sqlite/segments.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { failure, putBack, replace } from './failing-files.ts';

describe('segments', () => {
	let dir: string;
	let segments: Segments | null = null;
	beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'docdrop-segments-'))));
	afterEach(async () => {
		putBack();
		segments?.close();
		segments = null;
		await rm(dir, { recursive: true, force: true });
	});

	function open(live: readonly number[] = [], maxBytes?: number): Segments {
		segments?.close();
		segments = openSegments(join(dir, 'bodies'), new Set(live), maxBytes);
		return segments;
	}
	const names = async () => (await readdir(join(dir, 'bodies'))).sort();
	const fileOf = (segment: number) => join(dir, 'bodies', `${String(segment).padStart(8, '0')}.seg`);
	const textAt = (place: BodyPlace | undefined) => {
		assert.ok(place !== undefined && segments !== null);
		const bytes = segments.read(place);
		return bytes === null ? null : Buffer.from(bytes).toString();
	};
	const failsWith = (code: string, act: () => unknown) =>
		assert.throws(act, (error) => isDocDropError(error) && error.code === code);

	it('gives back what was appended, texts and bytes, of any length', () => {
		const texts = ['a', '', 'naïve 索引 😀', 'x'.repeat(70_000), 'ü'.repeat(300_000), 'z'];
		const own = open();
		const places = own.append([...texts, Buffer.from('bytes'), new Uint8Array(600_000).fill(97)]);
		assert.deepEqual(places.slice(0, 6).map(textAt), texts);
		assert.equal(textAt(places[6]), 'bytes');
		assert.equal(textAt(places[7]), 'a'.repeat(600_000));
		const [more] = own.append(['more']);
		assert.equal(textAt(more), 'more');
		assert.equal(
			more?.start,
			places.reduce((sum, place) => sum + place.length, 0),
			'one behind the other',
		);
		assert.deepEqual(places.slice(0, 6).map(textAt), texts);
		open([1]);
		assert.deepEqual(places.slice(0, 6).map(textAt), texts);
	});

	it('has synced the bytes, and of a new file the name, when it returns', () => {
		const own = open();
		const calls: string[] = [];
		for (const name of ['writeSync', 'fdatasyncSync', 'fsyncSync'] as const)
			replace(name, (own, args) => {
				calls.push(name);
				return own(...args);
			});
		own.append(['a', 'b']);
		assert.deepEqual(calls.splice(0), ['writeSync', 'fdatasyncSync', 'fsyncSync']);
		own.append(['c']);
		assert.deepEqual(calls, ['writeSync', 'fdatasyncSync']);
	});

	it('writes what a short write has left over', () => {
		const own = open();
		let writes = 0;
		replace('writeSync', (write, [fd, bytes, offset, length, position]) => {
			writes += 1;
			return write(fd, bytes, offset, Math.min(3, Number(length)), position);
		});
		const places = own.append(['hello', 'world']);
		assert.equal(writes, 4);
		assert.deepEqual(places.map(textAt), ['hello', 'world']);
	});

	it('begins a new file at every opening, behind every number in use, whatever the last one left', async () => {
		const [first] = open().append(['first']);
		await writeFile(fileOf(1), 'firstTORN');
		const [second] = open([1]).append(['second']);
		assert.deepEqual([second?.segment, second?.start], [2, 0]);
		assert.deepEqual([textAt(first), textAt(second)], ['first', 'second']);
		assert.equal(open([1, 2, 7]).append(['x'])[0]?.segment, 8, 'a row names a file that is missing');
	});

	it('removes what nothing refers to when it opens, and no files of others', async () => {
		const own = open([], 1);
		own.append(['a']);
		own.append(['b']);
		own.append(['c']);
		await writeFile(join(dir, 'bodies', 'notes.txt'), 'not ours');
		assert.deepEqual(await names(), ['00000001.seg', '00000002.seg', '00000003.seg', 'notes.txt']);
		open([2]);
		assert.deepEqual(await names(), ['00000002.seg', 'notes.txt']);
	});

	it('lets a file grow to its bound and no further than the append that reaches it', () => {
		const own = open([], 10);
		const numbers = ['12345', '12345', '1', 'x'.repeat(50), 'y'].map(
			(text) => own.append([text])[0]?.segment,
		);
		assert.deepEqual(numbers, [1, 1, 2, 2, 3]);
		assert.equal(own.current(), 3);
	});

	it('says null for what is not on the disk, and reads what is', async () => {
		const places = open().append(['whole', 'cut off']);
		open([1]);
		await truncate(fileOf(1), 8);
		assert.deepEqual(places.map(textAt), ['whole', null]);
		await rm(fileOf(1));
		open([1]);
		assert.deepEqual(places.map(textAt), [null, null]);
		assert.equal(segments?.size(1), 0);
	});

	it('tells a disk that cannot be read from a process that has no more handles', () => {
		const places = open().append(['a']);
		const own = open([1]);
		replace('openSync', () => {
			throw failure('EMFILE');
		});
		failsWith('store_unavailable', () => places.map((place) => own.read(place)));
		putBack();
		replace('readSync', () => {
			throw failure('EIO');
		});
		assert.deepEqual(places.map(textAt), [null]);
		putBack();
		assert.deepEqual(places.map(textAt), ['a']);
	});

	for (const [code, expected] of [
		['ENOSPC', 'disk_full'],
		['EDQUOT', 'disk_full'],
		['EIO', 'store_unavailable'],
	] as const) {
		it(`after a write that failed (${code}) has given the room back and begins anew`, async () => {
			const own = open();
			const [kept] = own.append(['kept']);
			let writes = 0;
			replace('writeSync', (write, args) => {
				if (++writes > 1) throw failure(code);
				return write(...args);
			});
			failsWith(expected, () => own.append(['x'.repeat(200_000), 'x'.repeat(200_000)]));
			assert.equal((await stat(fileOf(1))).size, 4, 'nothing stays behind the last good byte');
			writes = 1;
			failsWith(expected, () => own.append(['in a new file']));
			assert.deepEqual(await names(), ['00000001.seg'], 'a file without a good byte is gone');
			putBack();
			const [next] = own.append(['next']);
			assert.deepEqual([textAt(kept), textAt(next)], ['kept', 'next']);
			assert.notEqual(next?.segment, 1);
		});
	}

	it('writes nothing more behind what could not be synced', () => {
		const own = open();
		own.append(['kept']);
		replace('fdatasyncSync', () => {
			throw failure('EIO');
		});
		failsWith('store_unavailable', () => own.append(['not durable']));
		putBack();
		assert.equal(own.append(['next'])[0]?.start, 0);
	});
});
