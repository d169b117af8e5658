import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DocDropError } from '../errors.ts';
import { loopTurn } from '../loop-turn.ts';

/** From so many bytes on a body waits for its turn to be parsed: many that arrive together would be parsed in one. */
const longBody = 65_536;

/**
 * JSON bodies, strictly: bytes that are not UTF-8 are refused, because replacing them would change an id or a
 * text without a word, and so are the names by which a body could reach into objects that it does not own.
 */
export function installJsonBody(app: FastifyInstance): void {
	const parse = app.getDefaultJsonParser('error', 'error');
	const refused = (message: string) => new DocDropError('invalid', `body ${message}`, { field: 'body' });
	app.removeContentTypeParser('application/json');
	app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
		if (body.length < longBody) return parseNow(request, body, done);
		void loopTurn().then(() => {
			if (request.raw.socket.destroyed) done(refused('must have a caller who waits for the answer'));
			else parseNow(request, body, done);
		});
	});
	function parseNow(
		request: FastifyRequest,
		body: Buffer,
		done: (error: Error | null, value?: unknown) => void,
	): void {
		// Many clients send the header with every request; what a deletion says is in its query.
		if (body.length === 0 && request.method === 'DELETE') return done(null, undefined);
		if (body.length === 0) return done(refused('must be JSON, got nothing'));
		if (!isUtf8(body)) return done(refused('must be UTF-8'));
		const text = body.toString();
		const value = parseHarmless(text);
		if (value !== undefined) return done(null, value);
		void parse(request, text, (error, value) => {
			if (error === null) return done(null, value);
			done(
				refused(
					isJson(text)
						? 'must not hold the name __proto__, or constructor with prototype'
						: 'must be well-formed JSON',
				),
			);
		});
	}
}

/**
 * Undefined where the text has to be looked at: it may hold a name that is refused, plain or escaped, or is no JSON. The
 * look at every quote of a long text takes about as long as to parse it.
 */
function parseHarmless(text: string): unknown {
	if (text.includes('__proto__') || text.includes('constructor') || text.includes('\\u00')) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
