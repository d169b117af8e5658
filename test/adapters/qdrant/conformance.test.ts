import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { testVectorStore } from '../../conformance/vector-store.ts';
import { startQdrantDouble } from '../../doubles/qdrant.ts';

testVectorStore('Qdrant (double)', async (dimensions) => {
	const double = await startQdrantDouble();
	const make = (size: number) =>
		createQdrantStore({ url: double.url, collection: 'docs', dimensions: size, clock: systemClock });
	let store = make(dimensions);
	return {
		store,
		reopen: async (size = dimensions) => {
			await store.close();
			return (store = make(size));
		},
		dispose: async () => {
			await store.close();
			await double.close();
		},
	};
});
