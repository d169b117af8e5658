/**
 * The fastest Qdrant double that still takes a write for what it is: it reads the body, parses the JSON, asks
 * every point for its id, the length of its dense vector and its content, and answers as Qdrant does. It keeps
 * nothing and indexes nothing, so that what is measured is the client's side. Whoever holds the standard of
 * shapes and semantics is test/doubles/qdrant.ts, which is several times as slow.
 *
 *   node test/bench/thin-qdrant.ts COLLECTION DIMENSIONS     prints its address
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Upsert {
	readonly points: readonly {
		readonly id: string;
		readonly vector: readonly number[] | { readonly '': readonly number[] };
		readonly payload: { readonly content: string };
	}[];
}

/** What has arrived since the last `GET /taken`. */
let taken = { points: 0, requests: 0, bytes: 0 };

function upsert(raw: Buffer, dimensions: number): object {
	const { points } = JSON.parse(raw.toString('utf8')) as Upsert;
	for (const { id, vector, payload } of points) {
		const dense = Array.isArray(vector) ? vector : (vector as { '': readonly number[] })[''];
		if (typeof id !== 'string' || typeof payload.content !== 'string' || dense.length !== dimensions) {
			throw new Error('a point that Qdrant would refuse');
		}
	}
	taken = {
		points: taken.points + points.length,
		requests: taken.requests + 1,
		bytes: taken.bytes + raw.length,
	};
	return { operation_id: taken.requests, status: 'completed' };
}

function serve(collection: string, dimensions: number): void {
	const points = `/collections/${collection}/points`;
	const answer = (method: string, path: string, raw: Buffer): unknown => {
		if (method === 'PUT' && path === points) return upsert(raw, dimensions);
		if (method === 'GET' && path === '/collections') return { collections: [{ name: collection }] };
		// LangChain's client asks at its start and complains where it gets no answer.
		if (method === 'GET' && path === '/') return null;
		if (method === 'GET' && path === '/taken') {
			const before = taken;
			taken = { points: 0, requests: 0, bytes: 0 };
			return before;
		}
		throw new Error(`the thin double does not know ${method} ${path}`);
	};
	const server = http.createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const path = (request.url ?? '').split('?', 1)[0] ?? '';
			let status = 200;
			let body: object;
			try {
				const result = answer(request.method ?? '', path, Buffer.concat(chunks));
				body =
					path === '/'
						? { title: 'qdrant - vector search engine', version: '1.19.0' }
						: { result, status: 'ok', time: 0 };
			} catch (error) {
				status = 400;
				body = { status: { error: String(error) }, time: 0 };
			}
			response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
		});
	});
	// Everyone takes turns here: no connection is closed under the one who waits.
	server.keepAliveTimeout = 600_000;
	server.listen(0, '127.0.0.1', () => {
		console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	});
}

const [collection, dimensions] = process.argv.slice(2);
if (collection === undefined) throw new Error('usage: thin-qdrant.ts COLLECTION DIMENSIONS');
serve(collection, Number(dimensions));
