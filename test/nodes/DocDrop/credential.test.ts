import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { CredentialTestContext } from 'n8n-core';
import type { INodeCredentialTestResult } from 'n8n-workflow';
import { DocDropApi } from '../../../credentials/DocDropApi.credentials.ts';
import { parseAddress } from '../../../nodes/DocDrop/address.ts';
import { testDocDropApi } from '../../../nodes/DocDrop/credential-test.ts';
import { contractVersion } from '../../../nodes/DocDrop/api-limits.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { json, page, serveInTurn, type Handler } from '../../support/http-server.ts';
import '../../support/n8n-instance.ts';

const test = (baseUrl: string, apiKey = ''): Promise<INodeCredentialTestResult> =>
	testDocDropApi.call(new CredentialTestContext(), {
		id: '1',
		name: 'DocDrop API',
		type: 'docDropApi',
		data: { baseUrl, apiKey },
	});

async function testAgainst(handler: Handler): Promise<string> {
	const server = await serveInTurn(handler);
	try {
		const { status, message } = await test(server.url, 'secret-key');
		assert.equal(status, 'Error');
		assert.ok(!message.includes('secret-key'));
		return message.replaceAll(server.host, 'HOST');
	} finally {
		server.close();
	}
}

describe('credential', () => {
	it('adds the key to a request, and nothing where there is none', async () => {
		const credential = new DocDropApi();
		const request = { url: 'http://api:8765/v1/info', headers: { accept: 'application/json' } };
		const send = (apiKey: unknown) => credential.authenticate({ apiKey } as never, { ...request });
		assert.deepEqual((await send(' a key\n')).headers, { ...request.headers, authorization: 'Bearer a key' });
		for (const none of ['', '  ', undefined]) assert.deepEqual((await send(none)).headers, request.headers);
	});

	it('has an address that works as it stands for the API as it stands', () => {
		const [address, key] = new DocDropApi().properties;
		assert.equal(parseAddress(address?.default).host, '127.0.0.1:8765');
		assert.equal(key?.typeOptions?.password, true);
		for (const hint of ['http://api:8765', 'http://host.docker.internal:8765', 'DOCDROP_HOST']) {
			assert.ok(address?.description?.includes(hint), hint);
		}
	});

	it('has the same two icons wherever n8n looks for them', async () => {
		const folders = ['credentials', 'nodes/DocDrop', 'nodes/DocDropTrigger'];
		for (const name of ['docdrop.svg', 'docdrop.dark.svg']) {
			const icons = await Promise.all(folders.map((folder) => readFile(`${folder}/${name}`, 'utf8')));
			assert.equal(new Set(icons).size, 1);
			assert.match(icons[0] ?? '', /^<svg [^>]*viewBox="0 0 60 60"/);
		}
	});

	describe('test', () => {
		let app: TestApp;
		let open: TestApp;
		before(async () => {
			app = await startApp({ DOCDROP_API_KEYS: 'good-key,acme=tenant-key' });
			open = await startApp();
		});
		after(() => Promise.all([app.close(), open.close()]));

		it('succeeds with a key of every or one tenant, and without one where the API has none', async () => {
			for (const result of [
				await test(app.url, 'good-key'),
				await test(`${app.url}/`, 'tenant-key'),
				await test(open.url),
				await test(open.url, 'needless'),
			]) {
				assert.equal(result.status, 'OK', result.message);
				assert.match(result.message, /^Connected to DocDrop API \d+\.\d+\.\d+, contract 1$/);
			}
		});

		it('shows what the API says of a key', async () => {
			const missing = await test(app.url);
			assert.deepEqual(missing.status, 'Error');
			const where = 'see API Key in the DocDrop API credential\. Open .*\\(DOCDROP_API_KEYS\\)\\.$';
			assert.match(missing.message, new RegExp(`^A key is required: ${where}`));
			assert.match((await test(app.url, 'bad-key')).message, new RegExp(`^The key is not known: ${where}`));
		});

		it('names both contracts where they differ', async () => {
			const info = { name: 'docdrop', version: '9.8.7', contract: contractVersion + 1, limits: {} };
			assert.equal(
				await testAgainst(json(200, info)),
				`The DocDrop API 9.8.7 speaks contract ${contractVersion + 1}, these nodes speak contract ${contractVersion}. Update the package n8n-nodes-docdrop in n8n: both must speak the same.`,
			);
		});

		it('explains a refused connection, another server, a proxy and a redirect', async () => {
			const refused = await test('http://localhost:9');
			assert.match(refused.message, /^Nothing listens at localhost:9.*host\.docker\.internal/s);
			assert.match((await test('api:8765')).message, /must begin with http:\/\//);
			const other = /^HOST answered 200 with a web page, but not as the DocDrop API does\./;
			assert.match(await testAgainst(page(200)), other);
			assert.match(await testAgainst(json(200, { name: 'other' })), /^HOST answered 200, but not as/);
			assert.match(await testAgainst(page(502)), /proxy that does not reach the API/);
			const away = await testAgainst(json(301, {}, { location: 'https://docs.example/v1/info' }));
			assert.match(away, /^HOST answered 301: it sends requests elsewhere\. .*https:\/\/docs\.example/);
		});

		it('takes the path of a proxy, and says of any other that it must go', async () => {
			const { status, message } = await test(`${open.url}/docdrop`);
			assert.equal(status, 'Error');
			assert.match(message, /^The Address of .* must not end in "\/docdrop": .* Write it as http:\/\/127/s);
		});

		it('names a key that cannot be sent', async () => {
			const { status, message } = await test(open.url, 'one\ntwo-secret');
			assert.equal(status, 'Error');
			assert.match(message, /API Key .* has a character that cannot be sent/);
			assert.ok(!message.includes('two-secret'));
		});
	});
});
