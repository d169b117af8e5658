import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { limits } from '../contract/limits.ts';
import type { Clock } from '../ports/index.ts';
import { answerClientError } from './error-answers.ts';
import { isStreamed } from './streamed-body.ts';

/**
 * How long a caller may take to send a body. Node has one limit for whole requests, on the whole server, and
 * would cut a large file on a slow line; so that one is off (the limit for headers is not), and here a body that
 * is buffered has a time for all of it, and one that is streamed may take as long as it gets on at a pace.
 */
const wholeMs = 120_000;
/**
 * A streamed body that trickles would keep its connection, and the room on disk that was reserved for it, for as long as
 * it likes. It is looked at four times in the time in which so much must come.
 */
const { streamedMs, streamedBytes } = limits;
const lookMs = streamedMs / 4;

export function installBodyTime(app: FastifyInstance, clock: Clock): void {
	app.addHook('onRequest', async (request, reply) => {
		const { raw } = request;
		const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
		if (length === '0' && encoding === undefined) return;
		// A request that was injected has no socket, and its body is there.
		if (!(raw.socket instanceof Socket)) return;
		const cut = () => {
			if (raw.complete || raw.socket.destroyed) return;
			const late = Object.assign(new Error('the body took too long'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
			if (!reply.raw.headersSent) answerClientError(late, raw.socket);
			// Whoever reads the body learns of it, and lets go of what has come.
			raw.socket.destroySoon();
		};
		const cancel = isStreamed(request) ? watchProgress(raw, clock, cut) : clock.after(wholeMs, cut);
		raw.once('close', cancel);
	});
}

/** Calls `cut` once less than `streamedBytes` have come in `streamedMs`. What has come and was not yet taken is our own delay. */
function watchProgress(raw: IncomingMessage, clock: Clock, cut: () => void): () => void {
	let bytes = raw.socket.bytesRead;
	let since = clock.monotonic();
	let cancel = clock.after(lookMs, look);
	function look(): void {
		const now = clock.monotonic();
		if (raw.socket.bytesRead - bytes >= streamedBytes || raw.readableLength > 0) {
			since = now;
			bytes = raw.socket.bytesRead;
		}
		if (now - since >= streamedMs) cut();
		else cancel = clock.after(lookMs, look);
	}
	return () => cancel();
}
