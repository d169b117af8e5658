import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { sendRaw } from '../support/raw-http.ts';

describe('headers of every answer', () => {
	let app: TestApp;
	before(async () => void (app = await startApp({ DOCDROP_WORKERS: '0' })));
	after(() => app.close());

	const wanted = {
		'x-content-type-options': 'nosniff',
		'x-frame-options': 'DENY',
		'referrer-policy': 'no-referrer',
		'cross-origin-resource-policy': 'same-origin',
		'cache-control': 'no-store',
		'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
	};

	it('stand at what is found, refused and nowhere', async () => {
		for (const [path, status] of [
			['/v1/info', 200],
			['/health/live', 200],
			['/metrics', 200],
			['/nowhere', 404],
			['/v1/jobs/none', 400],
			['/v1/models/%zz', 400],
			[`/v1/models/${'x'.repeat(300)}`, 400],
			['/docs/json', 200],
		] as const) {
			const answer = await call(app.url, { path });
			assert.equal(answer.status, status, path);
			const isOfDocs = path.startsWith('/docs');
			for (const [name, value] of Object.entries(wanted)) {
				if (isOfDocs && name === 'content-security-policy') continue;
				assert.equal(answer.headers.get(name), value, `${path} ${name}`);
			}
			assert.equal(answer.headers.get('strict-transport-security'), null, 'only over TLS');
		}
		assert.equal(
			(await call(app.url, { method: 'PATCH', path: '/v1/info' })).headers.get('x-frame-options'),
			'DENY',
		);
	});

	it('stand at what is no request at all', async () => {
		for (const bytes of [
			'NONSENSE\r\n\r\n',
			`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`,
		]) {
			const answer = await sendRaw(app.port, [bytes]);
			assert.ok([400, 431].includes(answer?.status ?? 0), String(answer?.status));
			for (const [name, value] of Object.entries(wanted)) assert.equal(answer?.headers[name], value, name);
		}
	});

	it('let the page of the description load what is its own, and run no script within it', async () => {
		for (const path of ['/docs', '/docs/static/swagger-ui.css', '/docs/static/swagger-initializer.js']) {
			const { status, headers, text } = await call(app.url, { path });
			assert.equal(status, 200, path);
			const policy = headers.get('content-security-policy') ?? '';
			assert.match(policy, /^default-src 'self';.*frame-ancestors 'none'$/);
			assert.doesNotMatch(policy, /script-src|unsafe-eval/);
			if (path === '/docs') assert.doesNotMatch(text, /<script>|<script [^>]*>[^<\s]|\son\w+=/);
			assert.equal(headers.get('x-content-type-options'), 'nosniff');
		}
	});
});
