import assert from 'node:assert/strict';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { canonicalJson } from '../../../api/domain/meta.ts';
import { changeOf, leased } from '../../support/leased-documents.ts';

describe('prepare', () => {
	it('drops every name that the new metadata has not, also one that every object inherits', async () => {
		const docStore = createMemoryDocStore();
		const metaOf = (metadata: string) =>
			canonicalJson({
				mimeType: 'text/markdown',
				path: null,
				title: null,
				metadata: JSON.parse(metadata) as object,
			});
		const next = async (metadata: string) => {
			const [item] = await leased(docStore, 1_000, changeOf('a', 'text', { meta: metaOf(metadata) }));
			assert.ok(item);
			return item.prepared;
		};
		const before = await next('{"constructor":1,"toString":2,"__proto__":3,"kept":4,"gone":5}');
		const { lease } = before.claimed;
		await docStore.recordIntent([{ lease, added: before.plan.added, uncertain: [] }]);
		await docStore.commit([{ lease, manifest: before.plan.manifest, detail: {} }], 1_000);
		const after = await next('{"kept":4}');
		assert.deepEqual(after.droppedExtra.toSorted(), ['__proto__', 'constructor', 'gone', 'toString']);
		assert.deepEqual(after.fields?.extra, { kept: 4 });
		await docStore.close();
	});
});
