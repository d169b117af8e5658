import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followKeys, type FollowedKeys } from '../../api/app/access-keys.ts';
import { addKey, revokeKey } from '../../api/config/index.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/settled.ts';

/** Keys change while the process runs. */
describe('keys that are followed', () => {
	let dir: string;
	let file: string;
	let clock: FakeClock;
	let keys: FollowedKeys;
	let logged: { level: string; fields: object; message: string }[];
	const log = Object.fromEntries(
		['debug', 'info', 'warn', 'error'].map((level) => [
			level,
			(fields: object, message: string) => void logged.push({ level, fields, message }),
		]),
	) as never;
	const wanted = { name: 'one', tenant: 'a', rights: ['read'], addedAt: '2026-01-02T03:04:05Z' } as const;
	const start = async (apiKeys: { tenant: string | null; key: string }[] = []) =>
		(keys = await followKeys({ apiKeys, keyring: file }, { clock, log }));
	/** Time goes on until the file was looked at and the keys are so. */
	const becomes = (is: () => boolean) =>
		until(async () => (await clock.advance(2_000), is()), Boolean, 60_000);

	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-keys-'));
		file = join(dir, 'keys.json');
		clock = fakeClock();
		logged = [];
	});
	afterEach(() => {
		keys.close();
		rmSync(dir, { recursive: true });
	});

	it('are rotated without a restart: both count while both stand there, then the new one alone', async () => {
		const old = addKey(file, wanted);
		await start();
		assert.deepEqual(keys.find(old.key)?.tenant, 'a');
		const young = addKey(file, wanted);
		assert.equal(keys.find(young.key), null, 'nobody has looked yet');
		await becomes(() => keys.find(young.key) !== null);
		assert.notEqual(keys.find(old.key), null);
		revokeKey(file, old.entry.id);
		await becomes(() => keys.find(old.key) === null);
		assert.notEqual(keys.find(young.key), null);
	});

	it('count at once where somebody asks for it', async () => {
		const { entry } = addKey(file, wanted);
		await start();
		const young = addKey(file, { ...wanted, tenant: null, rights: ['admin'] });
		await keys.reload();
		assert.deepEqual(
			{ ...keys.find(young.key), digest: null },
			{ tenant: null, rights: ['admin'], digest: null },
		);
		revokeKey(file, entry.id);
		revokeKey(file, young.entry.id);
		await keys.reload();
		assert.equal(keys.find(young.key), null);
		assert.equal(keys.isOpen, false, 'a keyring without a key lets nobody in');
	});

	it('stay as they were while the file is broken or gone, and that is said once', async () => {
		const { key } = addKey(file, wanted);
		await start();
		writeFileSync(file, `{"version":1,"keys":[{"key":"${key}"}]}`);
		await becomes(() => keys.status().keyring?.fault !== null);
		assert.match(keys.status().keyring?.fault ?? '', /keys\/0 must be without a field "key"/);
		assert.notEqual(keys.find(key), null);
		await clock.advance(20_000);
		const errors = () => logged.filter(({ level }) => level === 'error');
		assert.equal(errors().length, 1);
		rmSync(file);
		await becomes(() => keys.status().keyring?.fault?.includes('ENOENT') === true);
		assert.notEqual(keys.find(key), null);
		assert.equal(errors().length, 2);
		const young = addKey(file, wanted);
		await becomes(() => keys.find(young.key) !== null);
		assert.equal(keys.find(key), null);
		assert.equal(keys.status().keyring?.fault, null);
		const told = JSON.stringify(logged) + JSON.stringify(keys.status());
		assert.ok(!told.includes(dir) && !told.includes('docdrop_'), 'neither a path nor a key is told');
	});

	it('follow what a link leads to, as container engines replace files', async () => {
		const first = addKey(file, wanted);
		await start();
		const other = join(dir, 'other.json');
		const second = addKey(other, wanted);
		renameSync(other, file);
		await becomes(() => keys.find(second.key) !== null);
		assert.equal(keys.find(first.key), null);
	});

	it('are those of the settings too, which may do everything; the widest that fits counts', async () => {
		addKey(file, wanted);
		await start([
			{ tenant: 'b', key: 'same' },
			{ tenant: null, key: 'same' },
		]);
		assert.deepEqual(
			[keys.find('same')?.tenant, keys.find('same')?.rights],
			[null, ['read', 'write', 'admin']],
		);
		assert.equal(keys.status().count, 3);
		for (const none of ['', 'sam', 'same ', 'docdrop_']) assert.equal(keys.find(none), null);
	});

	it('let nobody in where the keyring is empty from the start', async () => {
		revokeKey(file, addKey(file, wanted).entry.id);
		await start();
		assert.deepEqual([keys.isOpen, keys.status().count], [false, 0]);
	});

	it('must be readable at the start', async () => {
		writeFileSync(file, 'x');
		await assert.rejects(start(), { code: 'config_invalid' });
		addKey(join(dir, 'good.json'), wanted);
		file = join(dir, 'good.json');
		await start();
	});
});
