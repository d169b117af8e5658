import assert from 'node:assert/strict';
import { onlyWanted } from '../../api/app/wanted-types.ts';
import { followedTypes, readConfig, refusedTypes } from '../../api/config/index.ts';
import { mimeTypes } from '../../api/contract/file-types.ts';
import type { Extractor } from '../../api/ports/extractor.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { file, sendForm } from '../support/form.ts';
import { pdfFile } from '../support/pdf-file.ts';
import { assertRefusal, type Expected } from '../support/refusal.ts';
import { settled } from '../support/settled.ts';

const refused = (env: Readonly<Record<string, string>>) => {
	const types = refusedTypes(readConfig(env));
	return mimeTypes.flatMap((type) => (types.get(type) === undefined ? [] : [[type, types.get(type)]]));
};

describe('types that the operator rules out', () => {
	it('are those that are not allowed, and those that are denied', () => {
		assert.deepEqual(refused({}), []);
		const allowed = 'DOCDROP_ALLOWED_TYPES';
		const denied = 'DOCDROP_DENIED_TYPES';
		assert.deepEqual(
			refused({ [allowed]: 'text/plain, text/MARKDOWN' }),
			mimeTypes
				.filter((type) => !['text/plain', 'text/markdown'].includes(type))
				.map((type) => [type, allowed]),
		);
		assert.deepEqual(refused({ [denied]: 'text/html' }), [['text/html', denied]]);
		const types = refusedTypes(readConfig({ [allowed]: 'text/*', [denied]: 'text/html' }));
		assert.equal(types.get('text/html'), denied);
		assert.equal(types.get('application/xhtml+xml'), allowed);
		assert.equal(types.get('text/plain'), undefined);
	});

	it('must be types that can be read', () => {
		for (const value of ['text/plain,image/png', 'video/*', 'html', '*', 'text']) {
			assert.throws(() => readConfig({ DOCDROP_DENIED_TYPES: value }), {
				code: 'config_invalid',
				message: /DOCDROP_DENIED_TYPES must be types that can be read.*, got "/,
			});
		}
	});

	it('may be any where a reader outside is asked for files', () => {
		const env = { DOCDROP_TIKA_URL: 'http://127.0.0.1:9998', DOCDROP_DENIED_TYPES: 'Video/*,image/png' };
		const types = refusedTypes(readConfig(env));
		assert.equal(types.get('video/mp4'), 'DOCDROP_DENIED_TYPES');
		assert.equal(types.get('image/png'), 'DOCDROP_DENIED_TYPES');
		assert.equal(types.get('image/jpeg'), undefined);
		const allowed = refusedTypes(readConfig({ ...env, DOCDROP_ALLOWED_TYPES: 'image/*' }));
		assert.equal(allowed.get('image/jpeg'), undefined);
		assert.equal(allowed.get('application/octet-stream'), 'DOCDROP_ALLOWED_TYPES');
		const wrong = { ...env, DOCDROP_DENIED_TYPES: 'html' };
		assert.throws(() => readConfig(wrong), { code: 'config_invalid', message: /got "html"/ });
	});

	it('and names that nobody reads are followed where the settings say which files, and somebody is asked', () => {
		const DOCDROP_TIKA_URL = 'http://127.0.0.1:9998';
		const typeOf = (env: Readonly<Record<string, string>>) => followedTypes(readConfig(env))('a/talk.ppt');
		assert.equal(typeOf({ DOCDROP_TIKA_URL }), null);
		assert.equal(typeOf({ DOCDROP_INCLUDE: '*.ppt' }), null);
		assert.equal(typeOf({ DOCDROP_TIKA_URL, DOCDROP_INCLUDE: '*.ppt' }), 'application/octet-stream');
		const both = followedTypes(readConfig({ DOCDROP_TIKA_URL, DOCDROP_INCLUDE: '*' }));
		assert.equal(both('a.md'), 'text/markdown');
	});

	it('and pictures are followed where they are read, or somebody is asked', () => {
		const typeOf = (env: Readonly<Record<string, string>>) => followedTypes(readConfig(env))('a/scan.JPG');
		assert.equal(typeOf({}), null);
		assert.equal(typeOf({ DOCDROP_INCLUDE: '*' }), null);
		assert.equal(typeOf({ DOCDROP_OCR: 'eng' }), 'image/jpeg');
		const asked = { DOCDROP_TIKA_URL: 'http://127.0.0.1:9998', DOCDROP_INCLUDE: '*' };
		assert.equal(typeOf(asked), 'application/octet-stream');
		assert.deepEqual(refused({ DOCDROP_OCR: 'eng', DOCDROP_DENIED_TYPES: 'image/*' }), []);
	});

	it('are known by what a file turns out to be as well, however it is called', async () => {
		const facts = { title: null, mimeType: 'text/html', warnings: [] };
		const extractor: Extractor = {
			...{ fingerprintOf: () => 'f', mimeTypes: ['text/plain', 'text/html'], streamable: [] },
			extract: async ({ mimeType }) => ({ ...facts, mimeType, chunks: [] }),
			stream: async () => facts,
			close: async () => {},
		};
		const wanted = onlyWanted(extractor, new Map([['text/html', 'DOCDROP_DENIED_TYPES']]));
		const content = Buffer.from('x');
		const denied = { code: 'unsupported_type', message: /DOCDROP_DENIED_TYPES allows, got "text\/html"/ };
		const sink = { begin: async () => {}, page: async () => {} };
		assert.equal((await wanted.extract({ content, mimeType: 'text/plain' })).mimeType, 'text/plain');
		await assert.rejects(wanted.extract({ content, mimeType: 'text/html' }), denied);
		await assert.rejects(wanted.stream({ content, mimeType: 'text/plain' }, sink), denied);
	});

	it('end as dead letters where only their content shows them', async () => {
		const app = await startApp({ DOCDROP_DENIED_TYPES: 'application/pdf' });
		try {
			const pdf = pdfFile({ pages: [{ lines: ['A page'] }] });
			const { json } = await sendForm(app.url, '/v1/files', [file('a.txt', pdf), file('b.txt')]);
			assert.equal(json.accepted, 2);
			await settled(app.url);
			const { jobs } = (await call(app.url, { path: '/v1/jobs?state=failed' })).json;
			assert.deepEqual(
				jobs.map((job: { docId: string; error: { code: string } }) => [job.docId, job.error.code]),
				[['a.txt', 'unsupported_type']],
			);
			assert.match(jobs[0].error.message, /DOCDROP_DENIED_TYPES allows, got "application\/pdf"/);
		} finally {
			await app.close();
		}
	});

	it('are named and not read where they are attached to a mail', async () => {
		const app = await startApp({ DOCDROP_DENIED_TYPES: 'application/pdf' });
		try {
			const attached = (name: string, content: Buffer) =>
				`--B\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${content.toString('base64')}\r\n`;
			const pdf = pdfFile({ pages: [{ lines: ['A secret page'] }] });
			const mail = `Subject: S\r\nContent-Type: multipart/mixed; boundary="B"\r\n\r\n${attached('a.md', pdf)}${attached('b.md', Buffer.from('A shown page'))}--B--\r\n`;
			const body = { tenant: 'acme', docId: 'a.eml', content: { text: mail } };
			const { json } = await call(app.url, { path: '/v1/preview', body });
			const text = json.chunks.map(({ text }: { text: string }) => text).join('\n');
			assert.match(text, /A shown page[^]*a\.md/);
			assert.doesNotMatch(text, /secret/);
			assert.match(
				json.warnings[0],
				/"a\.md" was not read: .*DOCDROP_DENIED_TYPES allows, got "application\/pdf"/,
			);
		} finally {
			await app.close();
		}
	});

	describe('by every way in', () => {
		let app: TestApp;
		before(async () => {
			app = await startApp({ DOCDROP_DENIED_TYPES: 'text/html', DOCDROP_WORKERS: '0' });
		});
		after(() => app.close());

		it('are refused with their name and that of the setting', async () => {
			const expected: Expected = {
				...{ code: 'unsupported_type', field: 'mimeType' },
				says: /DOCDROP_DENIED_TYPES allows, got "text\/html"/,
			};
			const document = { tenant: 'acme', docId: 'a.html', content: { text: '<p>x' } };
			assertRefusal(await call(app.url, { path: '/v1/publish', body: document }), expected);
			assertRefusal(await call(app.url, { path: '/v1/preview', body: document }), expected);
			const put = { method: 'PUT', path: '/v1/documents/content?tenant=acme&docId=a.html', body: 'x' };
			const headers = { 'content-type': 'text/html' };
			assertRefusal(await call(app.url, { ...put, headers }), expected);
			const { json } = await call(app.url, { path: '/v1/ingest/batch', body: { documents: [document] } });
			assert.equal(json.results[0].status, 415);
			assertRefusal(await sendForm(app.url, '/v1/files', [file('a.html')]), expected);
		});

		it('are not among those that the API says it reads', async () => {
			const info = (await call(app.url, { path: '/v1/info' })).json;
			assert.deepEqual(
				info.mimeTypes,
				mimeTypes.filter((type) => type !== 'text/html'),
			);
		});
	});
});
