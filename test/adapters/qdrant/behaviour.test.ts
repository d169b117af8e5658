import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { testQdrantBehaviour } from './behaviour.ts';
import { collection, dimensions, rig } from './fixture.ts';

testQdrantBehaviour('the Qdrant double', async () => {
	const made = await rig();
	const { double, store } = made;
	const misfit = createQdrantStore({
		url: double.url,
		collection,
		dimensions: dimensions + 1,
		clock: systemClock,
	});
	return {
		store,
		misfit,
		raw: async (method, path, body) => {
			const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
			const response = await fetch(`${double.url}/collections/${collection}${path}`, init);
			return { status: response.status, body: await response.json() };
		},
		dispose: async () => {
			await misfit.close();
			await made.dispose();
		},
	};
});
