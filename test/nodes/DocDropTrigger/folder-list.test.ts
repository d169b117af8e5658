import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { listFolders } from '../../../nodes/DocDropTrigger/folder-list.ts';
import { tempDirs } from '../watch/temp-dirs.ts';

describe('folders that are offered', () => {
	const temp = tempDirs();
	let home: string;
	beforeEach(async () => {
		home = await temp.make();
	});
	const make = async (...paths: string[]) => {
		for (const path of paths) await mkdir(join(home, path), { recursive: true });
	};
	const list = async (allowed: readonly string[], filter?: string, env: Record<string, string> = {}) => {
		const setting = { N8N_RESTRICT_FILE_ACCESS_TO: allowed.map((path) => join(home, path)).join(';') };
		const { results } = await listFolders({ env: { ...setting, ...env }, home }, filter);
		assert.ok(results.every(({ name, value }) => name === value));
		return results.map(({ value }) => String(value).slice(home.length + 1));
	};

	it('are those that n8n may read and those below them, nearer ones first', async () => {
		await make('data/b/deep', 'data/a', 'other/x', 'secret');
		assert.deepEqual(await list(['data', 'other']), [
			...['data', 'other', 'data/a', 'data/b', 'other/x', 'data/b/deep'],
		]);
	});

	it('are found by a part of their path, in any case', async () => {
		await make('data/Contracts/2026', 'data/notes');
		assert.deepEqual(await list(['data'], 'contr'), ['data/Contracts', 'data/Contracts/2026']);
		assert.deepEqual(await list(['data'], ' nothing '), []);
	});

	it("are none that is hidden, a link, a file, blocked or n8n's own", async () => {
		await make('data/.cache', 'data/repo/.git/objects', 'data/private/x', 'data/user/.n8n/docdrop', 'out/of');
		await symlink(join(home, 'out'), join(home, 'data/link'));
		await writeFile(join(home, 'data/file'), '');
		const env = { N8N_USER_FOLDER: join(home, 'data/user'), N8N_BLOCK_FILE_PATTERNS: '/private(/|$)' };
		assert.deepEqual(await list(['data'], '', env), ['data', 'data/repo', 'data/user']);
	});

	it('are none where the folder that is named is not there', async () => {
		assert.deepEqual(await list(['missing']), []);
	});

	it("are those of the person's own folder where n8n may read everything", async () => {
		await make('inbox');
		const { results } = await listFolders({ env: { N8N_RESTRICT_FILE_ACCESS_TO: '' }, home });
		assert.deepEqual(
			results.map(({ value }) => value),
			[home, join(home, 'inbox')],
		);
	});

	it('are bounded in number and depth', async () => {
		await make('data/1/2/3/4', ...Array.from({ length: 250 }, (_, n) => `wide/${n}`));
		assert.deepEqual(await list(['data']), ['data', 'data/1', 'data/1/2', 'data/1/2/3']);
		assert.equal((await list(['wide'])).length, 200);
	});

	it('are what the field Folder asks for', () => {
		const { description, methods } = new DocDropTrigger();
		const folder = description.properties.find(({ name }) => name === 'folder');
		const asked = folder?.modes?.map(({ typeOptions }) => typeOptions?.searchListMethod);
		assert.ok(asked?.includes('searchFolders'));
		assert.ok('searchFolders' in methods.listSearch);
	});
});
