import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { heapMb, mainSemiSpaceMb } from '../../api/adapters/thread/memory-limits.ts';

/** What a program is that relaunches itself first, started with these. */
interface Told {
	readonly pids: readonly number[];
	readonly execArgv: readonly string[];
	readonly argv: readonly string[];
	readonly arenas: string | null;
}

const run = promisify(execFile);

describe('relaunch', function () {
	let dir: string;
	let script: string;
	before(function () {
		if (process.platform === 'win32') this.skip();
		dir = mkdtempSync(join(tmpdir(), 'docdrop-relaunch-'));
		script = join(dir, 'main.mjs');
		const relaunch = pathToFileURL('api/cli/relaunch.ts').href;
		writeFileSync(
			script,
			`import { relaunch } from ${JSON.stringify(relaunch)};
			console.log(JSON.stringify({ pid: process.pid }));
			relaunch();
			const { execArgv, argv, env } = process;
			console.log(JSON.stringify({ execArgv, argv: argv.slice(2), arenas: env.MALLOC_ARENA_MAX ?? null }));`,
		);
	});
	after(() => {
		if (dir !== undefined) rmSync(dir, { recursive: true });
	});

	async function tell(nodeArgs: readonly string[], env: Readonly<Record<string, string>>): Promise<Told> {
		const { stdout, stderr } = await run(process.execPath, [...nodeArgs, script, 'watch', 'a b'], { env });
		assert.equal(stderr, '');
		const lines = stdout
			.trim()
			.split('\n')
			.map((line) => JSON.parse(line) as { pid?: number } & Omit<Told, 'pids'>);
		const last = lines.at(-1);
		assert.ok(last !== undefined);
		return { ...last, pids: lines.flatMap(({ pid }) => pid ?? []) };
	}

	it('begins the process anew once, as itself, with what it was given', async () => {
		const { pids, execArgv, argv, arenas } = await tell(['--stack-trace-limit=7'], {});
		assert.equal(pids.length, 2);
		assert.equal(pids[0], pids[1]);
		assert.ok(execArgv.includes(`--max-semi-space-size=${mainSemiSpaceMb}`), execArgv.join(' '));
		assert.ok(execArgv.includes(`--max-old-space-size=${heapMb}`), execArgv.join(' '));
		assert.ok(execArgv.includes('--stack-trace-limit=7'), execArgv.join(' '));
		assert.deepEqual(argv, ['watch', 'a b']);
		assert.equal(arenas, '1');
	});

	it('ends where what it sets does not arrive', async () => {
		// As the C library does in programs with capabilities of their own.
		const preload = join(dir, 'preload.mjs');
		writeFileSync(
			preload,
			`for (const name of Object.keys(process.env)) if (name.startsWith('MALLOC_')) delete process.env[name];`,
		);
		const { pids, arenas } = await tell(['--import', pathToFileURL(preload).href], {});
		assert.equal(pids.length, 2);
		assert.equal(arenas, null);
	});

	it('is left out where Node may start no programs', async () => {
		const { pids } = await tell(['--permission', '--allow-fs-read=*'], {});
		assert.equal(pids.length, 1);
	});

	it('leaves what the user has set', async () => {
		const own = await tell(['--max-semi-space-size=32'], { MALLOC_ARENA_MAX: '7' });
		assert.ok(!own.execArgv.includes(`--max-semi-space-size=${mainSemiSpaceMb}`), own.execArgv.join(' '));
		assert.ok(own.execArgv.includes(`--max-old-space-size=${heapMb}`), own.execArgv.join(' '));
		assert.equal(own.arenas, '7');
		const large = await tell(['--max-old-space-size=3000'], {});
		assert.ok(!large.execArgv.includes(`--max-old-space-size=${heapMb}`), large.execArgv.join(' '));
		const spelt = await tell([], { NODE_OPTIONS: '--max_semi_space_size=32' });
		assert.ok(!spelt.execArgv.includes(`--max-semi-space-size=${mainSemiSpaceMb}`), spelt.execArgv.join(' '));
		const all = { MALLOC_ARENA_MAX: '7', MALLOC_MMAP_THRESHOLD_: '1', MALLOC_TRIM_THRESHOLD_: '1' };
		const none = await tell([], {
			...all,
			NODE_OPTIONS: '--max-semi-space-size=32 --max-old-space-size=900',
		});
		assert.equal(none.pids.length, 1, 'nothing was missing');
	});
});
