import { createMemoryDocStore } from './memory-doc-store.ts';
import { testCredits } from '../conformance/doc-store-credits.ts';
import { testLargeDocuments } from '../conformance/doc-store-large.ts';
import { testPatches } from '../conformance/doc-store-patches.ts';
import { testDocStore, type DocStoreMaker } from '../conformance/doc-store.ts';

const make: DocStoreMaker = async () => {
	const store = createMemoryDocStore();
	return { store, dispose: () => store.close() };
};

testDocStore('memory', make, { isDurable: false });
testCredits('memory', make, { runs: 150 });
testLargeDocuments('memory', make, { isDurable: false });
testPatches('memory', make, { isDurable: false });
