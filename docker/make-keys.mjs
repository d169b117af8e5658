/**
 * Makes keys, once. Of n8n and of Prometheus: for each a file that it reads, and for the API the keyring of both, as
 * `docdrop keys` writes it. And one of the operator, which may do everything: the commands in the API's container send it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [dir = '/keys'] = process.argv.slice(2);
const keyring = join(dir, 'keyring.json');

function keyFor(name, rights) {
	const key = `docdrop_${randomBytes(32).toString('base64url')}`;
	const sha256 = createHash('sha256').update(key).digest('hex');
	const [id, addedAt] = [randomBytes(4).toString('hex'), new Date().toISOString()];
	return { key, entry: { id, name, tenant: null, rights, addedAt, sha256 } };
}

// Written last: where it is there, all are.
if (!existsSync(keyring)) {
	const n8n = keyFor('n8n', ['read', 'write']);
	// It sees figures and names, and no text of a document.
	const prometheus = keyFor('prometheus', ['admin']);
	// The programs run as users of their own, in containers that alone hold this volume.
	const write = (name, text) => writeFileSync(join(dir, name), text, { mode: 0o444 });
	write('api-keys', `${randomBytes(32).toString('base64url')}\n`);
	write('n8n-credential.json', JSON.stringify({ docDropApi: { apiKey: n8n.key } }));
	write('prometheus-key', prometheus.key);
	write(
		'keyring.json',
		`${JSON.stringify({ version: 1, keys: [n8n.entry, prometheus.entry] }, null, '\t')}\n`,
	);
}
