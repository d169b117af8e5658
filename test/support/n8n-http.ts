import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import type { IHttpRequestOptions } from 'n8n-workflow';

/**
 * n8n's HTTP as a node sees it, without n8n: what a request becomes on the wire, what comes back, and how failures
 * look (those of axios). Like n8n it parses JSON unless it is asked for a stream, fails for every status but 2xx
 * unless `ignoreHttpStatusErrors`, and its timeout is one for all until the answer begins. It follows no redirects.
 */
export async function sendAsN8n(options: IHttpRequestOptions): Promise<unknown> {
	if (options.disableFollowRedirect !== true) {
		throw new Error('n8n holds the whole body in memory for a redirect: set disableFollowRedirect');
	}
	const answer = await send(options);
	const status = answer.statusCode ?? 0;
	const isStream = options.encoding === 'stream';
	const isFailure = options.ignoreHttpStatusErrors !== true && (status < 200 || status > 299);
	const body = isStream && !isFailure ? answer : parsed(await readAll(answer));
	if (isFailure) {
		const code = status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
		const response = { status, headers: answer.headers, data: body };
		throw axiosError(options, `Request failed with status code ${status}`, code, { response });
	}
	return options.returnFullResponse === true
		? { body, headers: answer.headers, statusCode: status, statusMessage: answer.statusMessage }
		: body;
}

function send(options: IHttpRequestOptions): Promise<IncomingMessage> {
	const { body, timeout = 300_000, abortSignal } = options;
	const url = new URL(options.url, options.baseURL);
	for (const [name, value] of Object.entries(options.qs ?? {}))
		url.searchParams.append(name, `${value as string}`);
	const headers: Record<string, string> = { accept: 'application/json, text/plain, */*' };
	for (const [name, value] of Object.entries(options.headers ?? {}))
		headers[name.toLowerCase()] = `${value as string}`;
	const isBinary = Buffer.isBuffer(body) || body instanceof Readable || typeof body === 'string';
	if (body !== undefined && !isBinary) headers['content-type'] ??= 'application/json';
	// An agent of its own, as n8n makes one for each request: no connection outlives it.
	const settings = { method: options.method ?? 'GET', headers, agent: false as const };

	return new Promise((resolve, reject) => {
		const request = url.protocol === 'https:' ? httpsRequest(url, settings) : httpRequest(url, settings);
		const timer = setTimeout(() => fail(`timeout of ${timeout}ms exceeded`, 'ECONNABORTED'), timeout);
		const onAbort = () => fail('canceled', 'ERR_CANCELED');
		function fail(message: string, code: string, cause?: unknown): void {
			clearTimeout(timer);
			reject(axiosError(options, message, code, { cause }));
			request.destroy();
		}
		request.on('error', (error: NodeJS.ErrnoException) =>
			fail(error.message, error.code ?? 'unknown', error),
		);
		request.on('response', (answer) => {
			clearTimeout(timer);
			abortSignal?.addEventListener?.('abort', () => answer.destroy(new Error('canceled')));
			resolve(answer);
		});
		if (abortSignal?.aborted === true) return onAbort();
		abortSignal?.addEventListener?.('abort', onAbort);
		request.on('close', () => abortSignal?.removeEventListener?.('abort', onAbort));
		if (!(body instanceof Readable)) {
			request.end(body === undefined || isBinary ? body : JSON.stringify(body));
			return;
		}
		let isWhole = false;
		body.once('end', () => (isWhole = true));
		body.once('error', (error) => void request.destroy(error));
		body.on('close', () => {
			if (!isWhole && body.errored === null) fail('Request stream has been aborted', 'ERR_CANCELED');
		});
		body.pipe(request);
	});
}

/** It holds the whole request, secrets and all, as the real one does. */
function axiosError(options: IHttpRequestOptions, message: string, code: string, more: object): Error {
	const error = Object.assign(new Error(message), { code, isAxiosError: true, config: options });
	return Object.assign(error, more);
}

async function readAll(answer: IncomingMessage): Promise<string> {
	const pieces: Uint8Array[] = [];
	for await (const piece of answer as AsyncIterable<Uint8Array>) pieces.push(piece);
	return Buffer.concat(pieces).toString();
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** What credential tests have instead: the older helper, whose errors come as they are. */
export function requestAsN8n(options: Record<string, unknown>): Promise<unknown> {
	return sendAsN8n({
		url: options['url'] as string,
		method: options['method'] as 'GET',
		headers: options['headers'] as Record<string, string>,
		timeout: options['timeout'] as number,
		disableFollowRedirect: options['followRedirect'] === false,
		ignoreHttpStatusErrors: options['simple'] === false,
		returnFullResponse: options['resolveWithFullResponse'] === true,
		...(options['useStream'] === true && { encoding: 'stream' as const }),
	});
}
