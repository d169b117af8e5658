import type { Methods } from './thread-messages.ts';

/** The same methods, answered later. */
export type Forwarded<M extends Methods> = {
	[K in keyof M]: (...args: Parameters<M[K]>) => Promise<Awaited<ReturnType<M[K]>>>;
};

/** An object whose methods are calls by name: what implements a port elsewhere need not be spelled again here. */
export function forward<M extends Methods>(
	names: readonly (keyof M & string)[],
	call: (name: keyof M & string, ...args: never) => Promise<unknown>,
): Forwarded<M> {
	const methods = names.map(
		(name) => [name, (...args: unknown[]) => call(name, ...(args as never))] as const,
	);
	return Object.fromEntries(methods) as unknown as Forwarded<M>;
}
