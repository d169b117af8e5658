import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeOf } from '../../api/sources/folder-place.ts';
import {
	adopt,
	createFolderList,
	follow,
	recognise,
	type FolderPlace,
	type FollowedFolder,
} from '../../api/sources/followed-folders.ts';

describe('which source a followed folder is', () => {
	const place = (dir: string, own: Partial<FolderPlace> = {}): FolderPlace => ({
		...{ tenant: 't', dir, realDir: dir, id: `8:77:5:${dir}` },
		...own,
	});
	const at = (known: readonly FollowedFolder[], where: FolderPlace) => follow(known, where).folder.sourceId;
	const { folder: first, folders: known } = follow([], place('/in'));

	it('is made of its path and tenant, so that a list that was lost changes nothing', () => {
		assert.match(first.sourceId, /^[0-9a-f-]{36}$/);
		assert.equal(at([], place('/in')), first.sourceId);
		assert.notEqual(at([], place('/in2')), first.sourceId);
		assert.notEqual(at([], place('/in', { tenant: 'other' })), first.sourceId);
		assert.deepEqual([first.label, first.adopts], ['in', null]);
	});

	it('stays with the folder: at its path, as what a link leads to, and moved', () => {
		const other = { id: '8:78:6:/in' };
		const same: [what: string, where: FolderPlace][] = [
			['the same again', place('/in')],
			['made anew', place('/in', other)],
			['a link to it', place('/link', { realDir: '/in' })],
			['moved', place('/elsewhere/in2')],
			['a second mount', place('/mnt', { id: '8:77:5:/mnt' })],
		];
		for (const [what, where] of same) assert.equal(at(known, where), first.sourceId, what);
		const others: [what: string, where: FolderPlace][] = [
			['another folder', place('/elsewhere', other)],
			['another tenant', place('/elsewhere/in2', { tenant: 'other' })],
			['on a disk without times of birth', place('/elsewhere', { id: '8:77:0:/elsewhere' })],
		];
		for (const [what, where] of others) assert.notEqual(at(known, where), first.sourceId, what);
	});

	it('stays with a link that leads elsewhere by now', () => {
		const { folder, folders } = follow([], place('/current', { realDir: '/v1', id: '8:1:1:/v1' }));
		assert.equal(at(folders, place('/current', { realDir: '/v2', id: '8:2:2:/v2' })), folder.sourceId);
	});

	it('is another one for what is made where a folder was that has moved', () => {
		const moved = follow(known, place('/in2'));
		assert.equal(moved.folder.label, 'in', 'the rows of its state bear it');
		const anew = follow(moved.folders, place('/in', { id: '8:79:7:/in' }));
		assert.notEqual(anew.folder.sourceId, first.sourceId);
		assert.notEqual(anew.folder.state, first.state);
		assert.equal(at(anew.folders, place('/in2')), first.sourceId);
		assert.equal(at(anew.folders, place('/in', { id: '8:79:7:/in' })), anew.folder.sourceId);
		assert.equal(anew.folders.length, 2);
	});

	it('has a label that a root may have, whatever the folder is called', () => {
		const label = (dir: string) => follow([], place(dir)).folder.label;
		assert.equal(label('/'), 'root');
		assert.equal(label('/a\nb'), 'a\uFFFDb');
		assert.equal(label(`/${'x'.repeat(255)}`), 'x'.repeat(128));
		assert.ok(label(`/${'x'.repeat(127)}\u{1F600}`).isWellFormed());
	});

	it('is taken up by a folder that is told so, which ends what it was meanwhile', () => {
		const copy = place('/copy', { id: '9:5:5:/copy' });
		const both = follow(known, copy);
		const adopted = adopt(both.folders, copy, first);
		assert.equal(adopted.length, 1);
		assert.deepEqual(adopted[0], { ...first, ...copy, adopts: [both.folder.sourceId] });
		assert.equal(recognise(adopted, copy)?.sourceId, first.sourceId);
		assert.deepEqual(adopt(known, copy, first)[0]?.adopts, [], 'it was not followed before');
		assert.deepEqual(adopt(adopted, copy, null), adopted, 'once more changes nothing');
	});

	it('takes over documents as itself where there is nothing that it was', () => {
		const [own] = adopt([], place('/in'), null);
		assert.deepEqual([own?.sourceId, own?.adopts], [first.sourceId, []]);
	});
});

describe('the list of followed folders', () => {
	let home: string;
	beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'docdrop-folders-'))));
	afterEach(() => rmSync(home, { recursive: true, force: true }));

	it('comes back as it was written, and is empty where it is damaged', () => {
		const list = createFolderList(join(home, 'data'));
		assert.deepEqual(list.read(), []);
		mkdirSync(join(home, 'in'));
		const { folder, folders } = follow([], placeOf('t', join(home, 'in')));
		list.write(folders);
		assert.deepEqual(list.read(), folders);
		writeFileSync(list.stateFile(folder), '');
		list.removeState(folder);
		for (const text of ['{"a":', '{}', '']) {
			writeFileSync(join(home, 'data/watch/folders.json'), text);
			assert.deepEqual(list.read(), []);
		}
	});

	it('recognises a real folder that was moved, and one behind a link', () => {
		mkdirSync(join(home, 'in'));
		const { folder, folders } = follow([], placeOf('t', join(home, 'in')));
		symlinkSync('in', join(home, 'link'));
		assert.equal(recognise(folders, placeOf('t', join(home, 'link')))?.sourceId, folder.sourceId);
		renameSync(join(home, 'in'), join(home, 'elsewhere'));
		mkdirSync(join(home, 'in'));
		assert.equal(recognise(folders, placeOf('t', join(home, 'elsewhere')))?.sourceId, folder.sourceId);
	});
});
