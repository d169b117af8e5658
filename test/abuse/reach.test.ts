import assert from 'node:assert/strict';
import { writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { serveInTurn, type TestServer } from '../support/http-server.ts';
import { settled } from '../support/settled.ts';

/** What a caller can make the service reach for: nothing. */
describe('abuse: reach', () => {
	let app: TestApp;
	let bait: TestServer;
	before(async () => {
		bait = await serveInTurn((_asked, answer) => answer.end('the bait was taken'));
		app = await startApp();
	});
	after(async () => {
		await app.close();
		bait.close();
	});

	it('no request makes the service read a file or call an address of its choosing', async () => {
		const secret = join(app.dataDir, 'secret.txt');
		writeFileSync(secret, 'the secret of this machine');
		const { url } = bait;
		const contents = {
			'text/html': `<base href="${url}"><link rel=stylesheet href="${url}/a.css"><img src="${url}/b.png"><iframe src="file://${secret}"></iframe><script src="${url}/c.js"></script><p>a page</p>`,
			'text/markdown': `![x](${url}/d.png) [y](file://${secret})\n\n[z]: ${url}/e\n\n<object data="${url}/f">text</object>`,
			'application/xml': `<!DOCTYPE a [<!ENTITY x SYSTEM "file://${secret}"><!ENTITY % y SYSTEM "${url}/g.dtd">%y;]><a><b>before</b><b>&x;</b></a>`,
			'message/rfc822': `From: a@b.invalid\nSubject: s\nContent-Type: text/html\n\n<img src="${url}/h.png"><p>mail</p>`,
			'text/x-rst': `.. include:: ${secret}\n\n.. image:: ${url}/i.png\n\nText.`,
			'text/plain': 'text',
		};
		const names = [`file://${secret}`, secret, `../../${secret}`, `${url}/j`, '//host/share/k'];
		for (const [mimeType, text] of Object.entries(contents)) {
			for (const name of names) {
				const body = {
					...{
						tenant: 't',
						docId: `${name} ${mimeType}`,
						path: name,
						title: name,
						mimeType,
						content: { text },
					},
					metadata: { url: name, file: name, source: name },
				};
				const answer = await call(app.url, { path: '/v1/publish', body: { ...body, coalesced: true } });
				assert.equal(answer.status, 202, answer.text);
				const preview = await call(app.url, { path: '/v1/preview', body });
				assert.ok(
					!preview.text.includes('the secret of this machine') && !preview.text.includes('bait was taken'),
				);
			}
		}
		await settled(app.url);
		const found = await call(app.url, {
			path: '/v1/search',
			body: { tenant: 't', query: 'the secret of this machine' },
		});
		assert.ok(!found.text.includes('the secret of this machine'));
		const { documents, failed } = (await call(app.url, { path: '/v1/status' })).json;
		assert.deepEqual([documents, failed], [Object.keys(contents).length * names.length, 0]);
		assert.deepEqual(bait.asked, []);
	});

	it('the folder of the state is nobody else’s', () => {
		assert.equal(statSync(app.dataDir).mode & 0o777, 0o700);
	});
});
