import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../support/call.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { until } from '../support/settled.ts';

/** `docdrop keys`, beside a server that runs. */
describe('docdrop keys', function () {
	this.timeout(120_000);
	let cwd: string;
	before(() => void (cwd = mkdtempSync(join(tmpdir(), 'docdrop-keys-'))));
	after(() => rmSync(cwd, { recursive: true, force: true }));
	const env = { DOCDROP_KEYRING: 'keys.json', DOCDROP_PORT: '0' };
	const keys = (...args: string[]) => runCli(['keys', ...args], { cwd, env });

	it('makes, lists and revokes keys that a running server takes up', async () => {
		const made = await keys('add', 'a scraper', '--every-tenant', '--rights', 'admin');
		assert.equal(made.code, 0, made.err);
		const key = /^docdrop_[\w-]{43}$/m.exec(made.out)?.[0] ?? '';
		assert.ok(key !== '', made.out);
		assert.ok(!readFileSync(join(cwd, 'keys.json'), 'utf8').includes(key));
		const server = startCli(['serve'], { cwd, env });
		try {
			const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await server.shows(/API and its description/))?.[0] ?? '';
			const status = (key: string) => async () =>
				(await call(url, { path: '/v1/status', headers: { 'x-api-key': key } })).status;
			assert.deepEqual([await status('wrong')(), await status(key)()], [401, 200]);

			const second = await keys('add', 'its successor', '--every-tenant', '--rights', 'admin', '--json');
			const { key: next, id } = JSON.parse(second.out) as { key: string; id: string };
			server.child.kill('SIGHUP');
			await until(status(next), (answered) => answered === 200, 60_000);
			assert.equal(await status(key)(), 200);

			const list = await keys('list');
			assert.match(list.out, /^[0-9a-f]{8} {2}\d{4}-\d\d-\d\d {2}admin +\(every tenant\) {2}a scraper$/m);
			assert.ok(!list.out.includes(key));
			assert.equal((await keys('revoke', list.out.slice(0, 8))).code, 0);
			await until(status(key), (answered) => answered === 401, 60_000);
			assert.equal(await status(next)(), 200);
			const left = JSON.parse((await keys('list', '--json')).out) as { keys: { id: string }[] };
			assert.deepEqual(
				left.keys.map((one) => one.id),
				[id],
			);
			// A command takes its own key from the settings.
			const asked = await runCli(['status', '--json'], {
				cwd,
				env: { ...env, DOCDROP_API_KEYS: next },
			});
			assert.equal(asked.code, 0, asked.err);
		} finally {
			server.child.kill('SIGTERM');
			await server.ended;
		}
	});

	it('says what it wants', async () => {
		for (const [args, says, code] of [
			[['add', 'x'], /--tenant T or --every-tenant/, 2],
			[['add', 'x', '--tenant', 'a', '--every-tenant'], /--tenant T or --every-tenant/, 2],
			[['add', '--every-tenant'], /takes one name/, 2],
			[['add', 'x', '--every-tenant', '--rights', 'root'], /read,write,admin, got "root"/, 2],
			[['revoke', 'ffffffff'], /no key has the id "ffffffff"/, 1],
			[['drop'], /takes add, list or revoke/, 2],
		] as const) {
			const ran = await keys(...args);
			assert.equal(ran.code, code, ran.err);
			assert.match(ran.err, says);
		}
		const without = await runCli(['keys', 'list'], { cwd });
		assert.equal(without.code, 2);
		assert.match(without.err, /DOCDROP_KEYRING/);
	});
});
