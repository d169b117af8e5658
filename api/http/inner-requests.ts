import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fromErrorBody } from '../errors.ts';

/**
 * Requests that a route makes of other routes for its own caller, with that caller's key: what one may see, how its
 * words are checked and in which turn it comes is then said in one place. The caller was counted and its body
 * reserved when it came in; an inner request does neither again, or many of them together would wait for what they
 * hold themselves.
 */
export interface InnerRequests {
	readonly isInner: (request: FastifyRequest) => boolean;
	/** The answer's body; rejects with the error that was answered. */
	readonly ask: (outer: FastifyRequest, inner: InnerRequest, signal: AbortSignal) => Promise<unknown>;
}

interface InnerRequest {
	readonly method: 'GET' | 'POST';
	readonly path: string;
	readonly body?: object;
}

const header = 'x-docdrop-inner';

export function createInnerRequests(app: FastifyInstance): InnerRequests {
	/** Those under way, by a name that nobody outside can know, with what ends them. */
	const pending = new Map<unknown, AbortSignal>();
	app.addHook('onRequest', async ({ headers }, reply) => {
		const signal = pending.get(headers[header]);
		// The outer caller hung up: so did this one, to whatever waits for a turn of its own.
		signal?.addEventListener('abort', () => reply.raw.destroy(), { once: true });
	});
	return {
		isInner: ({ headers }) => pending.has(headers[header]),
		async ask({ headers: { authorization, 'x-api-key': key } }, { method, path, body }, signal) {
			signal.throwIfAborted();
			const name = randomUUID();
			pending.set(name, signal);
			try {
				const answer = await app.inject({
					method,
					url: path,
					headers: {
						host: 'localhost',
						[header]: name,
						...(authorization !== undefined && { authorization }),
						...(key !== undefined && { 'x-api-key': key }),
					},
					...(body !== undefined && { payload: body }),
				});
				if (answer.statusCode >= 400) throw fromErrorBody(answer.json());
				return answer.json();
			} finally {
				pending.delete(name);
			}
		},
	};
}
