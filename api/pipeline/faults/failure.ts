import { isDocDropError } from '../../errors.ts';
import type { Failure } from '../../ports/doc-store.ts';

/** What a receipt says of any error: nothing of one that is not of the table. */
export const failureOf = (error: unknown): Failure =>
	isDocDropError(error)
		? { code: error.code, message: error.message }
		: { code: 'internal', message: 'internal error; the log holds it' };
