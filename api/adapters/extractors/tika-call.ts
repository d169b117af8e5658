/** One file to a Tika server and back: PUT {url}/tika, answered with XHTML. Nothing in the answer is believed. */
import { open } from 'node:fs/promises';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, ExtractInput } from '../../ports/index.ts';
import { fromReadError } from './extract.ts';
import { failureOf, notTika, outsideUnavailable, type SentFile } from './tika-failure.ts';

export interface TikaServer {
	/** Up to and without `/tika`, such as `http://127.0.0.1:9998`. */
	readonly url: string;
	/** For one file, from its first byte to that of the answer which is last, ms. */
	readonly timeoutMs: number;
	/** Longest answer, bytes. */
	readonly maxAnswerBytes: number;
	readonly clock: Clock;
}

export type TikaResult =
	/** Null where Tika found nothing in the file. */
	| { readonly kind: 'read'; readonly xhtml: Uint8Array | null }
	/** `mayBeOwn`: the file itself may have brought this about, so that others fare better. */
	| { readonly kind: 'failed'; readonly error: DocDropError; readonly mayBeOwn: boolean };

const VERSION_MS = 2_000;
/** In the first of these bytes stands the name of XHTML, in the last of them the document's end. */
const EDGE_BYTES = 1_024;
const XHTML = 'http://www.w3.org/1999/xhtml';

/** Rejects with the signal's reason, with `content_missing` or `store_unavailable`; all else is a result. */
export async function putToTika(
	server: TikaServer,
	{ content, ...file }: Pick<ExtractInput, 'content'> & SentFile,
	signal: AbortSignal,
): Promise<TikaResult> {
	signal.throwIfAborted();
	const timeout = new AbortController();
	const cancel = server.clock.after(server.timeoutMs, () => timeout.abort());
	const body = await bodyOf(content).catch((error: unknown) => {
		cancel();
		throw fromReadError(error);
	});
	let isAnswered = false;
	try {
		const response = await fetch(addressOf(server, '/tika'), {
			method: 'PUT',
			// Tika takes any other type at its word, and would not look at the content.
			headers: { accept: 'text/html', 'content-type': 'application/octet-stream' },
			body: body.sent,
			duplex: 'half',
			// A document goes where the operator has said, and nowhere else.
			redirect: 'manual',
			signal: AbortSignal.any([signal, timeout.signal]),
		});
		isAnswered = true;
		if (response.status === 204) return { kind: 'read', xhtml: null };
		if (response.status === 200) return { kind: 'read', xhtml: await xhtmlOf(response, file, server) };
		const error = await failureOf(response, file);
		return { kind: 'failed', error, mayBeOwn: response.status === 500 };
	} catch (error) {
		signal.throwIfAborted();
		if (body.readError() !== null) throw fromReadError(body.readError());
		if (isDocDropError(error)) return { kind: 'failed', error, mayBeOwn: false };
		const what = timeout.signal.aborted
			? `did not answer within ${server.timeoutMs} ms`
			: isAnswered
				? 'broke off its answer'
				: 'could not be reached';
		return { kind: 'failed', error: outsideUnavailable(what, { cause: error }), mayBeOwn: true };
	} finally {
		cancel();
		await body.close();
	}
}

/** Its version; null where it does not say so in time. */
export async function versionOfTika(server: Omit<TikaServer, 'timeoutMs'>): Promise<string | null> {
	const timeout = new AbortController();
	const cancel = server.clock.after(VERSION_MS, () => timeout.abort());
	try {
		const response = await fetch(addressOf(server, '/version'), {
			redirect: 'manual',
			signal: timeout.signal,
		});
		const said = response.status === 200 ? await readUpTo(response, EDGE_BYTES) : null;
		return /\bTika\b.{0,20}?(\d[\w.-]{0,31})/i.exec(said?.toString('latin1') ?? '')?.[1] ?? null;
	} catch {
		return null;
	} finally {
		cancel();
		timeout.abort();
	}
}

const addressOf = ({ url }: Pick<TikaServer, 'url'>, path: string) => `${url.replace(/\/+$/, '')}${path}`;

/** A file is read as it is sent. */
async function bodyOf(content: ExtractInput['content']) {
	let readError: unknown = null;
	if (content instanceof Uint8Array)
		return { sent: content, readError: () => readError, close: () => Promise.resolve() };
	const handle = await open(content.file, 'r');
	async function* pieces() {
		try {
			yield* handle.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>;
		} catch (error) {
			readError = error;
			throw error;
		}
	}
	return { sent: pieces(), readError: () => readError, close: () => handle.close() };
}

async function xhtmlOf(
	response: Response,
	{ mimeType }: SentFile,
	{ maxAnswerBytes }: TikaServer,
): Promise<Uint8Array> {
	const type = response.headers.get('content-type') ?? 'no type';
	if (!/^(?:text\/html|application\/xhtml\+xml)\b/i.test(type)) {
		await response.body?.cancel().catch(() => undefined);
		throw notTika(`answered something other than XHTML`);
	}
	const xhtml = await readUpTo(response, maxAnswerBytes);
	if (xhtml === null) {
		throw new DocDropError(
			'unreadable',
			`the outside extractor made more than ${maxAnswerBytes} bytes of a file of ${mimeType}`,
		);
	}
	if (!xhtml.toString('latin1', 0, EDGE_BYTES).includes(XHTML))
		throw notTika('answered a page that is not XHTML');
	const end = xhtml.toString('latin1', Math.max(0, xhtml.length - EDGE_BYTES));
	if (!/<\/html>\s*$/i.test(end)) throw new Error('an answer without its end');
	return xhtml;
}

/** Null, and the rest not read, where it is longer than `most` bytes. */
async function readUpTo(response: Response, most: number): Promise<Buffer | null> {
	const parts: Uint8Array[] = [];
	let size = 0;
	// Leaving the loop cancels the rest.
	for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
		size += part.length;
		if (size > most) return null;
		parts.push(part);
	}
	return Buffer.concat(parts);
}
