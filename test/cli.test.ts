import assert from 'node:assert/strict';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, startCli, type Ran } from './support/run-cli.ts';

/** The command line, as real processes. Those that do not need each other run side by side. */
describe('the command line', function () {
	this.timeout(120_000);
	let dir: string;
	before(() => {
		dir = realpathSync(mkdtempSync(join(tmpdir(), 'docdrop-cli-')));
	});
	after(() => rmSync(dir, { recursive: true, force: true }));
	let folders = 0;
	/** A working folder that nobody else uses. */
	function place(): string {
		const made = join(dir, `place${(folders += 1)}`);
		mkdirSync(made);
		return made;
	}
	const stack = /\bat .+:\d+:\d+|node:internal|\.ts:\d+/;

	it('previews a file with and without a running process, and changes nothing', async () => {
		const cwd = place();
		const file = join(cwd, 'notes.md');
		writeFileSync(file, '# Otters\n\nThey hold hands.\n');
		writeFileSync(join(cwd, 'empty.txt'), '');
		const env = { DOCDROP_PORT: '0' };
		const server = startCli(['serve'], { cwd, env });
		try {
			await server.shows(/API and its description/);
			const shown = await runCli(['preview', file], { cwd });
			assert.equal(shown.code, 0, shown.err);
			assert.match(shown.out, /^document {3}notes\.md {2}\(Otters\)$/m);
			assert.match(shown.out, /^read as {4}text\/markdown, 27 bytes$/m);
			assert.match(shown.out, /^published {2}not yet: 1 passage to add, 0 to keep, 0 to remove$/m);
			assert.match(shown.out, /^1\. Otters\n {4}Otters\n\n {4}They hold hands\.$/m);
			const empty = await runCli(['preview', 'empty.txt'], { cwd });
			assert.match(empty.out, /It holds no text to be found by\./);
			const status = JSON.parse((await runCli(['status', '--json'], { cwd })).out) as { documents: number };
			assert.equal(status.documents, 0);
		} finally {
			server.child.kill('SIGTERM');
			await server.ended;
		}
		const json = await runCli(['preview', 'notes.md', '--json'], { cwd });
		assert.equal((JSON.parse(json.out) as { chunks: unknown[] }).chunks.length, 1, json.err);
		const gone = await runCli(['preview', 'gone.md'], { cwd });
		assert.deepEqual(
			[gone.code, gone.err.split('\n')[0]],
			[2, 'docdrop: preview takes a file that can be read (ENOENT)'],
		);
	});

	it('says what it can do, and refuses what it cannot', async () => {
		const cwd = place();
		const usage = /docdrop watch \[DIR\]/;
		const most = 100;
		const cases: [args: string[], code: number, out: RegExp, err: RegExp][] = [
			[['--help'], 0, usage, /^$/],
			[['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
			[['fly'], 2, /^$/, /there is no command "fly"[^]+docdrop watch/],
			[['--colour'], 2, /^$/, /--colour/],
			[['search', 'a', '--limit', `${most + 1}`], 2, /^$/, new RegExp(`--limit must be 1 to ${most}\n`)],
			[['delete'], 2, /^$/, /delete takes one path, or --filter\n/],
			[['search', 'a', '--limit', `${most}`], 1, /^$/, /must be a data folder, and there is none/],
		];
		const ran = await inTurns(
			cases.map(
				([args]) =>
					() =>
						runCli(args, { cwd }),
			),
		);
		for (const [index, { code, out, err }] of ran.entries()) {
			const [args, wantedCode, wantedOut, wantedErr] = cases[index] ?? assert.fail();
			assert.deepEqual([args, code], [args, wantedCode], err);
			assert.match(out, wantedOut);
			assert.match(err, wantedErr);
			assert.doesNotMatch(err, stack);
		}
		assert.ok(!existsSync(join(cwd, '.docdrop')), 'nothing was opened for that');
	});

	it('says which setting is wrong, in a line and a hint', async () => {
		const taken = createServer().listen(0, '127.0.0.1');
		await new Promise((resolve) => taken.once('listening', resolve));
		const port = String((taken.address() as AddressInfo).port);
		const cwd = place();
		writeFileSync(join(cwd, 'file'), '');
		mkdirSync(join(cwd, 'inbox'));
		const cases: [args: string[], env: Record<string, string>, says: RegExp][] = [
			[
				['serve'],
				{ DOCDROP_PORT: '70000' },
				/DOCDROP_PORT must be a whole number from 0 to 65535, got "70000"/,
			],
			[['serve'], { DOCDROP_API_KEYS: 'hunter2=' }, /DOCDROP_API_KEYS must be/],
			[['serve'], { DOCDROP_PORT: port }, new RegExp(`DOCDROP_PORT must name.+EADDRINUSE, port ${port}`)],
			[
				['serve'],
				{ DOCDROP_DATA_DIR: join(cwd, 'file', 'x') },
				/could not be used \(ENOTDIR[^]+DOCDROP_DATA_DIR/,
			],
			[
				['serve'],
				{ DOCDROP_CRASH_AT: 'nowhere' },
				/DOCDROP_CRASH_AT must be POINT or POINT:N.+got "nowhere"/,
			],
			[['watch', 'nowhere'], {}, /the folder to follow must be a directory/],
			[
				['watch', 'inbox'],
				{ DOCDROP_DATA_DIR: join(cwd, 'inbox', 'data') },
				/DOCDROP_DATA_DIR must not lie inside/,
			],
		];
		const ran = await inTurns(
			cases.map(
				([args, env]) =>
					() =>
						runCli(args, {
							cwd,
							env: { DOCDROP_DATA_DIR: join(place(), 'data'), DOCDROP_LOG_LEVEL: 'error', ...env },
						}),
			),
		);
		taken.close();
		for (const [index, { code, out, err }] of ran.entries()) {
			const [, , says] = cases[index] ?? assert.fail();
			assert.match(err, says);
			assert.deepEqual([code, out], [1, ''], err);
			assert.doesNotMatch(err, stack);
			assert.doesNotMatch(err, /hunter2/);
			assert.equal(err.trim().split('\n').length, 2, err);
		}
	});

	it('asked where there is no data says so, and leaves nothing behind', async () => {
		const cwd = place();
		const used = join(cwd, 'used');
		mkdirSync(used);
		const commands = [['status'], ['search', 'rivers'], ['explain', 'rivers.txt']];
		const ran = await inTurns(
			[{}, { DOCDROP_DATA_DIR: 'used' }].flatMap((env) =>
				commands.map((args) => () => runCli(args, { cwd, env })),
			),
		);
		for (const [index, { code, out, err }] of ran.entries()) {
			assert.deepEqual([code, out], [1, ''], err);
			assert.match(err, /DOCDROP_DATA_DIR must be a data folder, and there is none/);
			assert.ok(err.includes(index < commands.length ? '"./.docdrop"' : '"used"'), err);
			assert.match(err, /docdrop watch/);
			assert.equal(err.trim().split('\n').length, 2, err);
		}
		assert.deepEqual([readdirSync(cwd), readdirSync(used)], [['used'], []]);
	});

	it('follows a folder, answers meanwhile and afterwards, and ends in order', async () => {
		const cwd = place();
		const inbox = join(cwd, 'inbox');
		mkdirSync(join(inbox, 'sub'), { recursive: true });
		writeFileSync(join(inbox, 'rivers.txt'), 'The Danube flows into the Black Sea.');
		writeFileSync(join(inbox, 'sub', 'hills.md'), '# Hills\n\nThe Eifel is old.');
		writeFileSync(join(inbox, 'picture.png'), 'x');
		const env = {
			DOCDROP_PORT: '0',
			DOCDROP_LOG_LEVEL: 'warn',
			DOCDROP_API_KEYS: 'other=key-of-other,default=key-of-default,key-of-all',
		};
		const ask = (...args: string[]) => runCli(args, { cwd, env });
		const server = startCli(['watch'], { cwd, env });
		try {
			const said = await server.shows(/up to date: 2 documents/);
			const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
			const note = JSON.parse(readFileSync(join(cwd, '.docdrop', 'server.json'), 'utf8'));
			assert.deepEqual([note.url, note.pid, note.folders[0].dir], [url, server.child.pid, inbox]);

			const preview = await ask('preview', 'inbox/sub/hills.md');
			assert.match(preview.out, /^published {2}as it is: 0 passages to add, 1 to keep, 0 to remove$/m);
			const [status, found, asJson, file, other, second] = await inTurns([
				() => ask('status'),
				() => ask('search', 'where does the Danube flow'),
				() => ask('search', 'eifel', '--json', '--limit', '1', '--mode', 'text'),
				() => ask('explain', 'inbox/sub/hills.md'),
				() =>
					runCli(['search', 'danube'], {
						cwd,
						env: { ...env, DOCDROP_API_KEYS: 'other=key-of-other,default=key-of-default' },
					}),
				() => ask('serve'),
			]);
			for (const ran of [status, found, asJson, file, other]) assert.equal(ran?.code, 0, ran?.err);
			assert.match(
				status?.out ?? '',
				new RegExp(`running on ${url}[^]+2 documents, 2 chunks[^]+0 documents waiting`),
			);
			assert.match(found?.out ?? '', /^ 1\. rivers\.txt[^]+Danube flows[^]+\d+ results? in \d+ ms\n$/);
			const [hit] = JSON.parse(asJson?.out ?? '').results;
			assert.equal(hit.docId, 'sub/hills.md');
			assert.match(
				file?.out ?? '',
				/^sub\/hills\.md\n[^]+document   published[^]+1 chunk since[^]+put +published/,
			);
			assert.match(other?.out ?? '', /rivers\.txt/, 'the key of the tenant that is asked about');
			assert.deepEqual([second?.code, /another process/.test(second?.err ?? '')], [1, true], second?.err);

			// A folder that a workflow of n8n tells of: its files are named by their paths, too.
			const none = { pending: 0, inFlight: 0, failedCount: 0, failed: [], restless: [], unreadable: [] };
			const skipped = [{ relPath: 'a.zip', reason: 'the file is larger than the limit' }];
			const times = { lastScanAt: null, verifiedAt: null, held: null };
			const root = { ...{ label: 'box', mode: 'watch', files: 1, isDelivered: true }, ...none, ...times };
			const told = await fetch(`${url}/v1/sources/s/report`, {
				method: 'PUT',
				headers: { 'x-api-key': 'key-of-all', 'content-type': 'application/json' },
				body: JSON.stringify({
					...{ sender: 'one', tenant: 'default', name: 'workflow Files' },
					roots: [{ ...root, skippedCount: 1, skipped }],
					delivery: { failures: 0, lastFailure: null },
				}),
			});
			assert.equal(told.status, 200, await told.text());
			const explained = (await ask('explain', '/data/box/a.zip')).out;
			assert.match(explained, /^a\.zip\n[^]+box, watched by workflow Files[^]+left out +the file is larger/);
			assert.match((await ask('status')).out, /SKIPPED {4}box \(tenant default, workflow Files\): 1 file/);

			const like = ['--filter', '{"docId":{"prefix":"sub/"}}'];
			const [listed, counted, patched] = await inTurns([
				() => ask('list', ...like),
				() => ask('delete', ...like, '--dry-run'),
				() => ask('patch', 'inbox/rivers.txt', '--set', '{"seen":true}', '--json'),
			]);
			assert.match(listed?.out ?? '', /^published {2}sub\/hills\.md/);
			assert.equal(counted?.out, '1 document would be deleted.\n', counted?.err);
			assert.match(patched?.err ?? '', /docId belongs to another source[^]+--take-over|takeOver/);

			writeFileSync(join(inbox, 'new.txt'), 'The Rhine is green.');
			await server.shows(/up to date: 3 documents/);
			assert.match((await ask('search', 'rhine', '--mode', 'text')).out, /new\.txt/);

			const audited = await ask('audit', '--json');
			const { documents, left, folders: compared } = JSON.parse(audited.out);
			assert.deepEqual([audited.code, documents, left, compared.length], [0, 3, 0, 1], audited.err);
			const { folder, delivered, manifest, index } = compared[0].digest;
			// The picture is seen, and is not taken.
			assert.ok(folder !== delivered && delivered === manifest && manifest === index);
			assert.match((await ask('status')).out, /^audit {6}2\d{3}-[^]+3 points, nothing found \(digest /m);
		} finally {
			server.child.kill('SIGTERM');
		}
		const { code, err } = await server.ended;
		assert.equal(code, 0, err);
		assert.doesNotMatch(err, stack);
		assert.ok(!existsSync(join(cwd, '.docdrop', 'server.json')));

		// A note that a crash left behind, at an address where somebody else answers by now.
		const stranger = createHttpServer((_request, answer) => answer.end('{}')).listen(0, '127.0.0.1');
		await new Promise((resolve) => stranger.once('listening', resolve));
		const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
		const note = { pid: server.child.pid, url, folders: [{ dir: inbox, tenant: 'default', state: '' }] };
		writeFileSync(join(cwd, '.docdrop', 'server.json'), JSON.stringify(note));
		const [status, found, file] = await inTurns(
			[() => ask('status'), () => ask('search', 'danube'), () => ask('explain', 'inbox/rivers.txt')],
			1,
		);
		stranger.close();
		assert.match(status?.out ?? '', /not running; the store was read directly\n[^]+3 documents, 3 chunks/);
		assert.match(found?.out ?? '', /rivers\.txt/);
		assert.match(file?.out ?? '', /^rivers\.txt\n[^]+no running process tells of it[^]+document   published/);
	});
});

/** Runs them two at a time: that many cores the smallest machine has. */
async function inTurns(runs: readonly (() => Promise<Ran>)[], atATime = 2): Promise<Ran[]> {
	const results: Ran[] = [];
	let next = 0;
	async function take(): Promise<void> {
		for (let at = next++; at < runs.length; at = next++) results[at] = (await runs[at]?.()) ?? assert.fail();
	}
	await Promise.all(Array.from({ length: atATime }, take));
	return results;
}
