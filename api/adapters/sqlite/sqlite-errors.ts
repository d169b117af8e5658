/** What node:sqlite and files throw, as errors of the table. Used by every adapter that keeps a SQLite file. */
import { DocDropError, isDocDropError } from '../../errors.ts';

// Primary result codes, https://sqlite.org/rescode.html; the low byte of an extended code.
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const NOMEM = 7;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const PROTOCOL = 15;
const NOTADB = 26;
/** The shared-memory file of the WAL could not grow: the way a full disk shows itself there. */
const IOERR_SHMSIZE = 4874;

/** Anything that is no error of SQLite's, or one that only a defect of ours can cause, becomes `internal`. */
export function fromSqliteError(error: unknown): DocDropError {
	if (isDocDropError(error)) return error;
	const code = (error as { errcode?: unknown } | null)?.errcode;
	if (typeof code !== 'number') return new DocDropError('internal', 'internal error', { cause: error });
	if (code === IOERR_SHMSIZE) return new DocDropError('disk_full', 'the disk is full', { cause: error });
	switch (code & 0xff) {
		case FULL:
			return new DocDropError('disk_full', 'the disk is full', { cause: error });
		case BUSY:
		case LOCKED:
			return new DocDropError('store_locked', 'another process holds the store', { cause: error });
		case CORRUPT:
		case NOTADB:
			return new DocDropError('store_corrupt', 'the store is damaged or no store at all', { cause: error });
		case PERM:
		case NOMEM:
		case READONLY:
		case IOERR:
		case CANTOPEN:
		case PROTOCOL:
			return new DocDropError('store_unavailable', 'the store could not be read or written', {
				cause: error,
			});
		default:
			return new DocDropError('internal', 'internal error', { cause: error });
	}
}

/** A number beyond the whole ones, or text that is no JSON: the file is sound, and what stands in a row of it is not. */
export const isUnreadableRow = (error: unknown): boolean =>
	error instanceof SyntaxError || (error as { code?: unknown } | null)?.code === 'ERR_OUT_OF_RANGE';

/** What a call of node:fs threw. */
export function fromFileError(error: unknown): DocDropError {
	if (isDocDropError(error)) return error;
	const code = (error as { code?: unknown } | null)?.code;
	if (code === 'ENOSPC' || code === 'EDQUOT')
		return new DocDropError('disk_full', 'the disk is full', { cause: error });
	return new DocDropError('store_unavailable', 'the store could not be read or written', { cause: error });
}
