import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy on loopback that breaks what goes through it, on purpose: between the API and its peers, and between
 * a caller and the API. It knows bytes, not HTTP, but for the answers that it makes up itself. A fault is set and
 * cleared at any time and holds for the connections that are open as well: a client that keeps its sockets alive
 * must not slip past it.
 */
export type ProxyFault =
	/** Nobody listens. */
	| { readonly kind: 'refused' }
	/** Accepted, and reset at once. */
	| { readonly kind: 'reset' }
	/** Accepted, never forwarded, never answered. */
	| { readonly kind: 'half-open' }
	/** Every piece is late, either way. */
	| { readonly kind: 'delay'; readonly ms: number }
	/** Pieces of `bytes`, one every `everyMs`: a body that comes, but slowly. */
	| { readonly kind: 'slow'; readonly way: Way; readonly bytes: number; readonly everyMs: number }
	/** Each connection is reset after so many bytes of this way; those before have arrived. */
	| { readonly kind: 'cut'; readonly way: Way; readonly after: number }
	/** What was asked is done, and the connection is reset in the place of the answer. */
	| { readonly kind: 'ack-lost' }
	/** Answered here with this status, `share` of the requests (1: every one); the others pass. */
	| {
			readonly kind: 'answer';
			readonly status: number;
			readonly share: number;
			readonly retryAfter?: string;
			readonly body: string;
	  };

/** `up`: what the client sends; `down`: what the server answers. */
export type Way = 'up' | 'down';

export interface FaultProxy {
	readonly host: string;
	readonly port: number;
	/** Null: everything passes. */
	set(fault: ProxyFault | null): Promise<void>;
	/** Connections that clients have opened. */
	connections(): number;
	/** How often the present fault, or the last one, has struck. */
	struck(): number;
	close(): Promise<void>;
}

export async function startFaultProxy(target: {
	/** Null while nothing is there: connections are reset. */
	readonly port: number | (() => number | null);
}): Promise<FaultProxy> {
	const portNow = () => (typeof target.port === 'number' ? target.port : target.port());
	const pairs = new Set<Pair>();
	let fault: ProxyFault | null = null;
	let connections = 0;
	let struck = 0;
	let nthAnswer = 0;

	const now = {
		fault: () => fault,
		strike: () => void (struck += 1),
		/** Evenly spread, so that a share of requests is a share of any few of them as well. */
		isAnswered: (share: number) => {
			nthAnswer += 1;
			return Math.floor(nthAnswer * share) > Math.floor((nthAnswer - 1) * share);
		},
	};
	const server: Server = createServer((client) => {
		connections += 1;
		const port = portNow();
		if (port === null) return void client.resetAndDestroy();
		const pair = join(client, port, now);
		pairs.add(pair);
		client.once('close', () => pairs.delete(pair));
	});
	const listen = (port: number) =>
		new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen(port, '127.0.0.1', () => {
				server.removeListener('error', reject);
				resolve();
			});
		});
	const stop = async () => {
		const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
		for (const pair of pairs) pair.end();
		await closed;
	};
	await listen(0);
	const { port } = server.address() as AddressInfo;

	return {
		host: '127.0.0.1',
		port,
		async set(next) {
			const before = fault;
			fault = next;
			if (next !== null) struck = 0;
			nthAnswer = 0;
			if (before?.kind === 'refused' && next?.kind !== 'refused') await listen(port);
			if (next?.kind === 'refused' && before?.kind !== 'refused') await stop();
			// Idle connections of before would carry the next requests past a reset; a black hole swallows them as they are.
			if (next?.kind === 'reset' || next?.kind === 'cut' || before?.kind === 'half-open')
				for (const pair of pairs) pair.end();
		},
		connections: () => connections,
		struck: () => struck,
		close: () => (server.listening ? stop() : Promise.resolve()),
	};
}

interface Pair {
	end(): void;
}

interface Present {
	readonly fault: () => ProxyFault | null;
	readonly strike: () => void;
	readonly isAnswered: (share: number) => boolean;
}

function join(client: Socket, port: number, present: Present): Pair {
	const { strike } = present;
	const server = connect(port, '127.0.0.1');
	/** Reads the next request whole before it decides who answers it. */
	let request = '';
	const passed = { up: 0, down: 0 };
	const queues = { up: Promise.resolve(), down: Promise.resolve() };
	const end = () => {
		client.resetAndDestroy();
		server.destroy();
	};
	const strikeDown = () => {
		strike();
		end();
	};

	function pass(way: Way, bytes: Buffer): void {
		const to = way === 'up' ? server : client;
		const fault = present.fault();
		passed[way] += bytes.length;
		if (fault?.kind === 'cut' && fault.way === way && passed[way] > fault.after) {
			const kept = bytes.subarray(0, bytes.length - (passed[way] - fault.after));
			// The end of the write says that the bytes are on their way; a reset at once would overtake them.
			to.write(kept, () => setTimeout(strikeDown, 5));
			return;
		}
		to.write(bytes);
	}

	/** Late or slow pieces keep their order, each way of its own. */
	function send(way: Way, bytes: Buffer): void {
		const fault = present.fault();
		queues[way] = queues[way].then(async () => {
			if (fault?.kind === 'delay') {
				strike();
				await pause(fault.ms);
			}
			if (fault?.kind !== 'slow' || fault.way !== way) return pass(way, bytes);
			strike();
			for (let at = 0; at < bytes.length && !client.destroyed; at += fault.bytes) {
				pass(way, bytes.subarray(at, at + fault.bytes));
				await pause(fault.everyMs);
			}
		});
	}

	function onRequest(bytes: Buffer): void {
		const fault = present.fault();
		if (fault?.kind === 'reset') return strikeDown();
		if (fault?.kind === 'half-open') return strike();
		if (fault?.kind === 'answer') return answerOrPass(fault, bytes);
		send('up', bytes);
	}

	function answerOrPass(fault: Extract<ProxyFault, { kind: 'answer' }>, bytes: Buffer): void {
		request += bytes.toString('latin1');
		if (!isWhole(request)) return;
		const whole = Buffer.from(request, 'latin1');
		request = '';
		if (!present.isAnswered(fault.share)) return send('up', whole);
		strike();
		const retryAfter = fault.retryAfter === undefined ? '' : `retry-after: ${fault.retryAfter}\r\n`;
		const length = Buffer.byteLength(fault.body);
		client.write(
			`HTTP/1.1 ${fault.status} Fault\r\ncontent-type: application/json\r\n${retryAfter}content-length: ${length}\r\n\r\n${fault.body}`,
		);
	}

	client.on('data', onRequest);
	server.on('data', (bytes) => {
		const { kind } = present.fault() ?? {};
		if (kind === 'ack-lost') return strikeDown();
		if (kind !== 'half-open') send('down', bytes);
	});
	if (present.fault()?.kind === 'reset') strikeDown();
	for (const socket of [client, server]) {
		// The other side hears of it by the close that follows.
		socket.on('error', () => {});
		socket.once('close', () => void queues.down.then(end));
	}
	return { end };
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

/** One request with a length, or chunked, or without a body, has arrived to its end. */
function isWhole(text: string): boolean {
	const split = text.indexOf('\r\n\r\n');
	if (split < 0) return false;
	const head = text.slice(0, split);
	if (/^transfer-encoding:\s*chunked/im.test(head)) return text.endsWith('0\r\n\r\n');
	const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
	return text.length - split - 4 >= length;
}
