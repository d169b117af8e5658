import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from './config/index.ts';

/**
 * What lies in the data folder, for commands that only look: they must not load the server for it. The server
 * writes the note, the document store its file.
 */

/** What other commands find while a server runs, and after it which folders it followed. */
export interface ServerNote {
	readonly pid: number;
	readonly url: string;
	readonly folders: readonly { readonly dir: string; readonly tenant: string }[];
}

export const noteFile = (config: Config): string => join(resolve(config.dataDir), 'server.json');

export function readNote(config: Config): ServerNote | null {
	try {
		return JSON.parse(readFileSync(noteFile(config), 'utf8')) as ServerNote;
	} catch {
		return null;
	}
}

/** Where a backup is made, until somebody takes it from there. */
export const backupFolder = (dataDir: string): string => join(resolve(dataDir), 'backup');

/** Whether a process has ever kept its state there; `createApp` makes what is missing. */
export const hasData = (config: Config): boolean => existsSync(join(resolve(config.dataDir), 'docs.db'));
