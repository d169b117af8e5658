import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DatabaseSync } from 'node:sqlite';
import { DocDropError } from '../../errors.ts';
import { fromFileError } from './sqlite-errors.ts';

/**
 * A copy of a database while it is written. In WAL mode nothing but a checkpoint writes into the file itself: the log is
 * folded into the file, checkpoints stop, and until `thaw` the file is the database of one moment, while all that comes is
 * appended to the log.
 *
 * Node's own backup of SQLite shares the connection from another thread: while transactions follow one another its steps
 * find the database locked, and it fails or never ends. VACUUM INTO would hold up everything for as long as it takes.
 */
export const freezing = (db: DatabaseSync) => ({
	/** Throws store_unavailable where somebody reads so long that the log cannot be folded: another try may succeed. */
	freeze() {
		const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
		if (busy !== 0) throw new DocDropError('store_unavailable', 'the log could not be folded into the file');
		db.exec('PRAGMA wal_autocheckpoint = 0');
	},
	thaw: () => db.exec(`PRAGMA wal_autocheckpoint = ${pagesBeforeCheckpoint}`),
});

/** SQLite's own. */
const pagesBeforeCheckpoint = 1_000;

const mostTries = 20;

/** Freezes by `methods`, copies, thaws. Where the thread of the database ends meanwhile, it rejects. */
export async function copyFrozen(
	from: string,
	to: string,
	methods: { freeze(): Promise<unknown>; thaw(): Promise<unknown> },
): Promise<void> {
	for (let tries = 1; ; tries += 1) {
		try {
			await methods.freeze();
			break;
		} catch (error) {
			if (tries === mostTries) throw error;
		}
	}
	try {
		await copyElsewhere(from, to);
	} finally {
		await methods.thaw();
	}
}

/**
 * In a process of its own: whoever closes a file gives up all locks that his process has on it (man 2 fcntl), those of
 * SQLite included.
 */
async function copyElsewhere(from: string, to: string): Promise<void> {
	const script =
		'const fs = require("node:fs"); const [from, to] = process.argv.slice(1); fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE); fs.chmodSync(to, 0o600);';
	try {
		await promisify(execFile)(process.execPath, ['-e', script, from, to], { env: {} });
	} catch (error) {
		const isFull = /\bENOSPC\b|\bEDQUOT\b/.test(String((error as { stderr?: unknown }).stderr));
		throw fromFileError(isFull ? { code: 'ENOSPC', cause: error } : error);
	}
}
