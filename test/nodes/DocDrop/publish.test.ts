import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { storeBinary } from '../../support/n8n-instance.ts';
import { settled } from '../../support/settled.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import {
	changesSent,
	deletedItem,
	fileItem,
	items,
	publish,
	runNode,
	snapshotItem,
	write,
} from './harness.ts';

describe('document: publish, preview and delete', () => {
	const dirs = tempDirs();
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());

	const stateOf = async (docId: string) =>
		(await call(api.url, { path: `/v1/documents/state?tenant=acme&docId=${encodeURIComponent(docId)}` }))
			.json;
	const text = { ...publish, source: 'text', tenant: { __rl: true, mode: 'id', value: 'acme' } };
	const binary = { ...publish, source: 'binary', tenant: 'acme', docId: '', binaryPropertyName: 'data' };

	const withBinary = (data: IBinaryData): INodeExecutionData[] => [{ json: {}, binary: { data } }];

	const runBinary = async (
		bytes: Uint8Array,
		more: { fileName?: string; mimeType?: string },
		parameters: Record<string, unknown> = binary,
	) => runNode({ baseUrl: api.url, parameters, items: withBinary(await storeBinary(bytes, more)) });

	describe('publish', () => {
		it('sends one request a document, and a receipt for each item', async () => {
			const root = await dirs.make();
			for (const name of ['a.md', 'b.md']) await write(root, name, name);
			const sent = [await fileItem(root, 'a.md'), deletedItem(root, 'c.md'), await fileItem(root, 'b.md')];
			const run = await runNode({ baseUrl: api.url, parameters: publish, items: items(sent) });
			assert.deepEqual(changesSent(run), Array(3).fill('POST /v1/ingest/batch'));
			assert.deepEqual(
				run.json.map(({ docId, event }) => [docId, event]),
				[
					['a.md', 'created'],
					['c.md', 'deleted'],
					['b.md', 'created'],
				],
			);
		});

		it('takes text, with everything that is said of it', async () => {
			const run = await runNode({
				baseUrl: api.url,
				parameters: {
					...text,
					docId: { __rl: true, mode: 'list', value: 'ticket-7' },
					text: '# Broken\n\nIt does not start.',
					options: {
						title: 'Ticket 7',
						mimeType: 'text/markdown',
						path: 'tickets/7',
						metadata: '{"team": "support"}',
						priority: 'high',
					},
				},
			});
			assert.equal(run.json[0].state, 'accepted');
			assert.equal('event' in run.json[0], false);
			const state = await stateOf('ticket-7');
			assert.equal(state.title, 'Ticket 7');
			assert.equal(state.path, 'tickets/7');
			assert.equal(state.mimeType, 'text/markdown');
			assert.deepEqual(state.metadata, { team: 'support' });
			assert.equal(state.sourceId, 'api');
		});

		it('evaluates expressions for each item, and what is none once', async () => {
			const asked: string[] = [];
			const { json } = await runNode({
				baseUrl: api.url,
				parameters: {
					...text,
					docId: '=expression/{{ $json.number }}.md',
					text: '=number {{ $itemIndex }} of {{ $input.all().length }}, {{ $("Trigger").item.json.number }}',
				},
				items: items([{ number: 5 }, { number: 6 }, { number: 7 }]),
				prepare(context) {
					const { getNodeParameter } = context;
					context.getNodeParameter = ((name: string, ...rest: [number]) => {
						asked.push(name);
						return getNodeParameter.call(context, name, ...rest) as unknown;
					}) as typeof getNodeParameter;
				},
			});
			assert.deepEqual(
				json.map((one) => one.docId),
				['expression/5.md', 'expression/6.md', 'expression/7.md'],
			);
			assert.equal(asked.filter((name) => name === 'docId').length, 3);
			assert.equal(asked.filter((name) => name === 'tenant').length, 1);
			await settled(api.url);
			const path = '/v1/documents/chunks?tenant=acme&docId=expression/6.md';
			const { json: chunks } = await call(api.url, { path });
			assert.equal(chunks.chunks[0].text, 'number 1 of 3, 6');
		});

		it('says which parameter is missing', async () => {
			const run = await runNode({
				baseUrl: api.url,
				parameters: { ...text, tenant: '={{ $json.nothing }}', docId: 'x.md', text: 'x' },
				continueOnFail: true,
			});
			assert.equal(run.json[0].error.message, 'Tenant is empty');
			assert.equal(run.json[0].error.field, 'tenant');
		});

		it('does not empty a document because an expression finds nothing', async () => {
			const parameters = { ...text, docId: 'kept.md', text: '={{ $json.nothing }}' };
			const run = await runNode({ baseUrl: api.url, parameters, continueOnFail: true });
			assert.equal(run.json[0].error.message, 'Text is empty');
			const empty = await runNode({ baseUrl: api.url, parameters: { ...parameters, text: '' } });
			assert.equal(empty.json[0].state, 'accepted');
		});

		it('leaves spaces of a document id alone', async () => {
			const run = await runNode({
				baseUrl: api.url,
				parameters: { ...text, tenant: ' acme ', docId: ' spaced .md', text: 'x' },
			});
			assert.deepEqual([run.json[0].tenant, run.json[0].docId], ['acme', ' spaced .md']);
			const got = await runNode({
				baseUrl: api.url,
				parameters: { resource: 'document', operation: 'get', tenant: 'acme', docId: ' spaced .md' },
			});
			assert.equal(got.json[0].docId, ' spaced .md');
		});

		for (const [metadata, message] of [
			['{"a":', 'Metadata is not well-formed JSON'],
			['[1]', 'Metadata is not a JSON object'],
		] as const) {
			it(`says of the metadata ${metadata} that it is wrong`, async () => {
				const parameters = { ...text, docId: 'meta.md', text: 'x', options: { metadata } };
				const run = await runNode({ baseUrl: api.url, parameters, continueOnFail: true });
				assert.equal(run.json[0].error.message, message);
			});
		}

		it('takes metadata that an expression made', async () => {
			const parameters = { ...text, docId: 'object.md', text: 'x', options: { metadata: { a: [1] } } };
			await runNode({ baseUrl: api.url, parameters });
			assert.deepEqual((await stateOf('object.md')).metadata, { a: [1] });
		});

		it('takes binary data that n8n stored, under the name of its file', async () => {
			const run = await runBinary(Buffer.from('# Report'), { fileName: 'report.md', mimeType: 'text/plain' });
			assert.equal(run.json[0].docId, 'report.md');
			const state = await stateOf('report.md');
			assert.equal(state.mimeType, 'text/markdown', 'the ending says more than the server did');
			assert.equal(state.path, 'report.md');
		});

		it('believes the type of binary data where the name does not tell it', async () => {
			await runBinary(Buffer.from('<p>hi</p>'), { fileName: 'page', mimeType: 'text/html; charset=utf-8' });
			assert.equal((await stateOf('page')).mimeType, 'text/html');
		});

		it('does not call plain text what has the ending of something else', async () => {
			const bytes = Buffer.from('%PDF-1.7');
			for (const [fileName, ending] of [
				['report.xyz', '.xyz'],
				['drafts.md/report', null],
				['notes', null],
				['notes.log', null],
			] as const) {
				const data = await storeBinary(bytes, { fileName, mimeType: 'text/plain' });
				const options = { baseUrl: api.url, parameters: binary, items: withBinary(data) };
				const run = await runNode({ ...options, continueOnFail: true });
				const { state, error } = run.json[0];
				assert.deepEqual(
					[state, error?.code, error?.message],
					ending === null
						? ['accepted', undefined, undefined]
						: [undefined, 'unsupported_type', `DocDrop cannot read ${ending}`],
				);
			}
		});

		it('takes binary data that n8n holds in memory', async () => {
			const data = {
				data: Buffer.from('in memory').toString('base64'),
				mimeType: 'text/plain',
				fileName: 'memory.txt',
			};
			const run = await runNode({ baseUrl: api.url, parameters: binary, items: withBinary(data) });
			assert.equal(run.json[0].state, 'accepted');
			await settled(api.url);
			assert.equal((await stateOf('memory.txt')).published.bytes, 9);
		});

		it('streams large binary data, stored or in memory', async () => {
			const bytes = Buffer.from(randomBytes(200_000).toString('hex'));
			const stored = await runBinary(bytes, { fileName: 'stored.txt', mimeType: 'text/plain' });
			assert.deepEqual(changesSent(stored), ['PUT /v1/documents/content']);
			const data = { data: bytes.toString('base64'), mimeType: 'text/plain', fileName: 'held.txt' };
			const held = await runNode({ baseUrl: api.url, parameters: binary, items: withBinary(data) });
			assert.deepEqual(changesSent(held), ['PUT /v1/documents/content']);
			await settled(api.url);
			for (const docId of ['stored.txt', 'held.txt']) {
				assert.equal((await stateOf(docId)).published.bytes, 400_000);
			}
		});

		it('says that an item has no binary data, or that n8n has lost it', async () => {
			const options = { baseUrl: api.url, parameters: binary, continueOnFail: true };
			const none = await runNode(options);
			assert.match(none.json[0].error.message, /to contain a binary file 'data', but none was found/);
			const other = await storeBinary(Buffer.from('other'));
			const misnamed = await runNode({ ...options, items: [{ json: {}, binary: { other } }] });
			assert.match(misnamed.json[0].error.message, /no binary field 'data'/);
			const data = {
				data: 'filesystem-v2',
				id: 'filesystem-v2:gone',
				mimeType: 'text/plain',
				fileName: 'a.txt',
			};
			const lost = await runNode({ ...options, items: withBinary(data) });
			assert.equal(lost.json[0].error.code, 'binary_missing');
		});

		it('takes a document over from another source only when told to', async () => {
			const root = await dirs.make();
			await write(root, 'owned.md', 'mine');
			await runNode({
				baseUrl: api.url,
				parameters: publish,
				items: items([await fileItem(root, 'owned.md')]),
			});
			const parameters = { ...text, docId: 'owned.md', text: 'theirs' };
			const refused = await runNode({ baseUrl: api.url, parameters, continueOnFail: true });
			assert.equal(refused.json[0].error.code, 'owned');
			const taken = await runNode({
				baseUrl: api.url,
				parameters: { ...parameters, options: { takeOver: true } },
			});
			assert.equal(taken.json[0].state, 'accepted');
		});
	});

	describe('delete', () => {
		it('deletes what the parameters name', async () => {
			await runNode({ baseUrl: api.url, parameters: { ...text, docId: 'away.md', text: 'away' } });
			await settled(api.url);
			const run = await runNode({
				baseUrl: api.url,
				parameters: { resource: 'document', operation: 'delete', tenant: 'acme', docId: 'away.md' },
			});
			assert.equal(run.json[0].state, 'accepted');
			await settled(api.url);
			assert.equal((await stateOf('away.md')).state, 'deleted');
		});
	});

	describe('preview', () => {
		const preview = { ...publish, operation: 'preview' };

		it('says what publishing would do, and changes nothing', async () => {
			const root = await dirs.make();
			await write(root, 'look.md', '# Look\n\nOnly look.');
			const run = await runNode({
				baseUrl: api.url,
				parameters: preview,
				items: items([await fileItem(root, 'look.md')]),
			});
			const [{ state, event, chunks, diff }] = run.json;
			assert.equal(state, 'new');
			assert.equal(event, 'created');
			assert.equal(diff.added, chunks.length);
			assert.match(chunks[0].text, /Only look/);
			assert.equal((await stateOf('look.md')).error.code, 'not_found');
		});

		it('looks at text, binary data and deletions', async () => {
			await runNode({ baseUrl: api.url, parameters: { ...text, docId: 'there.md', text: 'there' } });
			await settled(api.url);
			const ofText = await runNode({
				baseUrl: api.url,
				parameters: { ...text, operation: 'preview', docId: 'there.md', text: 'there' },
			});
			assert.equal(ofText.json[0].state, 'unchanged');
			const ofBinary = await runBinary(
				Buffer.from('other'),
				{ fileName: 'there.md' },
				{ ...binary, operation: 'preview' },
			);
			assert.equal(ofBinary.json[0].state, 'changed');
			const root = await dirs.make();
			const ofDeletion = await runNode({
				baseUrl: api.url,
				parameters: preview,
				items: items([deletedItem(root, 'there.md')]),
			});
			assert.equal(ofDeletion.json[0].state, 'deleted');
		});

		it('says of a file that nobody can read what publishing would say', async () => {
			const root = await dirs.make();
			await write(root, 'scan.xyz', 'no text');
			const sent = items([await fileItem(root, 'scan.xyz')]);
			const said = [];
			for (const parameters of [preview, publish]) {
				const run = await runNode({ baseUrl: api.url, parameters, items: sent, continueOnFail: true });
				const { code, message, hint } = run.json[0].error;
				said.push({ code, message, hint });
			}
			assert.equal(said[0]?.message, 'DocDrop cannot read .xyz');
			assert.deepEqual(said[0], said[1]);
		});

		it('passes a vanished file and a snapshot on', async () => {
			const root = await dirs.make();
			await write(root, 'brief.md', '');
			const gone = await fileItem(root, 'brief.md', { path: `${root}/nowhere.md`, relPath: 'nowhere.md' });
			const snapshot = snapshotItem();
			const run = await runNode({
				baseUrl: api.url,
				parameters: preview,
				items: items([gone, snapshot]),
			});
			assert.equal(run.json[0].state, 'vanished');
			assert.deepEqual(run.json[1], snapshot);
		});

		it('says that a file is too large for it', async () => {
			const root = await dirs.make();
			await write(root, 'large.txt', 'x'.repeat(7 * 1_048_576));
			const run = await runNode({
				baseUrl: api.url,
				parameters: preview,
				items: items([await fileItem(root, 'large.txt')]),
				continueOnFail: true,
			});
			const { code, hint, tenant, docId } = run.json[0].error;
			assert.deepEqual([code, tenant, docId], ['too_large', 'acme', 'large.txt']);
			assert.match(hint, /without a preview/);
		});
	});
});
