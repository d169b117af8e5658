import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackupStatus } from '../contract/backup-schema.ts';
import type { Config } from '../config/index.ts';
import { backupFolder } from '../data-folder.ts';
import { DocDropError } from '../errors.ts';
import type { Clock } from '../../nodes/watch/clock.ts';
import type { Client } from './api-client.ts';
import { UsageError } from './usage-error.ts';

/** `docdrop backup DIR`: has one made, beside the data, and moves it to where it belongs. */
const pollMs = 200;

export async function runBackup(
	client: Pick<Client, 'beginBackup' | 'backup'>,
	config: Config,
	dir: string,
	clock: Pick<Clock, 'sleep'>,
): Promise<BackupStatus> {
	if (existsSync(dir) && readdirSync(dir).length > 0)
		throw new UsageError('backup takes a folder that is empty, or not there');
	let status = await client.beginBackup();
	while (status.state === 'running') {
		await clock.sleep(pollMs);
		status = await client.backup();
	}
	if (status.state !== 'done') {
		throw new DocDropError('store_unavailable', 'the backup could not be made', {
			hint: 'The log of the process says why; nothing was left behind.',
		});
	}
	await move(backupFolder(config.dataDir), dir);
	return status;
}

/** The manifest says afterwards whether all of it has arrived: a restore verifies each file. */
async function move(from: string, to: string): Promise<void> {
	mkdirSync(dirname(to), { recursive: true });
	rmSync(to, { recursive: true, force: true });
	try {
		renameSync(from, to);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
		await cp(from, to, { recursive: true });
		rmSync(from, { recursive: true, force: true });
	}
}
