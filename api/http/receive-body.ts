import type { Readable } from 'node:stream';
import { errorCodes, type FastifyRequest } from 'fastify';
import { pageBytes, type Pages } from '../byte-pages.ts';

/** The bytes of a body that is taken as a whole, with fastify's own errors. */
export interface ReceivedBody {
	readonly bytes: Buffer;
	/** The bytes are read, and may be written over. */
	release(): void;
}

/**
 * From so many bytes on a body comes into a page: its pieces are garbage at once then, instead of at its end. What is
 * shorter would hold much more than was reserved for it.
 */
const pagedFrom = pageBytes / 4;

export function receiveBody(
	request: FastifyRequest,
	payload: Readable,
	pages: Pages,
	done: (error: Error | null, body: ReceivedBody | null) => void,
): void {
	const limit = request.routeOptions.bodyLimit ?? 0;
	const declared = Number(request.headers['content-length']);
	if (declared > limit) return done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), null);
	const page = declared >= pagedFrom && declared <= pageBytes ? pages.take() : null;
	const parts: Buffer[] = [];
	let received = 0;

	function onData(part: Buffer): void {
		const start = received;
		received += part.length;
		if (received > limit) end(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
		else if (page === null) parts.push(part);
		else if (received <= declared) page.set(part, start);
	}
	function onError(error: Error): void {
		end(Object.assign(error, { statusCode: 400 }));
	}
	function onEnd(): void {
		const isWhole = Number.isNaN(declared) || received === declared;
		end(isWhole ? null : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
	}
	function end(error: Error | null): void {
		payload.off('data', onData).off('end', onEnd).off('error', onError);
		const release = () => page !== null && pages.give(page);
		if (error !== null) {
			release();
			return done(error, null);
		}
		done(null, { bytes: page?.subarray(0, received) ?? Buffer.concat(parts, received), release });
	}
	payload.on('data', onData).on('end', onEnd).on('error', onError).resume();
}
