import assert from 'node:assert/strict';
import { limits } from '../../../api/contract/limits.ts';
import { pageOf } from '../../../api/pipeline/search/result-page.ts';
import type { Hit } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const hits = Array.from({ length: 250 }, (_, at): Hit => ({
	...{ id: `${at}`, tenant: 'a', docId: `doc${at}`, content: '', heading: null, page: null, order: '' },
	...{ fields: docFields({ version: 1 }), score: 1 - at / 1_000 },
}));

describe('the pages of a search', () => {
	for (const limit of [1, 7, 10, 30, 100]) {
		it(`of ${limit} go on as they say, up to the last result that a search answers`, () => {
			const seen: string[] = [];
			for (let offset: number | null = 0; offset !== null;) {
				assert.ok(offset < limits.searchWindow);
				const { page, next } = pageOf(hits, { limit, offset });
				seen.push(...page.map(({ id }) => id));
				offset = next;
			}
			assert.deepEqual(
				seen,
				hits.slice(0, limits.searchWindow).map(({ id }) => id),
			);
		});
	}
});
