/**
 * A Qdrant server for tests, over real HTTP and strict about every field (qdrant-shapes.ts), with faults that
 * a test can turn on and off. It is no proof of Qdrant: `npm run test:qdrant` is.
 *
 * Stand-alone, for benchmarks: `node test/doubles/qdrant.ts --port 6399 [--api-key KEY]`; another process
 * then changes its faults with `PUT /_double/faults`.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DoubleCollection, DoublePoint, PointJson } from './qdrant-collection.ts';
import { findRoute, type Route } from './qdrant-routes.ts';
import { Refusal } from './qdrant-shapes.ts';

export interface Faults {
	/** Every request: its connection is closed without an answer, or it gets a 503. */
	dark: 'closed' | 'unavailable' | null;
	/** Answers for the next requests, first first, instead of doing what they ask. */
	answers: { status: number; error?: string; retryAfter?: string; html?: string }[];
	delayMs: number;
	/** Requests are read and never answered. */
	hang: boolean;
	/** The next writes are done, and their connection is closed before the answer. */
	loseAcks: number;
	/** The next writes are done in their first half, and answered with 500. */
	partial: number;
	/** Upserts with this text in a `content` are refused whole, as for a malformed value. */
	rejectContent: string | null;
	/** A write of more points or operations costs more than the budget: 429 without a time, as strict mode answers. */
	writeBudget: number | null;
	/** The next upserts are answered as done, and none of their points is written: a filter that nobody knows of. */
	dropUpserts: number;
	/** What writes answer that were done. */
	writeStatus: 'completed' | 'acknowledged' | 'wait_timeout';
}

export interface SeenRequest {
	readonly method: string;
	/** Without the query. */
	readonly path: string;
	readonly query: string;
	readonly bytes: number;
	/** Points of an upsert, operations of a batch, searches of a query batch; else 0. */
	readonly items: number;
}

export interface DoubleOptions {
	readonly port?: number;
	readonly version?: string;
	readonly apiKey?: string;
	readonly readOnlyKey?: string;
	readonly faults?: Partial<Faults>;
}

export interface QdrantDouble {
	readonly url: string;
	readonly faults: Faults;
	/** Every request that arrived, in order. */
	readonly requests: SeenRequest[];
	/** The most requests that were under way at the same time. */
	mostAtOnce(): number;
	/** Connections that clients have opened. */
	connections(): number;
	points(collection: string): Map<string | number, DoublePoint>;
	/** All that a collection holds, and the way back: a snapshot, or what a power cut leaves. */
	snapshot(collection: string): () => void;
	/** Refuses connections, as a stopped server does; `up` listens again on the same port, points kept. */
	down(): Promise<void>;
	up(): Promise<void>;
	close(): Promise<void>;
}

const maxRequestBytes = 32 * 1024 * 1024;
const openPaths = ['/', '/healthz', '/readyz', '/livez'];
const faultsPath = '/_double/faults';

export async function startQdrantDouble(options: DoubleOptions = {}): Promise<QdrantDouble> {
	const { version = '1.19.0', apiKey, readOnlyKey } = options;
	const collections = new Map<string, DoubleCollection>();
	const requests: SeenRequest[] = [];
	let operation = 0;
	let running = 0;
	let most = 0;
	let connections = 0;
	const faults: Faults = {
		dark: null,
		answers: [],
		delayMs: 0,
		hang: false,
		loseAcks: 0,
		partial: 0,
		rejectContent: null,
		writeBudget: null,
		dropUpserts: 0,
		writeStatus: 'completed',
		...options.faults,
	};

	function authorise(request: http.IncomingMessage, writes: boolean) {
		if (apiKey === undefined) return;
		const key = request.headers['api-key'] ?? request.headers.authorization?.replace(/^Bearer /, '');
		if (key === apiKey) return;
		if (key === undefined || key !== readOnlyKey) throw new Refusal(401, 'Invalid API key or JWT');
		if (writes) throw new Refusal(403, 'Forbidden: Write access is required');
	}

	/** Half of a surrogate pair is no JSON string for Qdrant, although it is one for JavaScript. */
	function inspect(points: readonly PointJson[]) {
		for (const { payload } of points) {
			const content = payload?.['content'];
			if (typeof content !== 'string') continue;
			const refused = faults.rejectContent !== null && content.includes(faults.rejectContent);
			if (refused || !content.isWellFormed())
				throw new Refusal(400, 'Format error in JSON body: invalid value');
		}
	}

	function runSteps(steps: (() => void)[], route: Route, items: number): unknown {
		const stop = faults.partial > 0 ? Math.ceil(steps.length / 2) : steps.length;
		for (const step of steps.slice(0, stop)) step();
		if (faults.partial > 0) {
			faults.partial -= 1;
			throw new Refusal(500, 'Service internal error: stopped half way');
		}
		const result = () => ({ operation_id: (operation += 1), status: faults.writeStatus });
		return route.many ? Array.from({ length: items }, result) : result();
	}

	function answer(request: http.IncomingMessage, url: URL, raw: Buffer): unknown {
		const method = request.method ?? '';
		const { route, name, rest } = findRoute(method, url.pathname);
		const body: unknown = raw.length > 0 && raw.length <= maxRequestBytes ? parseBody(raw) : {};
		const items = route?.items?.(body) ?? 0;
		requests.push({ method, path: url.pathname, query: url.search, bytes: raw.length, items });
		if (faults.dark === 'unavailable') throw new Refusal(503, 'Shard temporarily unavailable: dark');
		if (raw.length > maxRequestBytes) {
			const limit = `(limit: ${maxRequestBytes} bytes)`;
			throw new Refusal(400, `JSON payload (${raw.length} bytes) is larger than allowed ${limit}.`);
		}
		if (openPaths.includes(url.pathname)) return null;
		if (route === undefined) throw new Refusal(404, `the double does not know ${method} ${url.pathname}`);
		authorise(request, route.read === undefined);
		for (const param of url.searchParams.keys()) {
			if (!route.params?.includes(param))
				throw new Refusal(400, `the double does not know the parameter ${param}`);
		}
		route.check?.(body, 'body');
		const context = { collections, name, rest, body, inspect, halves: faults.partial > 0 };
		if (route.steps && items > (faults.writeBudget ?? Infinity)) {
			const reason =
				'Write rate limit exceeded, request larger than rate limiter capacity, please try to split your request';
			throw new Refusal(429, `Rate limiting exceeded: ${reason}`);
		}
		if (route.steps && faults.dropUpserts > 0 && url.pathname.endsWith('/points')) {
			faults.dropUpserts -= 1;
			return runSteps([], route, items);
		}
		if (route.steps) return runSteps(route.steps(context), route, items);
		return (route.manage ?? route.read)?.(context);
	}

	async function handle(request: http.IncomingMessage, response: http.ServerResponse) {
		const send = (status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}) => {
			const type = typeof body === 'string' ? 'text/plain' : 'application/json';
			response.writeHead(status, { 'content-type': type, ...headers });
			response.end(typeof body === 'string' ? body : JSON.stringify(body));
		};
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const raw = Buffer.concat(chunks);
		const url = new URL(request.url ?? '/', 'http://double');
		if (url.pathname === faultsPath) return send(200, Object.assign(faults, parseBody(raw)));
		if (faults.delayMs > 0) await sleep(faults.delayMs);
		const planned = faults.answers.shift();
		if (faults.dark === 'closed' || faults.hang || planned !== undefined) {
			requests.push({
				method: request.method ?? '',
				path: url.pathname,
				query: url.search,
				bytes: raw.length,
				items: 0,
			});
		}
		if (faults.dark === 'closed') return void response.destroy();
		if (faults.hang) return;
		if (planned !== undefined) {
			const { status, error = 'planned fault', retryAfter, html } = planned;
			return send(
				status,
				html ?? { status: { error }, time: 0 },
				retryAfter === undefined ? {} : { 'retry-after': retryAfter },
			);
		}
		try {
			const result = answer(request, url, raw);
			if (faults.loseAcks > 0 && findRoute(request.method ?? '', url.pathname).route?.steps) {
				faults.loseAcks -= 1;
				return void response.destroy();
			}
			if (url.pathname === '/') send(200, { title: 'qdrant - vector search engine', version });
			else if (openPaths.includes(url.pathname)) send(200, 'all shards are ready');
			else send(200, { result, status: 'ok', time: 0 });
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			// Keys are refused before Qdrant's JSON begins.
			const plain = error.status === 401 || error.status === 403;
			send(error.status, plain ? error.message : { status: { error: error.message }, time: 0 });
		}
	}

	const server = http.createServer((request, response) => {
		running += 1;
		most = Math.max(most, running);
		response.once('close', () => (running -= 1));
		handle(request, response).catch((error: unknown) => {
			// A client that went away ends here as well; anything else is a fault of the double and must be seen.
			if (!response.destroyed) response.writeHead(599).end(String((error as Error).stack));
		});
	});
	server.on('connection', () => (connections += 1));
	const listen = (port: number) =>
		new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen(port, '127.0.0.1', () => {
				server.removeListener('error', reject);
				resolve();
			});
		});
	const stop = () =>
		new Promise<void>((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	await listen(options.port ?? 0);
	const { port } = server.address() as AddressInfo;

	return {
		url: `http://127.0.0.1:${port}`,
		faults,
		requests,
		mostAtOnce: () => most,
		connections: () => connections,
		points: (name) => collections.get(name)?.points() ?? new Map(),
		snapshot(name) {
			const copy = structuredClone([...(collections.get(name)?.points().values() ?? [])]);
			return () => collections.get(name)?.restore(copy);
		},
		down: stop,
		up: () => listen(port),
		close: stop,
	};
}

function parseBody(raw: Buffer): unknown {
	try {
		return JSON.parse(raw.toString('utf8'));
	} catch (error) {
		throw new Refusal(400, `Format error in JSON body: ${(error as Error).message}`);
	}
}

if (import.meta.main) {
	const { values } = parseArgs({
		options: { port: { type: 'string', default: '6399' }, 'api-key': { type: 'string' } },
	});
	const key = values['api-key'];
	// No top-level await: mocha falls back to require, which refuses it and hides the reason of a failed load.
	void startQdrantDouble({ port: Number(values.port), ...(key !== undefined && { apiKey: key }) }).then(
		({ url }) => console.log(`Qdrant double on ${url}`),
	);
}
