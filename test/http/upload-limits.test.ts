import assert from 'node:assert/strict';
import { limits } from '../../api/contract/limits.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import {
	boundary,
	chunked,
	field,
	file,
	formBytes,
	formEnd,
	formHead,
	formType,
	manifest,
	partBytes,
	type Part,
	sendForm,
} from '../support/form.ts';
import { sendRaw } from '../support/raw-http.ts';
import { assertRefusal, snapshot, type Expected } from '../support/refusal.ts';

/** Forms at their limits and beyond them, from both sides; and such as no client would send. */
describe('the limits of uploads', () => {
	let app: TestApp;
	before(async () => {
		app = await startApp({ DOCDROP_WORKERS: '0', DOCDROP_MAX_FILE_MB: '1' });
	});
	after(() => app.close());

	const files = (parts: readonly Part[]) => sendForm(app.url, '/v1/files?tenant=acme', parts);
	const several = (count: number, part: (at: number) => Part) =>
		Array.from({ length: count }, (_, at) => part(at));
	const tooLarge = (name: string, says: RegExp): Expected => ({ code: 'too_large', field: name, says });
	async function isRefused(answer: Promise<{ status: number; text: string }>, expected: Expected) {
		const before = await snapshot(app, ['acme']);
		assertRefusal(await answer, expected);
		assert.deepEqual(await snapshot(app, ['acme']), before);
	}

	it('files in a form', async () => {
		const { status, json } = await files(several(limits.batchDocuments, (at) => file(`many-${at}.md`)));
		assert.deepEqual([status, json.accepted], [202, limits.batchDocuments]);
		await isRefused(
			files(several(limits.batchDocuments + 1, (at) => file(`much-${at}.md`))),
			tooLarge('file', /at most 500 times/),
		);
		const about = manifest({ documents: [] });
		const more = several(limits.batchDocuments + 1, (at) => file(`much-${at}.md`));
		await isRefused(files([about, ...more]), tooLarge('file', /at most 500 times/));
	});

	it('documents of a form, those of its manifest included', async () => {
		const texts = several(limits.batchDocuments, (at) => file(`${at}`)).map(({ body }) => ({
			docId: `both-${String(body)}.txt`,
			content: { text: 'x' },
		}));
		assert.equal((await files([manifest({ documents: texts })])).json.accepted, limits.batchDocuments);
		await isRefused(files([manifest({ documents: texts }), file('one-more.md')]), {
			...{ code: 'invalid', field: 'documents', says: /at most 500 items .* got 501/ },
		});
	});

	it('fields, and bytes of a field', async () => {
		const fields = several(limits.formFields, (at) => field(`f${at}`, 'x'));
		assert.equal((await files([...fields, file('fields.md')])).status, 202);
		await isRefused(
			files([...fields, field('one-more', 'x'), file('f.md')]),
			tooLarge('body', /at most 100 fields/),
		);
		const long = 'x'.repeat(limits.formFieldBytes);
		assert.equal((await files([field('note', long), file('note.md')])).status, 202);
		await isRefused(
			files([field('note', `${long}x`), file('f.md')]),
			tooLarge('note', /at most 65536 bytes/),
		);
	});

	it('bytes of a manifest', async () => {
		const padded = (bytes: number) => {
			const text = JSON.stringify({ documents: [] });
			return manifest(text.padEnd(bytes));
		};
		assert.equal((await files([padded(limits.manifestBytes), file('padded.md')])).status, 202);
		await isRefused(
			files([padded(limits.manifestBytes + 1), file('p.md')]),
			tooLarge('manifest', /at most 1048576 bytes/),
		);
	});

	it('bytes of the headers of a part', async () => {
		const named = 'Content-Disposition: form-data; name="file"; filename="headers.md"';
		const most = limits.partHeaderBytes - `${named}\r\nX: `.length - 2;
		const part = (length: number) => file('', 'x', { headers: `X: ${'x'.repeat(length)}\r\n${named}` });
		assert.equal((await files([part(most)])).json.results[0].receipt.docId, 'headers.md');
		await isRefused(files([file('a.md'), part(most + 1)]), tooLarge('body', /headers of a part/));
	});

	it('bytes of all of it, before they come', async () => {
		const head = (length: number) => formHead('/v1/files', length);
		const beyond = await sendRaw(app.port, [head(limits.uploadBytes + 1)]);
		assert.ok(beyond !== null);
		assertRefusal(
			{ status: beyond.status, text: beyond.body },
			tooLarge('body', /1073741824 bytes, got 1073741825/),
		);
		// Taken up: nothing is said before it has come.
		assert.equal(await sendRaw(app.port, [head(limits.uploadBytes), 'x'], { hangUp: true }), null);
	});

	it('bytes of one file: it is refused alone, with or without a length of the request', async () => {
		const parts = [file('1.txt'), file('large.txt', 'x'.repeat(1_048_577)), file('3.txt')];
		const most = file('most.txt', 'x'.repeat(1_048_576));
		const { json } = await files([...parts, most]);
		assert.deepEqual(
			json.results.map((one: { status: number }) => one.status),
			[202, 413, 202, 202],
		);
		assert.match(json.results[1].error.message, /at most 1048576 bytes/);
		const bytes = formBytes(parts);
		const pieces = Array.from({ length: Math.ceil(bytes.length / 50_000) }, (_, at) =>
			chunked(bytes.subarray(at * 50_000, (at + 1) * 50_000)),
		);
		const answer = await sendRaw(app.port, [formHead('/v1/files?tenant=b', null), ...pieces, '0\r\n\r\n']);
		assert.deepEqual(
			JSON.parse(answer?.body ?? '').results.map((one: { status: number }) => one.status),
			[202, 413, 202],
		);
	});

	const raw = (body: string | Uint8Array, type: string = formType, path = '/v1/files') =>
		call(app.url, { method: 'POST', path, body, headers: { 'content-type': type } });
	const whole = formBytes([file('w.md')]);
	const noBoundary: Expected = { code: 'invalid', field: 'content-type', says: /must name a boundary/ };
	const notEnded: Expected = { code: 'invalid', field: 'body', says: /must end with the boundary/ };
	const noName: Expected = { code: 'invalid', field: 'body', says: /and a name/ };
	const lost = (headers: string) => formBytes([file('w.md'), file('', 'lost', { headers }), file('v.md')]);
	const cases: [what: string, send: () => ReturnType<typeof raw>, expected: Expected][] = [
		['no boundary', () => raw(whole, 'multipart/form-data'), noBoundary],
		['an empty boundary', () => raw(whole, 'multipart/form-data; boundary='), noBoundary],
		[
			'a boundary that is too long',
			() => raw(whole, `multipart/form-data; boundary=${'b'.repeat(71)}`),
			noBoundary,
		],
		[
			'another boundary than its parts have',
			() => raw(whole, 'multipart/form-data; boundary=other'),
			notEnded,
		],
		[
			'the start of its boundary alone',
			() => raw(whole, `multipart/form-data; boundary=${boundary}x`),
			notEnded,
		],
		['nothing at all', () => raw(''), notEnded],
		['no part', () => raw(formEnd), { code: 'invalid', field: 'file', says: /at least once/ }],
		[
			'no file, and a manifest of nothing',
			() => raw(formBytes([manifest({ documents: [] })])),
			{ code: 'invalid', field: 'file', says: /at least once/ },
		],
		['no end', () => raw(whole.subarray(0, -formEnd.length)), notEnded],
		['half an end', () => raw(whole.subarray(0, -4)), notEnded],
		['no headers', () => raw(lost('')), noName],
		['a part without a name', () => raw(lost('Content-Type: text/plain')), noName],
		[
			'a part that is no form-data',
			() => raw(lost('Content-Disposition: attachment; filename="a.md"')),
			noName,
		],
		[
			'headers that do not end',
			() => raw(Buffer.concat([Buffer.from(`--${boundary}\r\nX: y\r\n`), whole])),
			noName,
		],
		[
			'a line break in a name',
			() => raw(lost('Content-Disposition: form-data; name="a\nb"; filename="c.md"')),
			noName,
		],
		[
			'a part that is called as a part of every object is',
			() => raw(formBytes([field('constructor', 'x'), file('w.md')])),
			{ code: 'invalid', field: 'body', says: /every object/ },
		],
		[
			'10,000 parts',
			() => raw(formBytes(several(10_000, (at) => field(`f${at}`, 'x')))),
			{ code: 'too_large', field: 'body' },
		],
		[
			'10,000 files',
			() => raw(formBytes(several(10_000, (at) => file(`${at}.md`)))),
			{ code: 'too_large', field: 'file' },
		],
		[
			'JSON',
			() => raw('{}', 'application/json'),
			{ code: 'unsupported_type', field: 'content-type', says: /form-data/ },
		],
		[
			'a mixed multipart',
			() => raw(whole, `multipart/mixed; boundary=${boundary}`),
			{ code: 'unsupported_type', field: 'content-type' },
		],
		[
			'a form where none is taken',
			() => raw(whole, formType, '/v1/publish'),
			{ code: 'unsupported_type', field: 'content-type', says: /application\/json/ },
		],
	];
	for (const [what, send, expected] of cases) {
		it(`refused, with nothing of it taken: ${what}`, () => isRefused(send(), expected));
	}

	it('a part beyond the end is no part', async () => {
		const after = Buffer.concat([whole, partBytes(file('after.md')), formEnd]);
		const { json } = await raw(after);
		assert.deepEqual(
			json.results.map((one: { file: string }) => one.file),
			['w.md'],
		);
	});
});
