/**
 * One HTTP request to Qdrant, for everything under `/points`: the official client hides the Retry-After
 * header behind a value that is wrong, takes no signal for a single call, and runs a replacer over every
 * number it serialises (@qdrant/js-client-rest 1.19.0). Bodies come ready as text; types are the client's.
 *
 * A request that was given up (timeout, signal) is cut off on this side: its connection is closed. Qdrant may
 * still apply what it had read by then, so the caller must take such a write as "perhaps done".
 */
import http from 'node:http';
import https from 'node:https';
import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import { fromAnswer, fromNetwork } from './failures.ts';

export interface Endpoint {
	/** Scheme, host and port. */
	readonly origin: string;
	/** Path before Qdrant's own, without a slash at its end; usually ''. */
	readonly prefix: string;
}

/** Qdrant's convention: 6333 where the address names no port. */
export function parseEndpoint(url: string): Endpoint {
	const parsed = URL.parse(url);
	if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
		throw new DocDropError('config_invalid', 'the address of the vector index must be an http or https URL');
	}
	// URL drops a port that is its scheme's default, although it was written on purpose.
	const written = /^https?:\/\/[^/]*:(\d+)(?:\/|$)/i.exec(url)?.[1];
	const port = parsed.port || written || '6333';
	return {
		origin: `${parsed.protocol}//${parsed.hostname}:${port}`,
		prefix: parsed.pathname.replace(/\/+$/, ''),
	};
}

interface Call {
	readonly method: 'GET' | 'POST' | 'PUT';
	/** From `/collections` on, with its query. */
	readonly path: string;
	readonly body?: string | Buffer;
	readonly signal?: AbortSignal | undefined;
}

export interface QdrantTransport {
	/** The `result` of Qdrant's answer. Rejects with an error from the table, or with the signal's reason. */
	send<T>(call: Call): Promise<T>;
	close(): void;
}

export interface TransportOptions {
	readonly endpoint: Endpoint;
	readonly apiKey: string | undefined;
	readonly clock: Clock;
	readonly timeoutMs: number;
	readonly connections: number;
}

interface Answer {
	readonly status: number;
	readonly retryAfter: string | null;
	readonly text: string;
}

/** Below the 5 s after which Qdrant closes an idle connection, so that no request goes into a closing one. */
const idleSocketMs = 4_000;

export function createQdrantTransport({
	endpoint,
	apiKey,
	clock,
	timeoutMs,
	connections,
}: TransportOptions): QdrantTransport {
	const { request, Agent } = endpoint.origin.startsWith('https:') ? https : http;
	const agent = new Agent({ keepAlive: true, maxSockets: connections, timeout: idleSocketMs });
	const headers: Record<string, string> = { accept: 'application/json' };
	if (apiKey !== undefined) headers['api-key'] = apiKey;

	function exchange({ method, path, body, signal }: Call): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const bytes = typeof body === 'string' ? Buffer.from(body) : body;
			const req = request(endpoint.origin + endpoint.prefix + path, {
				method,
				agent,
				headers: {
					...headers,
					...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }),
				},
			});
			const cancelTimer = clock.after(timeoutMs, () =>
				fail(new DocDropError('index_unavailable', `the vector index gave no answer within ${timeoutMs} ms`)),
			);
			const onAbort = () => fail(signal?.reason);
			const stopWaiting = () => {
				cancelTimer();
				signal?.removeEventListener('abort', onAbort);
			};
			const fail = (error: unknown) => {
				stopWaiting();
				reject(error);
				req.destroy();
			};
			signal?.addEventListener('abort', onAbort, { once: true });
			req.on('error', (error) => fail(fromNetwork(error)));
			req.on('response', (response) => {
				const chunks: Buffer[] = [];
				response.on('data', (chunk: Buffer) => chunks.push(chunk));
				response.on('error', (error) => fail(fromNetwork(error)));
				response.on('end', () => {
					stopWaiting();
					resolve({
						status: response.statusCode ?? 0,
						retryAfter: response.headers['retry-after'] ?? null,
						text: Buffer.concat(chunks).toString('utf8'),
					});
				});
			});
			req.end(bytes);
		});
	}

	return {
		async send<T>(call: Call): Promise<T> {
			call.signal?.throwIfAborted();
			const { status, retryAfter, text } = await exchange(call);
			let data: unknown = text;
			try {
				data = JSON.parse(text);
			} catch {
				// Proxies answer in HTML; a failure says so by its status, a success is none without its result.
			}
			if (status >= 200 && status < 300 && typeof data === 'object' && data !== null && 'result' in data) {
				return data.result as T;
			}
			throw fromAnswer({ status, data, retryAfter }, clock.now());
		},
		close: () => agent.destroy(),
	};
}
