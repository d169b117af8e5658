import assert from 'node:assert/strict';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '../../api/adapters/backup/index.ts';
import { checkDataFolder, refuseRemote } from '../../api/app/data-folder-place.ts';
import { isDocDropError } from '../../api/errors.ts';
import { call } from '../support/call.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { until } from '../support/settled.ts';

const patience = 60_000;

/** What of a backup takes no time; backup.slow.test.ts makes them while work goes on. */
describe('a backup', () => {
	let dir: string;
	before(() => (dir = mkdtempSync(join(tmpdir(), 'docdrop-backup-'))));
	after(() => rmSync(dir, { recursive: true, force: true }));

	const publish = async ({ url }: TestApp, docId: string, text: string) => {
		const body = { tenant: 't', docId, content: { text } };
		const { status, json } = await call(url, { path: '/v1/publish', body });
		assert.equal(status, 202, JSON.stringify(json));
		return json.jobId as string;
	};
	async function backedUp({ url, dataDir }: TestApp): Promise<string> {
		assert.equal((await call(url, { path: '/v1/backup', body: {} })).json.state, 'running');
		const { json } = await until(
			() => call(url, { path: '/v1/backup' }),
			(answer) => answer.json.state !== 'running',
			patience,
		);
		assert.equal(json.state, 'done');
		return join(dataDir, 'backup');
	}
	it('is refused where it is torn, newer or of something else, and leaves an empty folder empty', async () => {
		const api = await startApp({ DOCDROP_WORKERS: '0' });
		await publish(api, 'a', 'It waits.');
		await publish(api, 'b', 'Much. '.repeat(20_000));
		const whole = await backedUp(api);
		const dataDir = join(dir, 'empty');
		let place = 0;
		/** A copy that something happens to, and what a restore says of it. */
		const refused = async (damage: (copy: string) => void) => {
			const copy = join(dir, `damaged${(place += 1)}`);
			cpSync(whole, copy, { recursive: true });
			damage(copy);
			const error = await restoreBackup(copy, dataDir).then(
				() => assert.fail('it was restored'),
				(reason: unknown) => reason,
			);
			assert.ok(isDocDropError(error), String(error));
			assert.deepEqual(existsSync(dataDir) ? readdirSync(dataDir) : [], []);
			return error.code;
		};
		const manifest = (copy: string, change: (value: Record<string, unknown>) => object) => {
			const file = join(copy, 'backup.json');
			writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
		};
		const blob = readdirSync(join(whole, 'blobs'))[0] ?? '';
		const file = (path: string) => ({ path, size: 0, sha256: '0'.repeat(64) });
		const codes = [
			await refused((copy) => rmSync(join(copy, 'backup.json'))),
			await refused((copy) => writeFileSync(join(copy, 'backup.json'), '{"format":1')),
			await refused((copy) => rmSync(join(copy, 'blobs', blob))),
			await refused((copy) => writeFileSync(join(copy, 'blobs', blob), 'other')),
			await refused((copy) => {
				rmSync(join(copy, 'blobs', blob));
				symlinkSync('/etc/hostname', join(copy, 'blobs', blob));
			}),
			await refused((copy) => manifest(copy, (value) => ({ ...value, schemas: { docs: 9_999, index: 1 } }))),
			await refused((copy) =>
				manifest(copy, (value) => ({ ...value, files: [file('docs.db'), file('../x')] })),
			),
			await refused((copy) =>
				manifest(copy, (value) => ({ ...value, files: [file('docs.db'), file('/etc/x')] })),
			),
			await refused((copy) => manifest(copy, (value) => ({ ...value, files: [] }))),
		];
		const [none, torn] = ['config_invalid', 'store_corrupt'];
		assert.deepEqual(codes, [none, none, torn, torn, torn, 'store_newer', none, none, none]);
		mkdirSync(dataDir, { recursive: true });
		writeFileSync(join(dataDir, 'mine'), 'x');
		await assert.rejects(restoreBackup(whole, dataDir), { code: 'config_invalid' });
		assert.equal(readFileSync(join(dataDir, 'mine'), 'utf8'), 'x');
		await api.close();
	});

	it('leaves a folder that no process starts on while it is restored, or where that was interrupted', async () => {
		const api = await startApp({ DOCDROP_WORKERS: '0' });
		const dataDir = join(dir, 'restored');
		await restoreBackup(await backedUp(api), dataDir);
		await api.close();
		await checkDataFolder(dataDir, false);
		writeFileSync(join(dataDir, 'restoring'), '');
		await assert.rejects(checkDataFolder(dataDir, true), { code: 'config_invalid' });
	});

	it('is begun by a key of all tenants alone, and by no web page', async () => {
		const api = await startApp({ DOCDROP_WORKERS: '0', DOCDROP_API_KEYS: 'all,acme=one' });
		const key = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
		for (const method of ['POST', 'GET']) {
			const body = method === 'POST' ? { body: {} } : {};
			const { status } = await call(api.url, { method, path: '/v1/backup', ...body, ...key('one') });
			assert.equal(status, 403);
		}
		const unasked = { method: 'POST', path: '/v1/backup', ...key('all') };
		assert.equal((await call(api.url, unasked)).status, 400);
		const named = await call(api.url, { path: '/v1/backup', body: { dir: '/tmp/x' }, ...key('all') });
		assert.deepEqual([named.status, named.json.error.field], [400, 'dir']);
		assert.equal((await call(api.url, { path: '/v1/backup', ...key('all') })).json.state, 'none');
		await api.close();
	});
});

describe('a data folder on a network', () => {
	it('is refused, and says on what it is', () => {
		for (const [type, name] of [
			[0x6969n, 'NFS'],
			[0x517bn, 'SMB'],
			[0xff534d42n, 'CIFS'],
			[-0xacb2ben, 'CIFS'],
			[0xfe534d42n, 'SMB2'],
			[0x01021997n, '9P'],
		] as const) {
			assert.throws(() => refuseRemote(type), { code: 'config_invalid', message: new RegExp(`on ${name}$`) });
		}
		for (const local of [0xef53n, 0x58465342n, 0x01021994n, 0x794c7630n]) refuseRemote(local);
	});
});
