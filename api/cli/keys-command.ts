import { systemClock } from '../../nodes/watch/clock.ts';
import { addKey, keyNameRule, readKeyring, revokeKey, type KeyringEntry } from '../config/index.ts';
import { keyRights, type KeyRight } from '../contract/key-rights.ts';
import { UsageError } from './usage-error.ts';

/** `docdrop keys`: writes the keyring. A server that reads it takes it up by itself; none needs to run. */
interface Said {
	readonly tenant?: string | undefined;
	readonly 'every-tenant'?: boolean | undefined;
	readonly rights?: string | undefined;
	readonly json?: boolean | undefined;
}

export function keysCommand(file: string, [act, ...rest]: readonly string[], said: Said): void {
	if (file === '') throw new UsageError('keys wants DOCDROP_KEYRING to name the file of the keys');
	switch (act) {
		case 'add': {
			const [name = ''] = rest;
			if (rest.length !== 1 || !keyNameRule.test(name))
				throw new UsageError('keys add takes one name of 1 to 100 characters, such as who uses the key');
			const addedAt = new Date(systemClock.now()).toISOString();
			const made = addKey(file, { name, tenant: tenantIn(said), rights: rightsIn(said.rights), addedAt });
			return console.log(said.json === true ? JSON.stringify(shown(made)) : printed(made));
		}
		case 'list': {
			if (rest.length > 0) throw new UsageError('keys list takes no argument');
			const keys = readKeyring(file);
			if (said.json === true)
				return console.log(JSON.stringify({ keys: keys.map((entry) => shown({ entry })) }));
			return console.log(keys.length === 0 ? 'There is no key.' : keys.map(line).join('\n'));
		}
		case 'revoke': {
			const [id] = rest;
			if (id === undefined || rest.length > 1)
				throw new UsageError('keys revoke takes the id of one key, as docdrop keys list shows it');
			revokeKey(file, id);
			return console.log(said.json === true ? JSON.stringify({ revoked: id }) : `${id} is valid no longer.`);
		}
		default:
			throw new UsageError('keys takes add, list or revoke');
	}
}

/** Neither is the silent choice: a key of every tenant is not made by leaving something out. */
function tenantIn({ tenant, 'every-tenant': isForEvery }: Said): string | null {
	if ((tenant === undefined) === (isForEvery !== true))
		throw new UsageError('keys add takes --tenant T or --every-tenant');
	return tenant ?? null;
}

function rightsIn(text = 'read,write'): readonly KeyRight[] {
	const named = text.split(',').map((part) => part.trim());
	const unknown = named.find((one) => !keyRights.includes(one as KeyRight));
	if (unknown !== undefined)
		throw new UsageError(`--rights takes some of ${keyRights.join(',')}, got ${JSON.stringify(unknown)}`);
	return keyRights.filter((right) => named.includes(right));
}

interface Made {
	/** Where it was just made. */
	readonly key?: string;
	readonly entry: KeyringEntry;
}

/** Without the hash: nobody needs it. */
const shown = ({ key, entry: { id, name, tenant, rights, addedAt } }: Made) => ({
	...(key !== undefined && { key }),
	...{ id, name, tenant, rights, addedAt },
});

const line = ({ id, name, tenant, rights, addedAt }: KeyringEntry) =>
	`${id}  ${addedAt.slice(0, 10)}  ${rights.join(',').padEnd(16)}  ${tenant ?? '(every tenant)'}  ${name}`;

const printed = ({ key = '', entry }: Made) =>
	`${key}\n\n${line(entry)}\n\nThe key is shown this once; the file holds its hash.`;
