import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { pageRoutes } from '../../api/http/page-routes.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { buildPage } from '../../tools/build-page.ts';

describe('the page’s files', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	before(async () => {
		made = await httpInMemory({ DOCDROP_API_KEYS: 'key-of-somebody' });
	});
	after(() => made.close());
	const get = (url: string, headers = {}) =>
		made.http.inject({ url, headers: { host: 'docs.example', ...headers } });

	/** What the module and those that it imports are called. */
	async function modulesFrom(http: FastifyInstance, entry: string): Promise<ReadonlyMap<string, string>> {
		const found = new Map<string, string>();
		const follow = async (name: string): Promise<void> => {
			if (found.has(name)) return;
			const answer = await http.inject({ url: `/page/${name}`, headers: { host: 'localhost' } });
			assert.equal(answer.statusCode, 200, name);
			assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8', name);
			found.set(name, answer.body);
			for (const [, next] of answer.body.matchAll(/from\s*['"]\.\/([^'"]+)['"]/g)) await follow(next ?? '');
		};
		await follow(entry);
		return found;
	}

	it('are open without a key, and hold nothing that could run from elsewhere', async () => {
		for (const url of ['/', '/page/main.js', '/page/page.css', '/page/icon.svg']) {
			const { statusCode, headers } = await get(url);
			assert.equal(statusCode, 200, url);
			const policy = String(headers['content-security-policy']);
			assert.match(policy, /default-src 'none'/, url);
			assert.match(policy, /frame-ancestors 'none'/, url);
			assert.match(policy, /require-trusted-types-for 'script'/, url);
			assert.doesNotMatch(policy, /unsafe|https?:|data:|\*/, url);
			assert.equal(headers['x-content-type-options'], 'nosniff', url);
			assert.equal(headers['referrer-policy'], 'no-referrer', url);
		}
		const { body } = await get('/');
		assert.doesNotMatch(body, /<style|style=|<script>|\son\w+=|https?:\/\//);
	});

	it('are told anew only where they changed', async () => {
		const { headers } = await get('/page/page.css');
		const again = await get('/page/page.css', { 'if-none-match': String(headers.etag) });
		assert.deepEqual([again.statusCode, again.body], [304, '']);
	});

	it('are these and no others', async () => {
		for (const url of [
			...['/page/', '/page/tsconfig.json', '/page/nothing.js', '/page/..%2Fapp.ts', '/page/%2e%2e%2fapp.ts'],
			...['/page/main.ts%00', '/page/../app.ts', '/page//etc/passwd', '/page/constructor'],
		]) {
			const { statusCode, json } = await get(url);
			assert.equal(
				statusCode === 404 || statusCode === 400 || statusCode === 401,
				true,
				`${url}: ${statusCode}`,
			);
			assert.equal(typeof json().error.code, 'string', url);
		}
	});

	it('are plain JavaScript from source, to the last module', async () => {
		const modules = await modulesFrom(made.http, 'main.js');
		assert.ok(modules.size > 20, [...modules.keys()].join(', '));
		for (const [name, text] of modules) {
			assert.doesNotMatch(text, /^import type|^(export )?interface /m, name);
			assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/, name);
		}
	});

	it('are a few files of less than 150 kB where they are packed', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-page-'));
		const http = fastify();
		try {
			await buildPage(dir);
			assert.deepEqual(readdirSync(dir).toSorted(), ['icon.svg', 'index.html', 'main.js', 'page.css']);
			const bytes = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
			assert.ok(bytes < 150_000, `${bytes} bytes`);
			pageRoutes(http, { pageDir: dir });
			assert.equal((await modulesFrom(http, 'main.js')).size, 1);
			assert.equal((await http.inject('/')).statusCode, 200);
			assert.notEqual((await http.inject('/page/main.ts')).statusCode, 200);
		} finally {
			await http.close();
			rmSync(dir, { recursive: true, force: true });
		}
	});
});
