import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import fastify from 'fastify';
import { codesByStatus, holdToTable } from '../../api/http/error-responses.ts';
import { routeTable, type RouteName } from '../../api/http/route-table.ts';
import { errorTable } from '../../api/errors.ts';
import { httpInMemory } from '../support/http-in-memory.ts';

/** That real answers are described is looked at in every test: test/support/documented-answers.ts. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;
type Responses = Record<string, { description: string; content: Record<string, { schema: object }> }>;

describe('errors in the description of the API', () => {
	let made: Made;
	beforeEach(async () => void (made = await httpInMemory()));
	afterEach(() => made.close());

	async function described(name: string): Promise<Responses> {
		const { paths } = (await made.http.inject({ url: '/docs/json', headers: { host: 'localhost' } })).json();
		const [method = '', path = ''] = name.split(' ');
		return paths[path.replace(/:(\w+)/g, '{$1}')][method.toLowerCase()].responses;
	}

	it('stand at every route, each status with its codes and what to do', async () => {
		for (const name of Object.keys(routeTable) as RouteName[]) {
			const responses = await described(name);
			for (const [status, codes] of codesByStatus(name)) {
				const found = responses[status];
				assert.ok(found !== undefined, `${name} ${status}`);
				// What a route says itself of a status, such as 503 of health, stands.
				if (['GET /health/ready 503', 'POST /mcp 400'].includes(`${name} ${status}`)) continue;
				for (const code of codes)
					assert.ok(found.description.includes(`${code}: ${errorTable[code].hint}`), `${name} ${code}`);
			}
			assert.ok('408' in responses && '431' in responses, name);
		}
	});

	it('name what one alone can be answered', async () => {
		const statuses = async (name: string) =>
			Object.keys(await described(name)).filter((status) => status >= '400');
		const change = [
			'400',
			'401',
			'402',
			'403',
			'404',
			'408',
			'409',
			'413',
			'415',
			'429',
			'431',
			'500',
			'503',
			'507',
		];
		assert.deepEqual(await statuses('POST /v1/publish'), change);
		assert.deepEqual(await statuses('GET /v1/info'), [
			...['400', '401', '403', '408', '415', '429', '431', '500', '503'],
		]);
		assert.ok((await statuses('PUT /v1/documents/content')).includes('412'));
		assert.ok((await statuses('GET /v1/jobs/:jobId')).includes('404'));
		assert.ok((await statuses('POST /v1/search')).includes('504'));
		assert.ok(!(await statuses('GET /health/live')).includes('401'));
	});

	it('let no route start that the table lacks', async () => {
		const app = fastify();
		holdToTable(app);
		app.get('/v1/info', async () => ({}));
		app.get('/page', { schema: { hide: true } }, async () => ({}));
		assert.throws(
			() => app.get('/v1/new', async () => ({})),
			/GET \/v1\/new must stand in the table of routes/,
		);
		await app.close();
	});

	it('have the one body that every error has', async () => {
		const { '400': invalid } = await described('POST /v1/search');
		assert.deepEqual(invalid?.content, {
			'application/json': { schema: { $ref: '#/components/schemas/Error' } },
		});
		const { components } = (
			await made.http.inject({ url: '/docs/json', headers: { host: 'localhost' } })
		).json();
		const { error } = components.schemas.Error.properties;
		const refused = await made.http.inject({ url: '/v1/jobs/none', headers: { host: 'localhost' } });
		assert.deepEqual(
			Object.keys(refused.json().error).filter((name) => !(name in error.properties)),
			[],
		);
		assert.ok(error.required.every((name: string) => name in refused.json().error));
	});

	it('hold while the process stops: a connection that is kept open is answered in our words', async () => {
		const url = await made.http.listen({ host: '127.0.0.1', port: 0 });
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const ask = async (path: string) => {
			const [answer] = await once(request(url + path, { agent }).end(), 'response');
			return { status: answer.statusCode, body: JSON.parse((await buffer(answer)).toString()) };
		};
		assert.equal((await ask('/v1/info')).status, 200);
		made.beginStopping();
		const { status, body } = await ask('/v1/info');
		assert.deepEqual([status, body.error.code, body.error.retryable], [503, 'shutting_down', true]);
		assert.equal((await ask('/health/live')).status, 200);
		agent.destroy();
	});
});
