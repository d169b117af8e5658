import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

/** The API's own description: complete, true, and readable by a person. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('the description of the API', () => {
	let made: Made;
	before(async () => {
		made = await httpInMemory();
	});
	after(() => made.close());
	const get = (url: string) => made.http.inject({ url, headers: { host: 'localhost' } });

	it('names every route, with a summary and what it answers', async () => {
		const api = (await get('/docs/json')).json();
		assert.match(api.openapi, /^3\.1/);
		assert.ok(api.info.title.length > 0 && api.info.version.length > 0);
		// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an OpenAPI document, looked into freely
		const routes = Object.entries<Record<string, Record<string, any>>>(api.paths).flatMap(([path, methods]) =>
			Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
		);
		assert.deepEqual(routes.map(({ name }) => name).toSorted(), [
			'delete /v1/audit',
			'delete /v1/documents',
			'get /health/live',
			'get /health/ready',
			'get /metrics',
			'get /v1/audit',
			'get /v1/backup',
			'get /v1/credits',
			'get /v1/credits/all',
			'get /v1/documents',
			'get /v1/documents/chunks',
			'get /v1/documents/history',
			'get /v1/documents/state',
			'get /v1/files/explain',
			'get /v1/info',
			'get /v1/jobs',
			'get /v1/jobs/{jobId}',
			'get /v1/models',
			'get /v1/models/{id}',
			'get /v1/overview',
			'get /v1/overview/events',
			'get /v1/overview/history',
			'get /v1/progress',
			'get /v1/progress/tenants',
			'get /v1/sources',
			'get /v1/sources/reports',
			'get /v1/status',
			'get /v1/tenants',
			'patch /v1/documents',
			'post /mcp',
			'post /v1/audit',
			'post /v1/backup',
			'post /v1/documents/delete',
			'post /v1/documents/patch',
			'post /v1/embeddings',
			'post /v1/files',
			'post /v1/ingest/batch',
			'post /v1/jobs/{jobId}/cancel',
			'post /v1/jobs/{jobId}/retry',
			'post /v1/lists/sync',
			'post /v1/preview',
			'post /v1/publish',
			'post /v1/search',
			'post /v1/sources/{id}/release',
			'put /v1/credits',
			'put /v1/documents/content',
			'put /v1/sources/{id}/report',
		]);
		for (const { name, operation } of routes) {
			assert.ok(operation['summary']?.length > 5, `${name} has a summary`);
			const good = Object.keys(operation['responses']).filter((status) => status.startsWith('2'));
			assert.ok(good.length > 0, `${name} says what it answers`);
			for (const status of good) {
				// A message that wants no answer gets none.
				if (name === 'post /mcp' && status === '202') continue;
				const [content] = Object.values<{ schema?: object }>(operation['responses'][status].content ?? {});
				assert.ok(content?.schema !== undefined, `${name} has a schema for ${status}`);
			}
			if (/post \/v1\/(publish|preview|search|embeddings|ingest)/.test(name)) {
				assert.ok(
					operation['requestBody'].content['application/json'].schema.properties,
					`${name} has a body`,
				);
			}
			if (/post \/v1\/(files|ingest)/.test(name)) {
				const { properties } = operation['requestBody'].content['multipart/form-data'].schema;
				assert.deepEqual(
					Object.keys(properties),
					['file', 'manifest', 'tenant', 'priority', 'coalesced'],
					name,
				);
				assert.equal(properties.file.items.format, 'binary');
			}
		}
	});

	it('holds no reference that leads nowhere', async () => {
		const api = (await get('/docs/json')).json();
		const refs = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
		for (const ref of refs) {
			let at: unknown = api;
			for (const part of ref.replace('#/', '').split('/'))
				at = (at as Record<string, unknown> | undefined)?.[part];
			assert.ok(at !== undefined, ref);
		}
	});

	it('is a page as well, to which the one at the root leads', async () => {
		const root = await get('/');
		assert.equal(root.statusCode, 200);
		assert.match(root.body, /href="docs"/);
		const page = await get('/docs');
		assert.equal(page.statusCode, 200);
		assert.match(String(page.headers['content-type']), /text\/html/);
		assert.match(page.body, /<html/);
	});

	it('says which limits and parts this server has', async () => {
		const info = (await get('/v1/info')).json();
		assert.equal(info.name, 'docdrop');
		assert.equal(info.contract, 1);
		assert.deepEqual(info.limits, {
			batchDocuments: 500,
			bodyBytes: 8 * 1_048_576,
			fileBytes: 200 * 1_048_576,
			uploadBytes: 1_024 * 1_048_576,
			manifestBytes: 1_048_576,
			windowMs: 500,
			maxWaitMs: 5_000,
		});
		assert.ok(info.mimeTypes.includes('text/html'));
		assert.deepEqual(info.index, { kind: 'memory' });
		assert.deepEqual(info.embedder, { model: 'lexical', dimensions: 256 });
	});
});
