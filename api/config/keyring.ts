import { isTenant, tenantDemand } from '../contract/limits.ts';
import { keyringBytes, keyringKeys, keyRights, type KeyRight } from '../contract/key-rights.ts';
import { DocDropError } from '../errors.ts';

/**
 * The keyring as text: keys by their hashes, with what each is good for. A key has 256 bits of chance, so that its
 * SHA-256 needs neither salt nor time: nobody guesses what it is of. Texts of errors name the field and the demand, and
 * nothing else: they are shown in status.
 */
export interface KeyringEntry {
	/** Names the key in lists; says nothing of it. */
	readonly id: string;
	/** What people know it by. */
	readonly name: string;
	/** The only tenant that it is good for; null: every one. */
	readonly tenant: string | null;
	readonly rights: readonly KeyRight[];
	/** Of the key, in hex. */
	readonly sha256: string;
	/** ISO 8601. */
	readonly addedAt: string;
}

export const keyNameRule = /^[^\p{Cc}]{1,100}$/u;
const idRule = /^[0-9a-f]{8}$/;
const hashRule = /^[0-9a-f]{64}$/;

export const keyringFault = (field: string, demand: string): DocDropError =>
	new DocDropError('config_invalid', `DOCDROP_KEYRING: ${field} must be ${demand}`, {
		field: 'DOCDROP_KEYRING',
		hint: 'docdrop keys writes this file; mend what is named, or bring back the file of before.',
	});

/** Throws `config_invalid`, which names the place in the file. */
export function parseKeyring(text: string): readonly KeyringEntry[] {
	if (Buffer.byteLength(text) > keyringBytes) throw keyringFault('file', `at most ${keyringBytes} bytes`);
	const { version, keys, ...others } = asObject(parseJson(text), 'file');
	if (version !== 1) throw keyringFault('version', '1');
	noMore(others, 'file');
	if (!Array.isArray(keys)) throw keyringFault('keys', 'a list');
	if (keys.length > keyringKeys) throw keyringFault('keys', `at most ${keyringKeys}, got ${keys.length}`);
	const entries = keys.map((raw: unknown, nth) => entryOf(raw, `keys/${nth}`));
	const ids = new Set(entries.map(({ id }) => id));
	if (ids.size < entries.length) throw keyringFault('keys', 'a list in which each id stands once');
	return entries;
}

export const formatKeyring = (keys: readonly KeyringEntry[]): string =>
	`${JSON.stringify({ version: 1, keys }, null, '\t')}\n`;

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw keyringFault('file', 'well-formed JSON');
	}
}

function asObject(raw: unknown, field: string): Readonly<Record<string, unknown>> {
	if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
	throw keyringFault(field, 'an object');
}

/** A misspelt `tenant` must not make a key one of every tenant. */
function noMore(others: Readonly<Record<string, unknown>>, field: string): void {
	const [name] = Object.keys(others);
	if (name !== undefined) throw keyringFault(field, `without a field ${JSON.stringify(name.slice(0, 40))}`);
}

function entryOf(raw: unknown, field: string): KeyringEntry {
	const { id, name, tenant, rights, sha256, addedAt, ...others } = asObject(raw, field);
	noMore(others, field);
	if (!matches(id, idRule)) throw keyringFault(`${field}/id`, '8 hex digits');
	if (!matches(name, keyNameRule)) throw keyringFault(`${field}/name`, '1 to 100 characters');
	if (tenant !== null && !(typeof tenant === 'string' && isTenant(tenant)))
		throw keyringFault(`${field}/tenant`, `null or ${tenantDemand}`);
	if (!matches(sha256, hashRule)) throw keyringFault(`${field}/sha256`, '64 hex digits in lower case');
	if (typeof addedAt !== 'string' || Number.isNaN(Date.parse(addedAt)))
		throw keyringFault(`${field}/addedAt`, 'a date');
	return { id, name, tenant, rights: rightsOf(rights, `${field}/rights`), sha256, addedAt };
}

const matches = (value: unknown, rule: RegExp): value is string =>
	typeof value === 'string' && rule.test(value);

function rightsOf(raw: unknown, field: string): readonly KeyRight[] {
	const isRight = (one: unknown): one is KeyRight => keyRights.includes(one as KeyRight);
	if (Array.isArray(raw) && raw.length > 0 && raw.every(isRight)) return raw;
	throw keyringFault(field, `a list of ${keyRights.join(', ')}, with one at least`);
}
