/** Where a data folder may lie, and whether it is whole. Only app.ts calls this. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { restoringName } from '../adapters/backup/index.ts';
import { DocDropError } from '../errors.ts';

/**
 * By `f_type` of man 2 statfs (linux/magic.h). SQLite's log in shared memory, its lock that is held for the life of the
 * process, and syncs that mean what they say: none of these is a promise of a file system that another machine serves.
 */
const remote: ReadonlyMap<number, string> = new Map([
	[0x6969, 'NFS'],
	[0x517b, 'SMB'],
	[0xff534d42, 'CIFS'],
	[0xfe534d42, 'SMB2'],
	// Also WSL's view of Windows drives.
	[0x01021997, '9P'],
]);

/** Throws `config_invalid`. Other systems than Linux do not say what a folder lies on in this way: they are believed. */
export async function checkDataFolder(dir: string, isAllowed: boolean): Promise<void> {
	if (existsSync(join(dir, restoringName))) {
		throw new DocDropError(
			'config_invalid',
			'DOCDROP_DATA_DIR holds a restore that is under way, or was interrupted',
			{ field: 'DOCDROP_DATA_DIR', hint: 'Where none runs, empty the folder and restore into it again.' },
		);
	}
	if (isAllowed || process.platform !== 'linux') return;
	const { type } = await statfs(dir, { bigint: true });
	refuseRemote(type);
}

/** `type` is signed on some machines. */
export function refuseRemote(type: bigint): void {
	const name = remote.get(Number(BigInt.asUintN(32, type)));
	if (name === undefined) return;
	throw new DocDropError(
		'config_invalid',
		`DOCDROP_DATA_DIR must lie on a disk of this machine, and it is on ${name}`,
		{
			field: 'DOCDROP_DATA_DIR',
			hint: 'There two processes may write at once, and what was acknowledged may be lost. Followed folders may lie on it. DOCDROP_DATA_ON_NETWORK=true takes it all the same.',
		},
	);
}
