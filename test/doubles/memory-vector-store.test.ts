import { createMemoryVectorStore } from './memory-vector-store.ts';
import { testVectorStore } from '../conformance/vector-store.ts';

testVectorStore('memory', async (dimensions) => {
	const store = createMemoryVectorStore({ dimensions });
	return { store, knowsTerms: true, dispose: () => store.close() };
});
