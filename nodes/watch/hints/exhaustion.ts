import { errorCode } from '../disk.ts';

/** Whether the system has no watch or descriptor left to give: the next attempt fails like this one. */
export function isExhausted(error: unknown): boolean {
	return ['ENOSPC', 'EMFILE', 'ENFILE'].includes(errorCode(error));
}
