/**
 * A server that answers as Apache Tika's does (`PUT /tika`, `GET /version`), and in every wrong way. What of it was
 * read in Tika's source: a parser's own refusals are 415 and 422, with a stack as plain text where it is switched on;
 * all else that is thrown is 500; a server that is about to start anew says 503.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SentToTika {
	readonly method: string;
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

export type TikaAnswer = (answer: ServerResponse, sent: SentToTika) => unknown;

export interface TikaDouble {
	readonly url: string;
	/** Files that were sent, in order. */
	readonly files: readonly SentToTika[];
	/** To every file from now on. */
	answersWith(next: TikaAnswer): void;
	/** What /version says; null: it fails. */
	version: string | null;
	close(): void;
}

/** As Tika writes it: what stands in `body` is the file's. */
export const tikaPage = (body: string, head = '<title></title>') =>
	`<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n<meta name="X-TIKA:Parsed-By" content="org.apache.tika.parser.DefaultParser"/>\n${head}\n</head>\n<body>${body}</body></html>`;

export const xhtml =
	(page: string): TikaAnswer =>
	(answer) =>
		answer.writeHead(200, { 'content-type': 'text/html;charset=UTF-8' }).end(page);

export const status =
	(code: number, words = '', headers: Readonly<Record<string, string>> = {}): TikaAnswer =>
	(answer) =>
		answer.writeHead(code, { ...(words !== '' && { 'content-type': 'text/plain' }), ...headers }).end(words);

export async function startTika(first: TikaAnswer = status(415)): Promise<TikaDouble> {
	const files: SentToTika[] = [];
	let answerFile = first;
	const server = createServer((request, answer) => {
		const pieces: Buffer[] = [];
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('error', () => {});
		request.on('end', () => {
			const { method = '', url: path = '', headers } = request;
			if (path === '/version') {
				if (double.version === null) answer.writeHead(503).end();
				else answer.writeHead(200, { 'content-type': 'text/plain' }).end(double.version);
				return;
			}
			const sent = { method, path, headers, body: Buffer.concat(pieces) };
			files.push(sent);
			answerFile(answer, sent);
		});
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const double: TikaDouble = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		files,
		version: 'Apache Tika 2.9.2',
		answersWith: (next) => void (answerFile = next),
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
	return double;
}
