import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/settled.ts';

const run = promisify(execFile);

/** The package as its users install it: one file, whatever else their machine has. */
describe('the packed package', () => {
	let dir: string;
	let packed: string;
	before(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-packed-'));
		const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir]);
		const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
		packed = join(dir, filename);
	});
	after(() => rm(dir, { recursive: true, force: true }));

	it('is installed without anything else, follows a folder and finds what was dropped', async () => {
		const home = join(dir, 'home');
		const folder = join(dir, 'in');
		await mkdir(home);
		await mkdir(folder);
		await writeFile(join(home, 'package.json'), '{"private":true}');
		// Offline and with an empty cache: whatever else it asked for could not be had.
		const npm = ['install', packed, '--offline', '--cache', join(dir, 'cache'), '--no-audit', '--no-fund'];
		await run('npm', npm, { cwd: home });
		const lock = JSON.parse(await readFile(join(home, 'package-lock.json'), 'utf8')) as { packages: object };
		const installed = Object.entries(lock.packages).filter(
			([, entry]) => (entry as { optional?: true }).optional !== true,
		);
		assert.deepEqual(installed.map(([name]) => name).sort(), ['', 'node_modules/n8n-nodes-docdrop']);

		const program = join(home, 'node_modules/n8n-nodes-docdrop/dist/api/cli.mjs');
		const env = { ...process.env, DOCDROP_DATA_DIR: join(dir, 'data'), DOCDROP_PORT: '0' };
		const docdrop = (...args: string[]) => run(process.execPath, [program, ...args], { env });
		await writeFile(join(folder, 'otter.md'), '# Otters\n\nThey hold hands while they sleep.\n');
		const watching = spawn(process.execPath, [program, 'watch', folder], { env, stdio: 'ignore' });
		try {
			const { stdout } = await until(
				() => docdrop('search', 'hold hands').catch(() => ({ stdout: '' })),
				(found) => found.stdout.includes('otter.md'),
				30_000,
			);
			assert.match(stdout, /hold hands/);
		} finally {
			watching.kill('SIGTERM');
			await once(watching, 'exit');
		}
	});
});
