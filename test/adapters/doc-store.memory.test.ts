import { createMemoryDocStore } from '../../api/adapters/memory/doc-store.ts';
import { testDocStore } from '../conformance/doc-store.ts';

testDocStore(
	'memory',
	async () => {
		const store = createMemoryDocStore();
		return { store, dispose: () => store.close() };
	},
	{ isDurable: false },
);
