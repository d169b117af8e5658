import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApp } from '../support/app.ts';
import { call } from '../support/call.ts';

/**
 * `npm run fuzz -- [--examples N] [--seed S]`: schemathesis makes requests of the API's own description, N or more for
 * each route, valid and not, and holds the answers of a real server to it: no 5xx, no status, type or body that is not
 * described, nothing leaked, no key passed over. It is installed by pip into a cache folder at first use. 450 examples
 * are about 20,000 requests.
 */
const version = '4.32.5';
const { values } = parseArgs({
	options: { examples: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const here = import.meta.dirname;

function installed(): string {
	const dir = join(homedir(), '.cache', 'docdrop', `schemathesis-${version}`);
	const program = join(dir, 'bin', 'schemathesis');
	if (existsSync(program)) return program;
	for (const [command, ...args] of [
		['python3', '-m', 'venv', dir],
		[join(dir, 'bin', 'pip'), 'install', '--quiet', `schemathesis==${version}`],
	] as const) {
		if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) throw new Error(`${command} failed`);
	}
	return program;
}

const program = installed();
const key = 'a-key-that-no-answer-may-show';
const app = await startApp({ DOCDROP_API_KEYS: key, DOCDROP_RATE_LIMIT_MAX: '0' });
const run = spawn(
	program,
	[
		...['--config-file', join(here, 'schemathesis.toml'), 'run', `${app.url}/docs/json`],
		// Both, or a made one in the other header would be the one that counts.
		...['--header', `Authorization: Bearer ${key}`, '--header', `x-api-key: ${key}`],
		...['--max-examples', values.examples],
		...['--continue-on-failure', '--no-color', '--request-timeout', '60'],
		...(values.seed === undefined ? [] : ['--seed', values.seed]),
	],
	{
		cwd: app.dataDir,
		stdio: 'inherit',
		env: { ...process.env, PYTHONPATH: here, SCHEMATHESIS_HOOKS: 'nothing_leaked', DOCDROP_FUZZ_KEY: key },
	},
);
const [code] = (await once(run, 'close')) as [number | null];
const { status } = await call(app.url, { path: '/health/live' });
const defects = app
	.logged()
	.split('\n')
	.filter((line) => line.includes('a request failed unexpectedly'));
console.log(`alive afterwards: ${status === 200}, defects in the log: ${defects.length}`);
for (const defect of defects.slice(0, 5)) console.log(defect.slice(0, 500));
await app.close();
process.exit(code === 0 && status === 200 && defects.length === 0 ? 0 : 1);
