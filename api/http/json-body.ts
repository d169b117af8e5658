import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DocDropError } from '../errors.ts';
import { loopTurn } from '../loop-turn.ts';
import { createPages } from '../byte-pages.ts';
import { receiveBody, type ReceivedBody } from './receive-body.ts';

/** From so many bytes on a body waits for its turn to be parsed: many that arrive together would be parsed in one. */
const longBody = 65_536;

/**
 * JSON bodies, strictly: bytes that are not UTF-8 are refused, because replacing them would change an id or a
 * text without a word, and so are the names by which a body could reach into objects that it does not own.
 */
export function installJsonBody(app: FastifyInstance): void {
	const parse = app.getDefaultJsonParser('error', 'error');
	const pages = createPages({ isShared: false });
	app.removeContentTypeParser('application/json');
	app.addContentTypeParser('application/json', (request, payload, done) => {
		receiveBody(request, payload, pages, (error, body) => {
			if (body === null) return done(error);
			if (body.bytes.length < longBody) return parseNow(request, body, done);
			void loopTurn().then(() => {
				if (!request.raw.socket.destroyed) return parseNow(request, body, done);
				body.release();
				done(refused('must have a caller who waits for the answer'));
			});
		});
	});
	function parseNow(
		request: FastifyRequest,
		{ bytes, release }: ReceivedBody,
		done: (error: Error | null, value?: unknown) => void,
	): void {
		const text = isUtf8(bytes) ? bytes.toString() : null;
		release();
		if (text === null) return done(refused('must be UTF-8'));
		// Many clients send the header with every request; what a deletion says is in its query.
		if (text === '' && request.method === 'DELETE') return done(null, undefined);
		if (text === '') return done(refused('must be JSON, got nothing'));
		const value = parseHarmless(text);
		if (value !== undefined) return done(null, value);
		void parse(request, text, (error, parsed) => {
			if (error === null) return done(null, parsed);
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

const refused = (message: string) => new DocDropError('invalid', `body ${message}`, { field: 'body' });

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
