import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

/**
 * Loaded before all tests: each answer of each route that a test gets, over a socket or not, must stand in the OpenAPI
 * description with its status. The test that got one that does not fails at its end.
 */
const undocumented = new Set<string>();

interface Described {
	readonly paths?: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
}

subscribe('fastify.initialization', (message) => {
	const { fastify } = message as { readonly fastify: FastifyInstance };
	fastify.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
		const { url, schema } = routeOptions;
		const isHidden = (schema as { readonly hide?: boolean } | undefined)?.hide === true;
		if (url === undefined || isHidden || !fastify.hasDecorator('swagger')) return;
		const path = url.replace(/:(\w+)/g, '{$1}');
		const { paths = {} } = fastify.swagger() as object as Described;
		const operation = paths[path]?.[method === 'HEAD' ? 'get' : method.toLowerCase()];
		if (operation !== undefined && Object.hasOwn(operation.responses, String(statusCode))) return;
		undocumented.add(`${method} ${path} was answered ${statusCode}, which its description does not name`);
	});
});

export const mochaHooks = {
	afterEach(): void {
		const found = [...undocumented];
		undocumented.clear();
		assert.deepEqual(found, []);
	},
};
