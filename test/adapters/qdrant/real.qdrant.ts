/**
 * The same suites on a real Qdrant server: `QDRANT_URL=http://localhost:6333 npm run test:qdrant`, with
 * QDRANT_API_KEY where it has one. Every test makes a collection with a random name and drops it.
 */
import { randomUUID } from 'node:crypto';
import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { parseEndpoint } from '../../../api/adapters/qdrant/qdrant-transport.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { testVectorStore } from '../../conformance/vector-store.ts';
import { testQdrantBehaviour } from './behaviour.ts';
import { dimensions } from './fixture.ts';

const url = process.env['QDRANT_URL'];
const apiKey = process.env['QDRANT_API_KEY'];
// Skipping would look like passing.
if (url === undefined || url === '') throw new Error('Set QDRANT_URL to the address of a Qdrant server.');

const { origin, prefix } = parseEndpoint(url);

function fresh() {
	const collection = `docdrop_test_${randomUUID()}`;
	const make = (size: number) =>
		createQdrantStore({
			url: url as string,
			collection,
			dimensions: size,
			clock: systemClock,
			...(apiKey !== undefined && { apiKey }),
		});
	const raw = async (method: string, path: string, body?: unknown) => {
		const response = await fetch(`${origin}${prefix}/collections/${collection}${path}`, {
			method,
			headers: { 'content-type': 'application/json', ...(apiKey !== undefined && { 'api-key': apiKey }) },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		return { status: response.status, body: await response.json() };
	};
	return { make, raw };
}

testVectorStore('a real Qdrant server', async (size) => {
	const { make, raw } = fresh();
	let store = make(size);
	return {
		store,
		reopen: async (other = size) => {
			await store.close();
			return (store = make(other));
		},
		dispose: async () => {
			await raw('DELETE', '');
			await store.close();
		},
	};
});

testQdrantBehaviour('a real Qdrant server', async () => {
	const { make, raw } = fresh();
	const [store, misfit] = [make(dimensions), make(dimensions + 1)];
	return {
		store,
		misfit,
		raw,
		dispose: async () => {
			await raw('DELETE', '');
			await Promise.all([store.close(), misfit.close()]);
		},
	};
});
