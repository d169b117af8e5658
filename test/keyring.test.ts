import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	chownSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addKey, readKeyring, revokeKey } from '../api/config/index.ts';

describe('a keyring', () => {
	let dir: string;
	let file: string;
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-keyring-'));
		file = join(dir, 'keys.json');
	});
	afterEach(() => rmSync(dir, { recursive: true }));

	const wanted = {
		name: 'n8n',
		tenant: 'acme',
		rights: ['read', 'write'],
		addedAt: '2026-01-02T03:04:05Z',
	} as const;

	it('stays the one of whoever it belongs to, whoever changes it', function () {
		// Only root may give a file away.
		if (process.getuid?.() !== 0) this.skip();
		addKey(file, wanted);
		chownSync(file, 1234, 1234);
		chmodSync(file, 0o640);
		addKey(file, wanted);
		const { uid, gid, mode } = statSync(file);
		assert.deepEqual([uid, gid, mode & 0o777], [1234, 1234, 0o640]);
	});

	it('holds the hash of a key, and the key nowhere', () => {
		const { key, entry } = addKey(file, wanted);
		assert.match(key, /^docdrop_[\w-]{43}$/);
		const text = readFileSync(file, 'utf8');
		assert.ok(!text.includes(key.slice('docdrop_'.length)), 'the key is in no file');
		assert.ok(text.includes(createHash('sha256').update(key).digest('hex')));
		assert.deepEqual(readKeyring(file), [entry]);
		assert.equal(statSync(file).mode & 0o777, 0o600);
		assert.notEqual(addKey(file, wanted).key, key);
		assert.deepEqual(readdirSync(dir), ['keys.json'], 'nothing is left beside it');
	});

	it('loses the key that is revoked, and no other; a link to it stays one', () => {
		const link = join(dir, 'link');
		symlinkSync(file, link);
		writeFileSync(file, '{"version":1,"keys":[]}');
		const [first, second] = [addKey(link, wanted), addKey(link, { ...wanted, tenant: null })];
		revokeKey(link, first.entry.id);
		assert.deepEqual(readKeyring(file), [second.entry]);
		assert.throws(() => revokeKey(link, first.entry.id), { code: 'not_found' });
		assert.deepEqual(readKeyring(link), [second.entry]);
		assert.deepEqual(readdirSync(dir).toSorted(), ['keys.json', 'link']);
	});

	it('is changed by one command at a time, and not at all by one that fails', () => {
		addKey(file, wanted);
		writeFileSync(`${file}.new`, '');
		assert.throws(() => addKey(file, wanted), { code: 'conflict' });
		rmSync(`${file}.new`);
		const before = readFileSync(file);
		writeFileSync(file, 'broken');
		assert.throws(() => addKey(file, wanted), { code: 'config_invalid' });
		assert.equal(readFileSync(file, 'utf8'), 'broken', 'what a person may mend is not lost');
		writeFileSync(file, before);
		assert.equal(addKey(file, wanted).entry.tenant, 'acme');
	});

	const row = {
		...{ id: '00000001', name: 'n', tenant: 'a', rights: ['read'], addedAt: '2026-01-02T03:04:05Z' },
		sha256: '0'.repeat(64),
	};
	const { tenant: _, ...withoutTenant } = row;
	for (const [what, text, says] of [
		['no JSON', '{', /file must be well-formed JSON/],
		['nothing', '', /file must be well-formed JSON/],
		['a list', '[]', /file must be an object/],
		['another version', '{"version":2,"keys":[]}', /version must be 1/],
		['a field that nobody knows', '{"version":1,"keys":[],"x":1}', /without a field "x"/],
		['keys that are none', '{"version":1,"keys":{}}', /keys must be a list/],
		['a key for no tenant', [withoutTenant], /keys\/0\/tenant must be null or/],
		['a misspelt tenant', [{ ...withoutTenant, Tenant: 'a' }], /keys\/0 must be without a field "Tenant"/],
		['a tenant that cannot be', [{ ...row, tenant: 'a b' }], /keys\/0\/tenant must be null or/],
		['no right', [{ ...row, rights: [] }], /keys\/0\/rights must be a list of read, write, admin/],
		['an unknown right', [row, { ...row, rights: ['root'] }], /keys\/1\/rights must be/],
		['a key in the clear', [{ ...row, sha256: 'docdrop_secret' }], /keys\/0\/sha256 must be 64 hex digits/],
		['a hash in capitals', [{ ...row, sha256: 'A'.repeat(64) }], /keys\/0\/sha256 must be/],
		['an id twice', [row, row], /each id stands once/],
		['too many keys', Array.from({ length: 1_001 }, () => row), /at most 1000, got 1001/],
		['too many bytes', ' '.repeat(1_048_577), /file must be at most 1048576 bytes/],
	] as const) {
		it(`is refused with ${what}`, () => {
			writeFileSync(file, typeof text === 'string' ? text : JSON.stringify({ version: 1, keys: text }));
			assert.throws(
				() => readKeyring(file),
				(error: Error) => {
					assert.match(error.message, says);
					assert.ok(!error.message.includes(dir) && !error.message.includes('docdrop_secret'), error.message);
					return true;
				},
			);
		});
	}

	it('is refused where it is no file, in words that show no path', () => {
		for (const [path, says] of [
			[join(dir, 'none'), /one that can be read \(ENOENT\)/],
			[dir, /file must be a file/],
			['/dev/zero', /file must be a file/],
		] as const) {
			assert.throws(
				() => readKeyring(path),
				(error: Error) => says.test(error.message) && !error.message.includes(path),
			);
		}
	});
});
