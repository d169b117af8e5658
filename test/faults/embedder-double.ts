import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { staticVector } from '../support/static-vector.ts';

/**
 * An OpenAI-compatible embedder on loopback whose vectors are the lexical ones, so that an index made with it can
 * be judged like any other. What goes wrong on the way to it is the fault proxy's part.
 */
export interface EmbedderDouble {
	readonly port: number;
	readonly dimensions: number;
	/** Texts that it was asked for, answered or not. */
	texts(): number;
	close(): Promise<void>;
}

const dimensions = 256;

export async function startEmbedderDouble(): Promise<EmbedderDouble> {
	let texts = 0;
	const server = createServer((request, response) => {
		const pieces: Buffer[] = [];
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('error', () => {});
		request.on('end', () => {
			const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: readonly string[] };
			texts += input.length;
			const data = input.map((text, index) => {
				const { buffer, byteOffset, byteLength } = staticVector(text);
				return { index, embedding: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
			});
			response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }));
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		dimensions,
		texts: () => texts,
		async close() {
			const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
			server.closeAllConnections();
			await closed;
		},
	};
}
