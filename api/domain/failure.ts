import { isDocDropError, type DocDropError } from '../errors.ts';

const maxMessage = 1_000;

/** What went wrong with a document, as its receipt keeps it. */
export interface Failure {
	readonly code: string;
	readonly message: string;
}

/** What a receipt says of any error: nothing of one that is not of the table. */
export const failureOf = (error: unknown): Failure =>
	isDocDropError(error)
		? { code: error.code, message: error.message }
		: { code: 'internal', message: 'internal error; the log holds it' };

export const shortFailure = ({ code, message }: DocDropError): Failure => ({
	code,
	message: message.slice(0, maxMessage).toWellFormed(),
});
