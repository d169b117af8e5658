import { closeSync, fsyncSync, openSync } from 'node:fs';
import { platform } from 'node:process';

/** A new or renamed file is durable only when its folder is. Windows knows no such call, and needs none. */
export function syncFolder(dir: string): void {
	if (platform === 'win32') return;
	const folder = openSync(dir, 'r');
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
