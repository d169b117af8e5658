import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { staticVector } from '../support/static-vector.ts';

/** An embedder's server on loopback that refuses texts with a certain word, for a reason of its own, while it is in that mood. */
export interface MoodyEmbedder {
	readonly settings: Readonly<Record<string, string>>;
	/** Null: it takes everything. */
	refuse(what: { readonly word: string; readonly reason: string } | null): void;
	close(): void;
}

export async function startMoodyEmbedder(): Promise<MoodyEmbedder> {
	let refused: { readonly word: string; readonly reason: string } | null = null;
	const server = createServer((request, response) => {
		const pieces: Buffer[] = [];
		request.on('data', (piece: Buffer) => pieces.push(piece));
		request.on('error', () => {});
		request.on('end', () => {
			const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: readonly string[] };
			response.setHeader('content-type', 'application/json');
			if (refused !== null && input.some((text) => text.includes(refused?.word ?? ''))) {
				response.writeHead(400).end(JSON.stringify({ error: { message: refused.reason } }));
				return;
			}
			const data = input.map((text, index) => ({ index, embedding: [...staticVector(text)] }));
			response.end(JSON.stringify({ data }));
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
	return {
		settings: {
			DOCDROP_EMBEDDER: 'openai',
			DOCDROP_EMBEDDER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
			DOCDROP_EMBEDDER_MODEL: 'moody',
			DOCDROP_EMBEDDER_DIMENSIONS: '256',
		},
		refuse: (what) => (refused = what),
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}
