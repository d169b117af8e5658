/** Makes the key that n8n sends to the API, once: one file for each of the two, as each reads it. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [dir = '/keys'] = process.argv.slice(2);
const credential = join(dir, 'n8n-credential.json');
// Written last: where it is there, both are.
if (!existsSync(credential)) {
	const apiKey = randomBytes(32).toString('base64url');
	// Both programs run as users of their own, in containers that alone hold this volume.
	writeFileSync(join(dir, 'api-keys'), `${apiKey}\n`, { mode: 0o444 });
	writeFileSync(credential, JSON.stringify({ docDropApi: { apiKey } }), { mode: 0o444 });
}
