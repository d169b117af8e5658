import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { restoreBackup } from '../../api/adapters/backup/index.ts';
import type { AuditReport } from '../../api/contract/audit-schema.ts';
import { readConfig } from '../../api/config/index.ts';
import { startServer, type RunningServer } from '../../api/server.ts';
import { call } from '../support/call.ts';
import { startApp } from '../support/app.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { until } from '../support/settled.ts';

const patience = 120_000;

/** Backups that are made while work goes on, and put back are a data folder like any other. */
describe('a backup', function () {
	this.timeout(300_000);
	let dir: string;
	before(() => (dir = mkdtempSync(join(tmpdir(), 'docdrop-backup-'))));
	after(() => rmSync(dir, { recursive: true, force: true }));

	const publish = async ({ url }: { readonly url: string }, docId: string, text: string) => {
		const body = { tenant: 't', docId, content: { text } };
		const { status, json } = await call(url, { path: '/v1/publish', body });
		assert.equal(status, 202, JSON.stringify(json));
		return json.jobId as string;
	};
	async function backedUp(url: string, dataDir: string, logged?: () => string): Promise<string> {
		assert.equal((await call(url, { path: '/v1/backup', body: {} })).json.state, 'running');
		const { json } = await until(
			() => call(url, { path: '/v1/backup' }),
			(answer) => answer.json.state !== 'running',
			patience,
		);
		assert.equal(json.state, 'done', logged?.());
		return join(dataDir, 'backup');
	}
	const lastAudit = async (url: string, after: string | null = null): Promise<AuditReport> => {
		const { json } = await until(
			() => call(url, { path: '/v1/audit' }),
			({ json: { now, last } }) => now === null && last !== null && last.endedAt !== after,
			patience,
		);
		return json.last;
	};

	it('holds what was accepted before it, with its bodies, while others are published and go', async () => {
		const api = await startApp({ DOCDROP_WORKERS: '2' });
		const large = 'Much to say. '.repeat(8_000);
		let isOn = true;
		let n = 0;
		const accepted: string[] = [];
		// Bodies come and go all the time: in rows, in segments and in files of their own.
		const publishing = (async () => {
			for (; isOn; n += 1) {
				const docs = Array.from({ length: 20 }, (_, at) => `doc${(n * 20 + at) % 150}`);
				const jobs = await Promise.all(
					docs.map((docId, at) =>
						publish(api, docId, at % 7 === 0 ? `${large}${n}` : `# ${docId}\n\nEdit ${n}.`),
					),
				);
				accepted.push(...jobs);
			}
		})();
		await until(
			async () => accepted.length,
			(jobs) => jobs >= 100,
			patience,
		);
		const before = [...accepted];
		const from = await backedUp(api.url, api.dataDir, api.logged);
		isOn = false;
		await publishing;
		const dataDir = join(dir, 'with-bodies');
		const { files } = await restoreBackup(from, dataDir);
		assert.ok(files.some(({ path }) => path === 'vectors.db'));
		await api.close();

		const restored = await startApp({ DOCDROP_DATA_DIR: dataDir, DOCDROP_WORKERS: '2' });
		await until(
			() => call(restored.url, { path: '/v1/status' }),
			({ json }) => json.pending + json.inWork === 0,
			patience,
		);
		for (const jobId of before.slice(-40)) {
			const { json } = await call(restored.url, { path: `/v1/jobs/${jobId}` });
			assert.match(json.state, /^(published|superseded|unchanged)$/, JSON.stringify(json));
		}
		const { json: status } = await call(restored.url, { path: '/v1/status' });
		assert.deepEqual([status.failed, status.jobs.failed ?? 0], [0, 0]);
		// The audit that a restore owes was made by itself, and has left nothing to find.
		const owed = await lastAudit(restored.url);
		assert.deepEqual([owed.repair, owed.left, existsSync(join(dataDir, 'restored.json'))], [true, 0, false]);
		await call(restored.url, { path: '/v1/audit', body: {} });
		const proof = await lastAudit(restored.url, owed.endedAt);
		assert.deepEqual([proof.left, proof.digest.manifest === proof.digest.index], [0, true]);
		await restored.close();
	});

	it('is made and put back from the command line, with and without a running process', async () => {
		const cwd = join(dir, 'commands');
		mkdirSync(join(cwd, 'inbox'), { recursive: true });
		writeFileSync(join(cwd, 'inbox', 'rivers.txt'), 'The Danube flows into the Black Sea.');
		const env = { DOCDROP_PORT: '0' };
		const ask = (data: string, ...args: string[]) =>
			runCli(args, { cwd, env: { ...env, DOCDROP_DATA_DIR: data } });
		const server = startCli(['watch'], { cwd, env: { ...env, DOCDROP_DATA_DIR: 'data' } });
		try {
			await server.shows(/up to date: 1 document/);
			const made = await ask('data', 'backup', 'saved');
			assert.equal(made.code, 0, made.err);
			assert.match(made.out, /^\d files, [\d,]+ bytes in .*saved\n$/);
			assert.equal(existsSync(join(cwd, 'data', 'backup')), false);
			const again = await ask('data', 'backup', 'saved');
			assert.deepEqual(
				[again.code, again.err.split('\n')[0]],
				[2, 'docdrop: backup takes a folder that is empty, or not there'],
			);
		} finally {
			server.child.kill('SIGTERM');
			await server.ended;
		}
		const restored = await ask('new', 'restore', 'saved');
		assert.deepEqual([restored.code, restored.err], [0, '']);
		assert.match(restored.out, /^Restored as of 2\d{3}-/);
		const found = await ask('new', 'search', 'danube', '--mode', 'text');
		assert.match(found.out, /rivers\.txt/, found.err);
		const onto = await ask('new', 'restore', 'saved');
		assert.deepEqual(
			[onto.code, onto.err.split('\n')[0]],
			[1, 'docdrop: DOCDROP_DATA_DIR must be an empty folder to restore into'],
		);
		assert.equal((await ask('new', 'backup', 'second')).code, 0);
	});

	it('of a followed folder settles equal to the folder, whatever has changed since', async () => {
		const inbox = join(dir, 'inbox');
		mkdirSync(inbox);
		const write = (n: number, word: string) =>
			writeFileSync(join(inbox, `file${n}.md`), `# File ${n}\n\nWhat ${word} says of ${n}.`);
		const remove = (n: number) => rmSync(join(inbox, `file${n}.md`));
		const serve = (dataDir: string): Promise<RunningServer> =>
			startServer(
				readConfig({
					...{ DOCDROP_DATA_DIR: dataDir, DOCDROP_PORT: '0', DOCDROP_WINDOW_MS: '20' },
					...{ DOCDROP_DELETE_GRACE_MS: '50', DOCDROP_WORKERS: '1' },
				}),
				{ follow: inbox, logger: pino({ level: 'silent' }) },
			);
		for (let n = 0; n < 80; n += 1) write(n, 'the first text');
		const data = join(dir, 'followed');
		let server = await serve(data);
		await server.folder?.idle();
		const { sourceId } = server.folder?.status() ?? {};
		const backingUp = backedUp(server.url, data);
		for (let n = 0; n < 10; n += 1) write(n, 'an edit during the backup');
		for (let n = 80; n < 85; n += 1) write(n, 'a new file');
		remove(70);
		const copy = join(dir, 'copy');
		cpSync(await backingUp, copy, { recursive: true });
		for (let n = 5; n < 15; n += 1) write(n, 'an edit after the backup');
		for (let n = 85; n < 90; n += 1) write(n, 'a newer file');
		for (const n of [71, 72, 73]) remove(n);
		await server.folder?.idle();
		await server.stop();
		write(20, 'an edit while nothing ran');
		remove(74);

		const restored = join(dir, 'followed-again');
		await restoreBackup(copy, restored);
		server = await serve(restored);
		try {
			assert.equal(server.folder?.status().sourceId, sourceId, 'it is the source that it was');
			await server.folder?.idle();
			await until(
				() => call(server.url, { path: '/v1/status' }),
				({ json }) => json.pending + json.inWork === 0,
				patience,
			);
			const owed = await lastAudit(server.url);
			await call(server.url, { path: '/v1/audit', body: {} });
			const proof = await lastAudit(server.url, owed.endedAt);
			assert.deepEqual([proof.left, proof.documents], [0, 85]);
			assert.equal(proof.folders.length, 1);
			assert.equal(new Set(Object.values(proof.folders[0]?.digest ?? {})).size, 1, 'one digest for all');
			const { json } = await call(server.url, { path: '/v1/documents?tenant=default&limit=200' });
			for (const { docId, published } of json.documents.filter(
				(one: { state: string }) => one.state !== 'deleted',
			)) {
				const sha256 = createHash('sha256')
					.update(readFileSync(join(inbox, docId)))
					.digest('hex');
				assert.equal(published.contentSha256, sha256, docId);
			}
		} finally {
			await server.stop();
		}
	});
});
