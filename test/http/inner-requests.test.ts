import assert from 'node:assert/strict';
import fastify from 'fastify';
import { installBodyMemory } from '../../api/http/body-memory.ts';
import { createInnerRequests } from '../../api/http/inner-requests.ts';

/** A route that asks another one for its caller. */
describe('inner requests', () => {
	it('reserve no memory: what their caller holds would wait for itself', async () => {
		const app = fastify();
		const inner = createInnerRequests(app);
		const taken: number[] = [];
		const takeNow = (_tenant: string, bytes: number) => {
			taken.push(bytes);
			return () => {};
		};
		const take = async (tenant: string, bytes: number) => takeNow(tenant, bytes);
		app.decorateRequest('onlyTenant', null);
		installBodyMemory(app, { take, takeNow, held: () => 0 }, inner);
		app.post('/inner', async (request) => ({ got: request.body, isInner: inner.isInner(request) }));
		app.post('/outer', async (request) => {
			const body = { words: 'of the caller' };
			return inner.ask(request, { method: 'POST', path: '/inner', body }, new AbortController().signal);
		});
		const answer = await app.inject({ method: 'POST', url: '/outer', payload: { a: 1 } });
		assert.deepEqual(answer.json(), { got: { words: 'of the caller' }, isInner: true });
		assert.deepEqual(taken, ['{"a":1}'.length]);
		await app.close();
	});
});
