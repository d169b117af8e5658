import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The n8n that the nodes are tested in. It needs Node 24; 2.8 GB, about seven minutes to install. */
export const n8nVersion = '2.40.7';

/**
 * Finds the real n8n in the cache folder, or installs it there, once for all clones of the project:
 * `DOCDROP_N8N_DIR`, or `docdrop/n8n-VERSION` below the user's cache folder. Returns the folder.
 */
export function installN8n(): string {
	const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
	const dir = process.env['DOCDROP_N8N_DIR'] ?? join(cache, 'docdrop', `n8n-${n8nVersion}`);
	const done = join(dir, 'installed');
	if (existsSync(done)) return dir;
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'n8n-under-test', private: true }));
	console.error(`installing n8n ${n8nVersion} into ${dir}: once, about seven minutes`);
	const npm = (...args: string[]) =>
		execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
			cwd: dir,
			stdio: ['ignore', 'ignore', 'inherit'],
		});
	// Of all install scripts only that of SQLite is needed: others want downloads that a closed network refuses.
	npm('install', `n8n@${n8nVersion}`, '--ignore-scripts', '--loglevel', 'error');
	npm('rebuild', 'sqlite3', '--loglevel', 'error', ...headers());
	writeFileSync(done, `${new Date().toISOString()}\n`);
	return dir;
}

/** SQLite is compiled against Node's own headers: where a Node brought them, nothing has to be downloaded. */
function headers(): string[] {
	const prefixes = [join(dirname(process.execPath), '..'), '/usr', '/usr/local'];
	const prefix = prefixes.find((one) => existsSync(join(one, 'include/node/node_api.h')));
	return prefix === undefined ? [] : [`--nodedir=${prefix}`];
}
