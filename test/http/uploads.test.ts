import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { field, file, manifest, type Part, sendForm } from '../support/form.ts';
import { pdfFile } from '../support/pdf-file.ts';
import { assertItem, assertRefusal } from '../support/refusal.ts';
import { settled, until } from '../support/settled.ts';

interface Item {
	readonly index: number;
	readonly file?: string;
	readonly status: number;
	readonly receipt?: { docId: string; tenant: string; state: string; sha256?: string };
	readonly error?: { code: string; field?: string; message: string; jobId?: string };
}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const large = (word: string) => `${word} `.repeat(40_000);

/** Files as forms send them, on real sockets. */
describe('uploads', () => {
	let app: TestApp;
	before(async () => {
		app = await startApp({ DOCDROP_TENANT: 'home', DOCDROP_DENIED_TYPES: 'text/x-rst' });
	});
	after(() => app.close());

	const files = (parts: readonly Part[], path = '/v1/files?tenant=acme') => sendForm(app.url, path, parts);
	const batch = (parts: readonly Part[]) => sendForm(app.url, '/v1/ingest/batch', parts);
	const textOf = async (docId: string, tenant = 'acme') => {
		const query = new URLSearchParams({ tenant, docId }).toString();
		const { json } = await call(app.url, { path: `/v1/documents/chunks?${query}` });
		return (json.chunks as { text: string }[]).map(({ text }) => text).join('\n');
	};
	const stateOf = async (docId: string, tenant = 'acme') => {
		const query = new URLSearchParams({ tenant, docId }).toString();
		return (await call(app.url, { path: `/v1/documents/state?${query}` })).json;
	};
	const blobs = () => readdir(join(app.dataDir, 'blobs'));
	const nothingLeft = () => until(blobs, (names) => names.length === 0);

	it('take one file as every client sends it, with the tenant of the address, of a field, or of the settings', async () => {
		const form = (name: string) => {
			const body = new FormData();
			body.set('file', new File([`from ${name}`], name));
			return body;
		};
		const send = async (path: string, body: FormData) => {
			const answer = await fetch(`${app.url}${path}`, { method: 'POST', body });
			return { status: answer.status, json: (await answer.json()) as { results: Item[] } };
		};
		const byAddress = await send('/v1/files?tenant=acme', form('one.md'));
		assert.equal(byAddress.status, 202);
		assert.deepEqual(byAddress.json.results[0]?.receipt?.docId, 'one.md');
		const body = form('two.md');
		// Behind the file, as a page's form may have it.
		body.set('tenant', 'beta');
		assert.equal((await send('/v1/files', body)).json.results[0]?.receipt?.tenant, 'beta');
		assert.equal((await send('/v1/files', form('three.md'))).json.results[0]?.receipt?.tenant, 'home');
		await settled(app.url);
		assert.equal(await textOf('one.md'), 'from one.md');
		assert.equal(await textOf('two.md', 'beta'), 'from two.md');
		assert.equal(await textOf('three.md', 'home'), 'from three.md');
	});

	it('publish nine of ten files and name the tenth', async () => {
		const names = Array.from({ length: 10 }, (_, at) => `ten-${at}.md`);
		names[4] = 'ten-4.png';
		const { status, json } = await files(names.map((name) => file(name)));
		assert.equal(status, 202);
		const { results, ...counts } = json as { results: Item[] };
		assert.deepEqual(counts, {
			...{ errors: true, accepted: 9, coalesced: 0 },
			...{ unchanged: 0, stale: 0, failed: 1 },
		});
		assert.deepEqual(
			results.map((one) => [one.index, one.file, one.status]),
			names.map((name, at) => [at, name, at === 4 ? 415 : 202]),
		);
		assert.equal(results[4]?.error?.code, 'unsupported_type');
		await settled(app.url);
		const { documents } = (await call(app.url, { path: '/v1/documents?tenant=acme&prefix=ten-' })).json;
		assert.deepEqual(
			documents.map((one: { docId: string; state: string }) => [one.docId, one.state]),
			names.filter((name) => name.endsWith('.md')).map((name) => [name, 'published']),
		);
	});

	it('count what they come to', async () => {
		await files([file('count.md', 'first')]);
		await settled(app.url);
		const { json } = await files([
			file('count.md', 'first'),
			file('count.md', 'second'),
			file('count.md', 'third'),
			file('count.rst'),
		]);
		const { results: _results, ...counts } = json;
		assert.deepEqual(counts, {
			...{ errors: true, accepted: 2, coalesced: 1 },
			...{ unchanged: 1, stale: 0, failed: 1 },
		});
		await settled(app.url);
		assert.equal(await textOf('count.md'), 'third', 'of files of one name the last has the last word');
	});

	it('take files of every size, from nothing to many pieces', async () => {
		const texts = [
			'',
			'x',
			large('sixty-four').slice(0, 65_536),
			large('more').slice(0, 65_537),
			large('much'),
		];
		const { json } = await files(texts.map((text, at) => file(`size-${at}.txt`, text)));
		assert.deepEqual(
			json.results.map((one: Item) => one.receipt?.sha256),
			texts.map(sha256),
		);
		await settled(app.url);
		for (const [at, text] of texts.entries())
			assert.equal((await stateOf(`size-${at}.txt`)).published.bytes, text.length);
		await nothingLeft();
	});

	it('take documents of every kind, and read them as what they are', async () => {
		const pdf = pdfFile({ pages: [{ lines: ['The report of the year'] }] });
		await files([file('report.pdf', pdf, { type: 'application/pdf' }), file('called.md', pdf)]);
		await settled(app.url);
		assert.match(await textOf('report.pdf'), /The report of the year/);
		assert.match(await textOf('called.md'), /The report of the year/);
	});

	it('are told by their ending, then by their sender; denied types are refused by name and setting', async () => {
		const cases: [part: Part, type: string | null][] = [
			[file('t1.md', 'x', { type: 'text/plain' }), 'text/markdown'],
			[file('t2.md', 'x', { type: 'application/vnd.ms-excel' }), 'text/markdown'],
			[file('t3', 'x', { type: 'text/html' }), 'text/html'],
			[file('t4', 'x', { type: 'text/plain' }), 'text/plain'],
			[file('t5.png', 'x', { type: 'text/plain' }), null],
			[file('t6.png', 'x', { type: 'image/png' }), null],
			[file('t7', 'x'), null],
			[file('t8.rst', 'x'), null],
		];
		const { json } = await files(cases.map(([part]) => part));
		await settled(app.url);
		for (const [at, [{ file: name = '' }, type]] of cases.entries()) {
			const { status } = json.results[at] as Item;
			assert.equal(status, type === null ? 415 : 202, name);
			if (type !== null) assert.equal((await stateOf(name)).mimeType, type, name);
		}
		assert.match(json.results[5].error.message, /image\/png/);
		assert.match(json.results[7].error.message, /DOCDROP_DENIED_TYPES allows, got "text\/x-rst"/);
	});

	it('are read in the charset that a part names, whichever way its type is told', async () => {
		// So short a text in this charset nobody guesses.
		const russian = Buffer.from('8fe0a8a2a5e2', 'hex');
		const type = 'text/plain; charset=ibm866';
		const typed = 'application/octet-stream; charset=ibm866';
		await files([
			file('c1.txt', russian, { type }),
			file('c2.md', russian, { type }),
			file('c3', russian, { type }),
		]);
		const documents = [{ docId: 'c4', mimeType: 'text/markdown', content: { part: 0 } }];
		await batch([field('tenant', 'acme'), manifest({ documents }), file('4', russian, { type: typed })]);
		await settled(app.url);
		for (const name of ['c1.txt', 'c2.md', 'c3', 'c4']) assert.equal(await textOf(name), 'Привет', name);
		const own = [{ docId: 'c5.txt', charset: 'koi8-r', content: { part: 0 } }];
		const koi8 = Buffer.from('f0d2c9d7c5d4', 'hex');
		await batch([field('tenant', 'acme'), manifest({ documents: own }), file('5', koi8, { type })]);
		await settled(app.url);
		assert.equal(await textOf('c5.txt'), 'Привет', 'what the manifest says goes first');
	});

	it('answer one file that is refused with its error, and a batch of one in its place', async () => {
		assertRefusal(await files([file('lone.png')]), { code: 'unsupported_type', field: 'mimeType' });
		const { status, json } = await batch([field('tenant', 'acme'), file('lone.png')]);
		assert.deepEqual([status, json.results[0].status], [202, 415]);
	});

	it('never make paths of names', async () => {
		const cases: [sent: string, docId: string | null][] = [
			['../../etc/passwd.md', 'passwd.md'],
			['C:\\\\docs\\\\drive.md', 'drive.md'],
			['C:relative.md', 'relative.md'],
			['/absolute.md', 'absolute.md'],
			['..\\\\up.md', 'up.md'],
			['a/../..', null],
			['..', null],
			['nul\u0000.md', null],
			['bell\u0007.md', null],
			[`${'n'.repeat(1_022)}.md`, null],
			['CON.md', 'CON.md'],
			['__proto__', null],
			['%2e%2e%2fpercent.md', '%2e%2e%2fpercent.md'],
		];
		const before = await readdir(app.dataDir);
		const { json } = await files(cases.map(([name]) => file(name, 'harmless')));
		assert.deepEqual(
			json.results.map((one: Item) => one.receipt?.docId ?? null),
			cases.map(([, docId]) => docId),
		);
		assert.deepEqual(await readdir(app.dataDir), before);
		for (const { error } of json.results as Item[])
			assert.ok(error === undefined || ['invalid', 'unsupported_type'].includes(error.code));
		await settled(app.url);
	});

	it('read names in every encoding that forms have, and refuse bytes that are none', async () => {
		const raw = (disposition: string | Uint8Array): Part => ({
			body: 'x',
			headers: Buffer.concat([
				Buffer.from('Content-Disposition: form-data; name="file"; '),
				Buffer.from(disposition as string),
			]),
		});
		const { json } = await files([
			raw('filename="grüße.md"'),
			raw("filename*=UTF-8''na%C3%AFve.md"),
			raw("filename*=iso-8859-1''caf%E9.md"),
			raw(`filename="with \\"quotes\\".md"`),
			raw('filename=plain.md'),
			raw(Buffer.from('filename="caf\xe9.md"', 'latin1')),
			raw("filename*=UTF-8''%FF%FE.md"),
		]);
		assert.deepEqual(
			json.results.map((one: Item) => one.receipt?.docId ?? one.error?.message.replace(/^\S+ /, '')),
			[
				...['grüße.md', 'naïve.md', 'café.md', 'with "quotes".md', 'plain.md'],
				...['must have a name in UTF-8', 'must have a name in UTF-8'],
			],
		);
		await settled(app.url);
	});

	it('pass over what else a page’s form holds, and a choice that nobody made', async () => {
		const { status, json } = await files([
			field('csrf', 'token'),
			file('', '', { name: 'second' }),
			file('chosen.md', 'x', { name: 'files[]' }),
			field('submit', 'Send'),
		]);
		assert.equal(status, 202);
		assert.deepEqual(
			json.results.map((one: Item) => one.file),
			['chosen.md'],
		);
		assertRefusal(await batch([field('csrf', 'token'), file('a.md')]), {
			...{ code: 'invalid', field: 'csrf', says: /not a known field/ },
		});
		await settled(app.url);
	});

	it('come from pages of this server alone while there is no key', async () => {
		const from = (origin: string) =>
			sendForm(app.url, '/v1/files?tenant=pages', [file('page.md')], { origin });
		const { host } = new URL(app.url);
		for (const origin of [
			'https://example.com',
			'null',
			'http://127.0.0.1',
			`http://${host}0`,
			`http://a.${host}`,
		])
			assertRefusal(await from(origin), {
				code: 'forbidden',
				field: 'origin',
				says: /while no API key is set/,
			});
		assert.equal((await stateOf('page.md', 'pages')).error?.code, 'not_found');
		assert.equal((await from(app.url)).status, 202);
		await settled(app.url);
	});

	describe('with a manifest', () => {
		const sourced = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });

		for (const [where, order] of [
			['before the files', (first: Part, ...rest: Part[]) => [first, ...rest]],
			['behind the files', (first: Part, ...rest: Part[]) => [...rest, first]],
		] as const) {
			it(`name, describe, order and mix documents: ${where}`, async () => {
				const tag = where.split(' ')[0] ?? '';
				await files([file(`${tag}-gone.md`, 'goes')]);
				const about = manifest({
					documents: [
						{ docId: `${tag}/b`, content: { part: 'b.md' }, metadata: { n: 1 }, title: 'B' },
						{ docId: `${tag}/text.txt`, content: { text: 'in the manifest' } },
						{ op: 'delete', docId: `${tag}-gone.md` },
						{ docId: `${tag}/a`, tenant: 'beta', content: { part: 0 }, priority: 'high', source: sourced(7) },
						{ docId: `${tag}/none`, content: { part: 'missing.md' } },
						{ docId: `${tag}/hash`, content: { part: 'c.md' }, sha256: '0'.repeat(64) },
					],
					priority: 'low',
					coalesced: true,
				});
				const parts = [file('a.md', large('alpha')), file('b.md', 'beta'), file('c.md'), file(`${tag}-d.md`)];
				const { status, json } = await batch(order(about, field('tenant', 'acme'), ...parts));
				assert.equal(status, 202, JSON.stringify(json));
				assert.deepEqual(
					json.results.map((one: Item) => [
						one.status,
						one.file ?? null,
						one.receipt?.docId ?? one.error?.field,
					]),
					[
						[202, 'b.md', `${tag}/b`],
						[202, null, `${tag}/text.txt`],
						[202, null, `${tag}-gone.md`],
						[202, 'a.md', `${tag}/a`],
						[400, null, 'documents/4/content/part'],
						[400, 'c.md', 'sha256'],
						[202, `${tag}-d.md`, `${tag}-d.md`],
					],
				);
				assert.match(json.results[4].error.message, /got "missing\.md"/);
				await settled(app.url);
				const b = await stateOf(`${tag}/b`);
				assert.deepEqual([b.title, b.metadata, b.mimeType], ['B', { n: 1 }, 'text/markdown']);
				assert.equal(await textOf(`${tag}/text.txt`), 'in the manifest');
				assert.equal((await stateOf(`${tag}-gone.md`)).state, 'deleted');
				const a = await stateOf(`${tag}/a`, 'beta');
				assert.deepEqual([a.sourceId, a.published.bytes], ['s', large('alpha').length]);
				assert.equal(
					(await stateOf('c.md')).error?.code,
					'not_found',
					'the file of a refused document is no other',
				);
				await nothingLeft();
			});
		}

		it('take files of one name one after the other, and one file once', async () => {
			const about = manifest({
				documents: [
					{ docId: 'same/1', content: { part: 'same.md' } },
					{ docId: 'same/2', content: { part: 'same.md' } },
					{ docId: 'same/3', content: { part: 'same.md' } },
					{ docId: 'same/4', content: { part: 1 } },
				],
			});
			const { json } = await batch([
				about,
				field('tenant', 'acme'),
				file('same.md', 'first'),
				file('same.md', 'second'),
			]);
			assert.deepEqual(
				json.results.map((one: Item) => one.status),
				[202, 202, 400, 400],
			);
			await settled(app.url);
			assert.deepEqual([await textOf('same/1'), await textOf('same/2')], ['first', 'second']);
		});

		it('come as a file as well, with names that are taken from the files', async () => {
			const { json } = await files([
				file('m.json', JSON.stringify({ documents: [{ content: { part: 'own.md' }, metadata: { a: 1 } }] }), {
					name: 'manifest',
					type: 'application/json',
				}),
				file('own.md'),
			]);
			assert.equal(json.results[0].receipt.docId, 'own.md');
			await settled(app.url);
			assert.deepEqual((await stateOf('own.md')).metadata, { a: 1 });
		});

		const wrong: [what: string, parts: Part[], code: string, field: string, says: RegExp][] = [
			['no JSON', [manifest('{'), file('w.md')], 'invalid', 'manifest', /well-formed JSON/],
			['__proto__', [manifest('{"__proto__":{}}'), file('w.md')], 'invalid', 'manifest', /__proto__/],
			['no object', [manifest('[]'), file('w.md')], 'invalid', 'manifest', /object/],
			[
				'an unknown field',
				[manifest({ documents: [], x: 1 }), file('w.md')],
				'invalid',
				'manifest/x',
				/known/,
			],
			[
				'two of them',
				[manifest({ documents: [] }), manifest({ documents: [] })],
				'invalid',
				'manifest',
				/once/,
			],
			[
				'bytes that are no UTF-8',
				[{ name: 'manifest', body: Buffer.from('{"documents":["\xe9"]}', 'latin1') }, file('w.md')],
				...(['invalid', 'manifest', /UTF-8/] as const),
			],
			[
				'a tenant twice',
				[field('tenant', 'a'), field('tenant', 'b'), file('w.md')],
				'invalid',
				'tenant',
				/once/,
			],
			['a tenant that is none', [field('tenant', 'a b'), file('w.md')], 'invalid', 'tenant', /a b/],
		];
		for (const [what, parts, code, name, says] of wrong) {
			it(`refuse the form as a whole, and keep nothing of it: ${what}`, async () => {
				assertRefusal(await batch([file('kept.txt', large('kept')), ...parts]), {
					...{ code, field: name, says },
				} as never);
				assert.deepEqual(await blobs(), []);
				assert.equal((await stateOf('w.md', 'home')).error?.code, 'not_found');
			});
		}

		it('name a bad document of it in its place', async () => {
			const about = manifest({
				documents: [
					{ docId: 'bad\u0007', content: { part: 0 } },
					{ docId: 'x', colour: 'red', content: { part: 1 } },
					null,
					{ docId: 'fine.md', content: { part: 2 } },
				],
			});
			const { json } = await batch([
				field('tenant', 'acme'),
				about,
				file('0.md'),
				file('1.md'),
				file('2.md'),
			]);
			const [control, colour, none, fine] = json.results;
			assertItem(control.error, { code: 'invalid', field: 'documents/0/docId', says: /control/ });
			assertItem(colour.error, { code: 'invalid', field: 'documents/1/colour', says: /known/ });
			assertItem(none.error, { code: 'invalid', field: 'documents/2', says: /object/ });
			assert.deepEqual([fine.status, json.results.length], [202, 4]);
			await settled(app.url);
		});
	});
});

describe('uploads with keys', () => {
	let app: TestApp;
	before(async () => {
		app = await startApp({ DOCDROP_API_KEYS: 'all, a=key-a, b=key-b', DOCDROP_WORKERS: '0' });
	});
	after(() => app.close());
	const send = (key: string, path: string, parts: readonly Part[]) =>
		sendForm(app.url, path, parts, { authorization: `Bearer ${key}` });

	it('go to the tenant of the key, and to no other: not by address, field or manifest', async () => {
		const own = await send('key-a', '/v1/files', [file('own.md')]);
		assert.equal(own.json.results[0].receipt.tenant, 'a');
		assertRefusal(await send('key-a', '/v1/files?tenant=b', [file('a.md')]), {
			...{ code: 'forbidden', field: 'tenant' },
		});
		assertRefusal(await send('key-a', '/v1/files', [file('a.md'), field('tenant', 'b')]), {
			...{ code: 'forbidden', field: 'tenant' },
		});
		const about = manifest({
			documents: [
				{ tenant: 'b', docId: 'x.md', content: { part: 0 } },
				{ docId: 'y.md', previous: { tenant: 'b', docId: 'z.md' }, content: { part: 1 } },
				{ docId: 'fine.md', content: { part: 2 } },
				{ tenant: 'b', docId: 'own.md', op: 'delete' },
			],
		});
		const { json } = await send('key-a', '/v1/ingest/batch', [about, file('0'), file('1'), file('2')]);
		assert.deepEqual(
			json.results.map((one: Item) => [one.status, one.error?.code, one.error?.jobId]),
			[
				[403, 'forbidden', undefined],
				[403, 'forbidden', undefined],
				[202, undefined, undefined],
				[403, 'forbidden', undefined],
			],
		);
		const { documents } = (
			await call(app.url, { path: '/v1/documents?tenant=b', headers: { authorization: 'Bearer all' } })
		).json;
		assert.deepEqual(documents, []);
		const page = { authorization: 'Bearer key-a', origin: 'https://example.com' };
		assert.equal((await sendForm(app.url, '/v1/files', [file('page.md')], page)).status, 202);
		assertRefusal(await sendForm(app.url, '/v1/files', [file('a.md')]), { code: 'unauthorized' });
		assertRefusal(await send('wrong', '/v1/files', [file('a.md')]), { code: 'unauthorized' });
	});
});
