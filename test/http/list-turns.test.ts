import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

describe('the turns of lists', () => {
	it('leave one tenant three quarters of the places, and come back with each answer', async () => {
		const env = {
			DOCDROP_API_KEYS: 'evil=evil-key,good=good-key',
			DOCDROP_MAX_LISTS: '4',
			DOCDROP_ADMISSION_WAIT_MS: '0',
		};
		const made = await httpInMemory(env, { worker: null });
		const gate = Promise.withResolvers<void>();
		const { documents } = made.docStore;
		Object.assign(made.docStore, {
			documents: async (...args: Parameters<typeof documents>) => {
				if (args[0].tenant === 'evil') await gate.promise;
				return documents(...args);
			},
		});
		const list = async (tenant: string) =>
			(
				await made.http.inject({
					url: `/v1/documents?tenant=${tenant}`,
					headers: { authorization: `Bearer ${tenant}-key` },
				})
			).statusCode;
		const first = Array.from({ length: 3 }, () => list('evil'));
		assert.equal(await list('evil'), 429);
		assert.equal(await list('good'), 200);
		gate.resolve();
		assert.deepEqual(await Promise.all(first), [200, 200, 200]);
		for (let nth = 0; nth < 5; nth += 1) assert.equal(await list('evil'), 200);
		await made.close();
	});
});
