import assert from 'node:assert/strict';
import fc from 'fast-check';
import { httpInMemory } from '../support/http-in-memory.ts';
import { nearly } from './schema-values.ts';

/**
 * Requests made of the API's own description, most of them slightly wrong. That each answer's status is described is
 * looked at in every test (test/support/documented-answers.ts); `npm run fuzz` asks a real server far more.
 */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

interface Parameter {
	readonly name: string;
	readonly in: 'query' | 'path';
	readonly required?: boolean;
	readonly schema: object;
}
interface Operation {
	readonly responses: Readonly<Record<string, { readonly content?: object }>>;
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
}

/** Stack frames, source files, folders of a machine, and the words of what lies below. */
const leak =
	/\\n\s*at |\.[cm]?[jt]s:\d+|node_modules|\/(?:tmp|home|root|usr|work|var|proc)\/|SQLITE|ENOENT|FST_ERR/;

describe('requests that nobody has thought of', () => {
	let made: Made;
	let operations: { method: string; path: string; operation: Operation }[];
	before(async () => {
		made = await httpInMemory({ DOCDROP_RATE_LIMIT_MAX: '0' });
		const { paths } = (await made.http.inject({ url: '/docs/json', headers: { host: 'localhost' } })).json();
		// A stream of events has no end to wait for.
		const ends = ({ responses }: Operation) => !('text/event-stream' in (responses['200']?.content ?? {}));
		operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
			Object.entries(methods)
				.filter(([, operation]) => ends(operation))
				.map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
		);
	});
	after(() => made.close());

	const text = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
	const requestOf = ({
		method,
		path,
		operation: { parameters = [], requestBody },
	}: (typeof operations)[number]) => {
		const of = (place: Parameter['in'], isRequired: boolean) => {
			const rows = parameters.filter((one) => one.in === place);
			return fc.record(
				Object.fromEntries(rows.map(({ name, schema }) => [name, nearly(schema)])),
				isRequired
					? {}
					: { requiredKeys: rows.filter((one) => one.required === true).map(({ name }) => name) },
			);
		};
		const body = requestBody?.content['application/json']?.schema;
		return fc
			.record({
				query: of('query', false),
				params: of('path', true),
				body: body === undefined ? fc.constant(undefined) : nearly(body),
			})
			.map(({ query, params, body }) => {
				const asked = new URLSearchParams();
				for (const [name, value] of Object.entries(query)) asked.set(name, text(value).toWellFormed());
				const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
					encodeURIComponent(text((params as Record<string, unknown>)[name]).toWellFormed()),
				);
				return { method, url: `${filled}?${asked.toString()}`, body };
			});
	};

	it('are answered in our words, with nothing of the inside', async () => {
		const property = (operation: (typeof operations)[number]) =>
			fc.asyncProperty(requestOf(operation), async ({ method, url, body }) => {
				const answer = await made.http.inject({
					method: method as 'GET',
					url,
					headers: { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/json' }) },
					...(body !== undefined && { payload: JSON.stringify(body) }),
				});
				assert.ok(answer.statusCode < 500, `${answer.statusCode} ${answer.body}`);
				const found = leak.exec(answer.body)?.[0];
				const sent = JSON.stringify(body ?? '') + decodeURIComponent(url);
				assert.ok(found === undefined || sent.includes(found), answer.body);
				if (answer.statusCode < 400 || url.startsWith('/mcp')) return;
				const { error } = answer.json();
				assert.ok(error.message.length > 10 && error.hint.length > 10, answer.body);
				assert.equal(error.requestId.length, 36);
				assert.ok(answer.body.length < 4_000, 'an answer repeats what was sent');
			});
		// The same ones each time, unless somebody looks for more.
		const { FUZZ_RUNS = '350', FUZZ_SEED = '1' } = process.env;
		const numRuns = Math.ceil(Number(FUZZ_RUNS) / operations.length);
		for (const one of operations) await fc.assert(property(one), { numRuns, seed: Number(FUZZ_SEED) });
	});
});
