import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (asked: Asked, answer: ServerResponse, request: IncomingMessage) => unknown;

export interface Asked {
	readonly method: string;
	readonly url: URL;
	readonly headers: IncomingMessage['headers'];
	readonly body: Buffer;
}

export interface TestServer {
	readonly url: string;
	readonly host: string;
	/** Everything that was asked, in order. */
	readonly asked: readonly Asked[];
	close(): void;
}

/** A server of a few answers: one handler a request, the last one for all further ones. */
export async function serveInTurn(...handlers: readonly Handler[]): Promise<TestServer> {
	const asked: Asked[] = [];
	let next = 0;
	const server = createServer((request, answer) => {
		const handler = handlers[Math.min(next, handlers.length - 1)];
		next += 1;
		const pieces: Buffer[] = [];
		const one = () => ({
			method: request.method ?? '',
			url: new URL(request.url ?? '', 'http://server'),
			headers: request.headers,
			body: Buffer.concat(pieces),
		});
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('error', () => {});
		request.on('end', () => {
			asked.push(one());
			void handler?.(one(), answer, request);
		});
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url: `http://${host}`,
		host,
		asked,
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}

export const json =
	(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Handler =>
	(_asked, answer) =>
		answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const page =
	(status: number): Handler =>
	(_asked, answer) =>
		answer
			.writeHead(status, { 'content-type': 'text/html' })
			.end('<!DOCTYPE html><html><body>Welcome to nginx!</body></html>');

/** The connection breaks without an answer. */
export const cut: Handler = (_asked, answer) => answer.destroy();
