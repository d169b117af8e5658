import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { staticVector } from '../support/static-vector.ts';

export interface RefusedWord {
	readonly word: string;
	readonly reason: string;
}

/**
 * An OpenAI-compatible embedder on loopback whose vectors are the lexical ones, so that an index made with it can
 * be judged like any other. What goes wrong on the way to it is the fault proxy's part.
 */
export interface EmbedderDouble {
	readonly port: number;
	readonly dimensions: number;
	/** Texts that it was asked for, answered or not. */
	texts(): number;
	/** From now on texts with this word are refused for a reason of their own; null: none. */
	refuse(what: RefusedWord | null): void;
	close(): Promise<void>;
}

const dimensions = 256;

export async function startEmbedderDouble(): Promise<EmbedderDouble> {
	let texts = 0;
	let refused: RefusedWord | null = null;
	const server = createServer((request, response) => {
		const pieces: Buffer[] = [];
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('error', () => {});
		request.on('end', () => {
			const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: readonly string[] };
			texts += input.length;
			response.setHeader('content-type', 'application/json');
			const { word, reason } = refused ?? {};
			if (word !== undefined && input.some((text) => text.includes(word))) {
				response.writeHead(400).end(JSON.stringify({ error: { message: reason } }));
				return;
			}
			const data = input.map((text, index) => {
				const { buffer, byteOffset, byteLength } = staticVector(text);
				return { index, embedding: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
			});
			response.end(JSON.stringify({ data }));
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		dimensions,
		texts: () => texts,
		refuse: (what) => void (refused = what),
		async close() {
			const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
			server.closeAllConnections();
			await closed;
		},
	};
}
