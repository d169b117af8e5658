import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Headers of every answer, errors included. Answers hold documents: nobody may keep them, frame them or take them for
 * another type. A route that serves a page says itself what that may load.
 */
const headers = {
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
	'referrer-policy': 'no-referrer',
	'cross-origin-resource-policy': 'same-origin',
	'cache-control': 'no-store',
} as const;

/** Of the description of the API: scripts and styles of its own, and pictures that its style sheet holds. */
export const descriptionPolicy =
	"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** As lines of an answer that is written by hand. */
export const headerLines = Object.entries(headers)
	.map(([name, value]) => `${name}: ${value}\r\n`)
	.join('');

/** What is refused before there is a route passes no hook. */
export const setHeaders = (reply: FastifyReply): void => void reply.headers(headers);

export function installHeaders(app: FastifyInstance, isSecure: boolean): void {
	app.addHook('onRequest', async (_request, reply) => {
		setHeaders(reply);
		// Whoever came over TLS once is to come so again.
		if (isSecure) void reply.header('strict-transport-security', 'max-age=31536000');
	});
}
