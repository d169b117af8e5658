import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, withSecretFiles } from '../api/config/index.ts';

describe('secrets that files hold', () => {
	let dir: string;
	before(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-secrets-'));
	});
	after(() => rmSync(dir, { recursive: true }));

	const fileOf = (name: string, text: string) => {
		writeFileSync(join(dir, name), text);
		return join(dir, name);
	};

	it('stand for themselves, keys on a line each', () => {
		const config = readConfig(
			withSecretFiles({
				DOCDROP_API_KEYS_FILE: fileOf('keys', '# of the CRM\nfirst\r\na=second\n'),
				DOCDROP_QDRANT_API_KEY_FILE: fileOf('qdrant', 'third\n'),
				DOCDROP_EMBEDDER_API_KEY_FILE: '',
			}),
		);
		assert.deepEqual(config.apiKeys, [
			{ tenant: null, key: 'first' },
			{ tenant: 'a', key: 'second' },
		]);
		assert.equal(config.qdrantKey, 'third');
		assert.equal(config.embedderKey, '');
	});

	it('are refused by name, without what they hold', () => {
		const refused = (env: Record<string, string>, message: RegExp) =>
			assert.throws(() => withSecretFiles(env), { code: 'config_invalid', message });
		refused(
			{ DOCDROP_API_KEYS_FILE: join(dir, 'none') },
			/^DOCDROP_API_KEYS_FILE must be the path of .*ENOENT/,
		);
		refused({ DOCDROP_API_KEYS_FILE: dir }, /^DOCDROP_API_KEYS_FILE must be the path of .*EISDIR/);
		refused({ DOCDROP_API_KEYS_FILE: fileOf('empty', '\n') }, /^DOCDROP_API_KEYS_FILE must be/);
		refused({ DOCDROP_API_KEYS_FILE: fileOf('long', 'x'.repeat(70_000)) }, /^DOCDROP_API_KEYS_FILE must be/);
		refused(
			{ DOCDROP_API_KEYS_FILE: fileOf('both', 'x'), DOCDROP_API_KEYS: 'y' },
			/^DOCDROP_API_KEYS_FILE must be empty while DOCDROP_API_KEYS is set$/,
		);
	});

	it('are of settings that are secrets, and of no other', () => {
		const env = withSecretFiles({ DOCDROP_PORT_FILE: fileOf('port', '1') });
		assert.throws(() => readConfig(env), { message: 'DOCDROP_PORT_FILE is not a setting' });
	});
});
