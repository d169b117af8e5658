import { createHash, randomBytes } from 'node:crypto';
import {
	closeSync,
	existsSync,
	fchmodSync,
	fchownSync,
	fsyncSync,
	openSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	type Stats,
	statSync,
	writeFileSync,
} from 'node:fs';
import type { KeyRight } from '../contract/key-rights.ts';
import { keyringBytes, keyringKeys } from '../contract/key-rights.ts';
import { DocDropError } from '../errors.ts';
import { formatKeyring, keyringFault, parseKeyring, type KeyringEntry } from './keyring.ts';

/** The file of a keyring: the server reads it, `docdrop keys` writes it. */

/** Throws `config_invalid`, without the path: what is wrong with the file is shown in status. */
export function readKeyring(file: string): readonly KeyringEntry[] {
	try {
		// What never ends is not read to its end.
		const found = statSync(file);
		if (!found.isFile()) throw keyringFault('file', 'a file');
		if (found.size > keyringBytes)
			throw keyringFault('file', `at most ${keyringBytes} bytes, got ${found.size}`);
		return parseKeyring(readFileSync(file, 'utf8'));
	} catch (error) {
		const { code, syscall } = error as NodeJS.ErrnoException;
		if (syscall === undefined) throw error;
		throw keyringFault('file', `one that can be read (${code})`);
	}
}

interface NewKey {
	readonly name: string;
	readonly tenant: string | null;
	readonly rights: readonly KeyRight[];
	readonly addedAt: string;
}

/** Adds a key, and tells it: it stands nowhere else. The prefix lets programs that look for leaked secrets know it. */
export function addKey(file: string, wanted: NewKey): { readonly key: string; readonly entry: KeyringEntry } {
	const key = `docdrop_${randomBytes(32).toString('base64url')}`;
	const sha256 = createHash('sha256').update(key).digest('hex');
	const entry = { id: randomBytes(4).toString('hex'), ...wanted, sha256 };
	changeKeyring(file, (keys) => {
		if (keys.length >= keyringKeys) throw keyringFault('keys', `at most ${keyringKeys}: revoke one first`);
		return [...keys, entry];
	});
	return { key, entry };
}

/** Throws `not_found` where no key has the id. */
export function revokeKey(file: string, id: string): void {
	changeKeyring(file, (keys) => {
		const kept = keys.filter((one) => one.id !== id);
		if (kept.length < keys.length) return kept;
		throw new DocDropError('not_found', `no key has the id ${JSON.stringify(id.slice(0, 40))}`, {
			hint: 'docdrop keys list shows them.',
		});
	});
}

/** Whole or not at all: the new file takes the place of the old one, and while it is there nobody else writes. */
function changeKeyring(
	file: string,
	change: (keys: readonly KeyringEntry[]) => readonly KeyringEntry[],
): void {
	const real = existsSync(file) ? realpathSync(file) : file;
	const next = `${real}.new`;
	const handle = openNext(next);
	try {
		if (existsSync(real)) giveAway(handle, statSync(real));
		const keys = change(existsSync(real) ? readKeyring(real) : []);
		writeFileSync(handle, formatKeyring(keys));
		fsyncSync(handle);
		renameSync(next, real);
	} catch (error) {
		rmSync(next, { force: true });
		throw error;
	} finally {
		closeSync(handle);
	}
}

/** To whom the old file was: the process that reads it may run as another user than this command. */
function giveAway(handle: number, { uid, gid, mode }: Stats): void {
	try {
		fchownSync(handle, uid, gid);
		fchmodSync(handle, mode);
	} catch (error) {
		throw new DocDropError(
			'conflict',
			'the keyring belongs to another user, who could not read it any more',
			{
				hint: 'Run the command as the user that the API runs as.',
				cause: error,
			},
		);
	}
}

function openNext(next: string): number {
	try {
		return openSync(next, 'wx', 0o600);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		throw new DocDropError('conflict', 'another command writes the keyring, or was ended while it did', {
			hint: `Where none runs, remove ${next}.`,
		});
	}
}
