import assert from 'node:assert/strict';
import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGuard, openRoots } from '../../../nodes/DocDropTrigger/folder-access.ts';
import { readSettings } from '../../../nodes/DocDropTrigger/trigger-parameters.ts';
import { inGroups } from '../../support/trigger-options.ts';
import { tempDirs } from '../watch/temp-dirs.ts';

describe('access: which folders n8n may read', () => {
	const temp = tempDirs();
	let home: string;
	let env: Record<string, string | undefined>;
	beforeEach(async () => {
		home = await temp.make();
		env = { N8N_RESTRICT_FILE_ACCESS_TO: '' };
		await mkdir(join(home, 'inbox'));
	});
	const open = (paths: readonly string[], options: Record<string, unknown> = {}) => {
		const { folders: _, watch } = readSettings(
			(name) => ({ folder: '/x', tenant: 'x', ...inGroups(options) })[name as 'folder'] ?? null,
		);
		const folders = paths.map((path, index) => ({ path, label: `f${index}` }));
		return openRoots(folders, watch, { env, home });
	};
	const refused = async (paths: readonly string[], message: RegExp, hint: RegExp) => {
		await assert.rejects(open(paths), (error: Error & { hint?: string }) => {
			assert.match(error.message, message);
			assert.match(error.hint ?? '', hint);
			return true;
		});
	};

	it('takes a folder as it is called, and knows where it really is', async () => {
		await symlink(join(home, 'inbox'), join(home, 'link'));
		const dir = join(home, 'link');
		assert.deepEqual(await open([`${dir}/`]), [{ label: 'f0', dir, realDir: join(home, 'inbox') }]);
	});

	it('says what is wrong with a folder that cannot be watched', async () => {
		await writeFile(join(home, 'file'), '');
		await symlink(join(home, 'loop'), join(home, 'loop'));
		await refused(['inbox'], /"inbox" is not a full path/, /like \/data\/inbox/);
		await refused(['~/inbox'], /not a full path/, new RegExp(`like ${home}/inbox`));
		await refused(
			[join(home, 'nothing')],
			/There is no folder/,
			/mounted into it, and Folder is its path in there\.$/,
		);
		await refused([join(home, 'file')], /is a file/, /folder that the file is in/);
		await refused([join(home, 'file/below')], /There is no folder/, /spelling/);
		await refused([join(home, 'loop')], /cannot be read \(ELOOP\)/, /disk/);
	});

	it('says whose permission is missing', async function () {
		// The superuser may read everything.
		if (process.getuid?.() === 0) return this.skip();
		await chmod(join(home, 'inbox'), 0);
		await refused([join(home, 'inbox')], /no permission/, /chmod o\+rx/);
	});

	it('speaks of the workers in queue mode', async () => {
		env['EXECUTIONS_MODE'] = 'queue';
		await refused([join(home, 'nothing')], /There is no folder/, /on the main process and on every worker/);
	});

	it('keeps to N8N_RESTRICT_FILE_ACCESS_TO, and gives the line to set', async () => {
		const inbox = join(home, 'inbox');
		delete env['N8N_RESTRICT_FILE_ACCESS_TO'];
		const line = (value: string) => new RegExp(`restart it: N8N_RESTRICT_FILE_ACCESS_TO=${value}$`);
		await refused([inbox], /n8n may not read the folder/, line(`~/.n8n-files;${inbox}`));
		env['N8N_RESTRICT_FILE_ACCESS_TO'] = '/one; /two';
		await refused([inbox], /may not read/, line(`/one; /two;${inbox}`));
		// A folder whose name only begins alike is another one.
		env['N8N_RESTRICT_FILE_ACCESS_TO'] = `${inbox.slice(0, -1)};${inbox}2`;
		await refused([inbox], /may not read/, /./);
		for (const value of [inbox, home, `/one; ${inbox}/ `, '~/inbox', '~', `"${inbox}"`, '']) {
			env['N8N_RESTRICT_FILE_ACCESS_TO'] = value;
			assert.equal((await open([inbox])).length, 1, value);
		}
		delete env['N8N_RESTRICT_FILE_ACCESS_TO'];
		await writeFile(join(home, 'setting'), `${inbox}\n`);
		env['N8N_RESTRICT_FILE_ACCESS_TO_FILE'] = join(home, 'setting');
		assert.equal((await open([inbox])).length, 1);
	});

	it('looks at where a folder really is', async () => {
		await mkdir(join(home, 'allowed'));
		await symlink(join(home, 'inbox'), join(home, 'allowed/link'));
		env['N8N_RESTRICT_FILE_ACCESS_TO'] = join(home, 'allowed');
		await refused([join(home, 'allowed/link')], /may not read/, new RegExp(`;${join(home, 'inbox')}$`));
	});

	it("keeps out of n8n's own folders, unless that is allowed", async () => {
		await mkdir(join(home, '.n8n/docs'), { recursive: true });
		await refused(
			[join(home, '.n8n/docs')],
			/a folder of n8n's own/,
			/N8N_BLOCK_FILE_ACCESS_TO_N8N_FILES=false/,
		);
		env['N8N_USER_FOLDER'] = join(home, 'inbox');
		await mkdir(join(home, 'inbox/.n8n'));
		assert.equal((await open([join(home, '.n8n/docs')])).length, 1);
		await refused([join(home, 'inbox/.n8n')], /n8n's own/, /Watch a folder beside it/);
		env['N8N_BLOCK_FILE_ACCESS_TO_N8N_FILES'] = 'false';
		assert.equal((await open([join(home, 'inbox/.n8n')])).length, 1);
	});

	it("watches a folder around n8n's own only where that is left out", async () => {
		assert.equal((await open([home])).length, 1);
		await assert.rejects(open([home], { exclude: '*.tmp' }), /holds a folder of n8n's own/);
		env['N8N_CUSTOM_EXTENSIONS'] = join(home, 'nodes/custom');
		await assert.rejects(open([home]), /holds a folder of n8n's own/);
		assert.equal((await open([home], { exclude: '.*, nodes' })).length, 1);
	});

	it('keeps to N8N_BLOCK_FILE_PATTERNS', async () => {
		await mkdir(join(home, 'inbox/.git/x'), { recursive: true });
		await refused([join(home, 'inbox/.git/x')], /N8N_BLOCK_FILE_PATTERNS blocks it/, /another folder/);
		env['N8N_BLOCK_FILE_PATTERNS'] = 'secret; INBOX$';
		await refused([join(home, 'inbox')], /blocks it with "INBOX\$"/, /take that pattern out/);
		env['N8N_BLOCK_FILE_PATTERNS'] = '(';
		await refused([join(home, 'inbox')], /blocks it with "\("/, /./);
		env['N8N_BLOCK_FILE_PATTERNS'] = '';
		assert.equal((await open([join(home, 'inbox/.git/x')])).length, 1);
	});

	it('refuses folders that lie in one another, by whatever name', async () => {
		const inner = join(home, 'inbox/inner');
		await mkdir(inner);
		await mkdir(join(home, 'inbox2'));
		await symlink(inner, join(home, 'link'));
		assert.equal((await open([join(home, 'inbox'), join(home, 'inbox2')])).length, 2);
		await refused([join(home, 'inbox'), inner], /overlap/, /outer one only/);
		await refused([join(home, 'link'), join(home, 'inbox')], /overlap/, /two names/);
		await refused([inner, join(home, 'link')], /overlap/, /./);
	});

	it('guards single files: patterns, and where links lead', async () => {
		const inbox = join(home, 'inbox');
		await mkdir(join(home, 'outside'));
		await writeFile(join(home, 'outside/a'), '');
		await symlink(join(home, 'outside'), join(inbox, 'link'));
		env = { N8N_RESTRICT_FILE_ACCESS_TO: inbox, N8N_BLOCK_FILE_PATTERNS: '\\.key$' };
		const roots = await open([inbox]);
		const machine = { env, home };
		const file = (relPath: string) => ({ root: 'f0', relPath, path: join(inbox, relPath) });
		const guard = createGuard(roots, true, machine);
		assert.equal(await guard(file('a')), null);
		assert.match((await guard(file('deep/a.KEY'))) ?? '', /^N8N_BLOCK_FILE_PATTERNS does not allow/);
		assert.match((await guard(file('link/a'))) ?? '', /^N8N_RESTRICT_FILE_ACCESS_TO does not allow/);
		// A file that is gone is judged by its name.
		await rename(join(home, 'outside/a'), join(home, 'outside/b'));
		assert.equal(await guard(file('gone')), null);
		assert.equal(await createGuard(roots, false, machine)(file('link/a')), null);
	});
});
