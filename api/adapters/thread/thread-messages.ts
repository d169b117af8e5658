/** What client and host of a thread send each other: always arrays, so that many calls share one message. */
import type { PlainError } from '../../errors.ts';

/** The methods that a thread serves. Arguments and results must survive structured cloning. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the table's own types give each call its arguments
export type Methods = Record<string, (...args: any[]) => unknown>;

export type ThreadRequest = readonly [id: number, method: string, args: readonly unknown[]];
/** Asks for the names of the methods, once what they need is open. */
export const OPEN = 'open!';
/** The last request: run what came before, close, end the thread. */
export const CLOSE = 'close!';

export type ThreadReply = readonly [id: number, value: unknown, error?: PlainError];
