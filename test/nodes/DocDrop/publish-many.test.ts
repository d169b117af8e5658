import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { call } from '../../support/call.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { settled } from '../../support/settled.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import {
	batch,
	batchesSent,
	changesSent,
	deletedItem,
	fileItem,
	items,
	runNode,
	sourceId,
	write,
	type Run,
} from './harness.ts';

const bodies = ({ requests }: Run) =>
	requests.flatMap(({ body }) => (Buffer.isBuffer(body) ? [body.toString()] : []));

describe('batch: publish many', () => {
	const dirs = tempDirs();
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());

	const stateOf = async (docId: string, tenant = 'acme') =>
		(
			await call(api.url, {
				path: `/v1/documents/state?tenant=${tenant}&docId=${encodeURIComponent(docId)}`,
			})
		).json;
	const textOf = async (docId: string) => {
		const { json } = await call(api.url, {
			path: `/v1/documents/chunks?tenant=acme&docId=${encodeURIComponent(docId)}`,
		});
		return (json.chunks as { text: string }[]).map(({ text }) => text).join('\n');
	};

	it('waits for a limit of documents as the API asks, and sends on what was not taken', async () => {
		const limited = await startApp({ DOCDROP_TENANT_DOCUMENTS_PER_MINUTE: '600' });
		try {
			const root = await dirs.make();
			const names = Array.from({ length: 64 }, (_, index) => `limited/${index}.md`);
			for (const name of names) await write(root, name, `Text of ${name}`);
			const sent = await Promise.all(names.map((name) => fileItem(root, name)));
			const run = await runNode({ baseUrl: limited.url, parameters: batch, items: items(sent) });
			assert.deepEqual(
				run.json.map(({ state }) => state),
				names.map(() => 'accepted'),
			);
			// How many places are free again by the next try is a matter of time.
			const [first, ...others] = batchesSent(run).map(({ documents }) => documents.length);
			assert.equal(first, 64);
			assert.ok(others.length > 0 && others.every((count) => count <= 4), others.join());
		} finally {
			await limited.close();
		}
	});

	it('fails as a whole without credits, even where the node goes on after errors, and publishes with them', async () => {
		const root = await dirs.make();
		await write(root, 'paid/a.md', 'Text of a');
		await write(root, 'paid/b.md', 'Text of b');
		const files = [await fileItem(root, 'paid/a.md'), await fileItem(root, 'paid/b.md')];
		const sent = items(files.map((file) => ({ ...file, tenant: 'poor' })));
		const options = { baseUrl: api.url, parameters: batch, items: sent, continueOnFail: true };
		const grant = (granted: number) =>
			call(api.url, { path: '/v1/credits', method: 'PUT', body: { tenant: 'poor', granted } });
		await grant(1);
		await assert.rejects(runNode(options), ({ message }: Error) => /credits/.test(message));
		assert.equal((await stateOf('paid/a.md', 'poor')).error?.code, 'not_found');
		await grant(2);
		const { json } = await runNode(options);
		assert.deepEqual(
			json.map(({ state }) => state),
			['accepted', 'accepted'],
		);
	});

	it('puts the files of the trigger into the index in one request, with items in order and paired', async () => {
		const root = await dirs.make();
		const names = Array.from({ length: 40 }, (_, index) => `many/${index}.md`);
		for (const name of names) await write(root, name, `# Title of ${name}\n\nText of ${name}`);
		const sent = await Promise.all(names.map((name) => fileItem(root, name)));
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items(sent) });
		assert.deepEqual(changesSent(run), ['POST /v1/ingest/batch']);
		assert.equal(run.json.length, 40);
		for (const [index, { json, pairedItem }] of run.output.entries()) {
			assert.deepEqual(pairedItem, { item: index });
			assert.equal(json['docId'], names[index]);
			assert.equal(json['state'], 'accepted');
			assert.equal(json['event'], 'created');
			assert.equal(json['statusUrl'], `/v1/jobs/${json['jobId'] as string}`);
		}
		await settled(api.url);
		const state = await stateOf('many/7.md');
		assert.equal(state.state, 'published');
		assert.equal(state.path, 'many/7.md');
		assert.equal(state.sourceId, sourceId);
		assert.match(await textOf('many/7.md'), /Text of many\/7\.md/);
	});

	it('sends files as the bytes that they are, and texts and deletions beside them in order', async () => {
		const root = await dirs.make();
		const bytes = Buffer.from([0xef, 0xbb, 0xbf, ...Buffer.from('line\r\n--docdrop-\r\n\r\nline')]);
		await write(root, 'bytes/a.txt', bytes);
		await write(root, 'bytes/empty.txt', '');
		await write(root, 'bytes/gone.txt', 'goes');
		const gone = await fileItem(root, 'bytes/gone.txt');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([gone]) });
		const sent = [
			await fileItem(root, 'bytes/a.txt'),
			deletedItem(root, 'bytes/gone.txt'),
			await fileItem(root, 'bytes/empty.txt'),
		];
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items(sent) });
		assert.deepEqual(changesSent(run), ['POST /v1/ingest/batch']);
		const [{ documents }] = batchesSent(run);
		assert.deepEqual(
			documents.map(({ op, content }: { op?: string; content?: object }) => [op, content]),
			[
				[undefined, { part: 0 }],
				['delete', undefined],
				[undefined, { part: 1 }],
			],
		);
		assert.deepEqual(
			run.json.map(({ state, event }) => [state, event]),
			[
				['accepted', 'created'],
				['accepted', 'deleted'],
				['accepted', 'created'],
			],
		);
		assert.equal(run.json[0].sha256, sent[0]?.docdrop.sha256, 'byte by byte');
		await settled(api.url);
		assert.equal((await stateOf('bytes/gone.txt')).state, 'deleted');
		assert.equal((await stateOf('bytes/empty.txt')).published.bytes, 0);
	});

	it('says that trigger items have waited already, and that more than 50 are no hurry', async () => {
		const root = await dirs.make();
		const names = Array.from({ length: 51 }, (_, index) => `hurry/${index}.md`);
		for (const name of names) await write(root, name, name);
		const sent = await Promise.all(names.map((name) => fileItem(root, name)));
		const priorityOf = async (count: number, options = {}) => {
			const all = items(sent.slice(0, count));
			const run = await runNode({ baseUrl: api.url, parameters: { ...batch, options }, items: all });
			const body = batchesSent(run).at(-1);
			assert.equal(body.coalesced, true);
			return body.priority;
		};
		assert.equal(await priorityOf(51), 'low');
		assert.equal(await priorityOf(50), undefined);
		assert.equal(await priorityOf(51, { priority: 'high' }), 'high');
		assert.equal(await priorityOf(51, { priority: 'automatic' }), 'low');
	});

	it('answers what is known already as unchanged', async () => {
		const root = await dirs.make();
		await write(root, 'known.md', 'known');
		const item = await fileItem(root, 'known.md');
		const send = () => runNode({ baseUrl: api.url, parameters: batch, items: items([item]) });
		assert.equal((await send()).json[0].state, 'accepted');
		assert.equal((await send()).json[0].state, 'unchanged');
	});

	it('takes what the file holds now, whatever the item says of it', async () => {
		const root = await dirs.make();
		await write(root, 'changed.md', 'before');
		const item = await fileItem(root, 'changed.md');
		await write(root, 'changed.md', 'quite another content');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([item]) });
		await settled(api.url);
		assert.equal(await textOf('changed.md'), 'quite another content');
	});

	it('takes a file that is empty', async () => {
		const root = await dirs.make();
		await write(root, 'empty.md', '');
		const run = await runNode({
			baseUrl: api.url,
			parameters: batch,
			items: items([await fileItem(root, 'empty.md')]),
		});
		assert.equal(run.json[0].state, 'accepted');
	});

	it('takes a vanished file, small or large, for no error', async () => {
		const root = await dirs.make();
		await write(root, 'there.md', 'there');
		await write(root, 'gone.md', 'gone');
		await write(root, 'folder/gone.md', 'gone');
		await write(root, 'large.txt', randomBytes(300_000).toString('hex'));
		const sent = await Promise.all(
			['gone.md', 'there.md', 'folder/gone.md', 'large.txt'].map((name) => fileItem(root, name)),
		);
		for (const name of ['gone.md', 'folder', 'large.txt']) await rm(join(root, name), { recursive: true });
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items(sent) });
		assert.deepEqual(
			run.json.map(({ state }) => state),
			['vanished', 'accepted', 'vanished', 'vanished'],
		);
		assert.deepEqual(run.json[0], {
			tenant: 'acme',
			docId: 'gone.md',
			event: 'created',
			state: 'vanished',
			sha256: null,
			jobId: null,
			version: null,
			statusUrl: null,
		});
	});

	it('tells a moved file as one document, which leaves its old name', async () => {
		const root = await dirs.make();
		await write(root, 'old.md', 'wanders');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([await fileItem(root, 'old.md')]) });
		await settled(api.url);
		await rename(join(root, 'old.md'), join(root, 'new.md'));
		const moved = await fileItem(root, 'new.md', {
			event: 'moved',
			previousPath: join(root, 'old.md'),
			docdrop: { previousTenant: 'acme', previousDocId: 'old.md' },
		});
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items([moved]) });
		assert.deepEqual(changesSent(run), ['POST /v1/ingest/batch']);
		assert.equal(run.json[0].docId, 'new.md');
		assert.equal(typeof run.json[0].previousJobId, 'string');
		await settled(api.url);
		assert.equal((await stateOf('new.md')).state, 'published');
		assert.equal((await stateOf('old.md')).state, 'deleted');
	});

	it('leaves the old name of a moved file alone where the new one has vanished', async () => {
		const root = await dirs.make();
		await write(root, 'from.md', 'wanders on');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([await fileItem(root, 'from.md')]) });
		const moved = await fileItem(root, 'from.md', {
			event: 'moved',
			path: join(root, 'to.md'),
			relPath: 'to.md',
			docId: 'to.md',
			docdrop: { previousTenant: 'acme', previousDocId: 'from.md' },
		});
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items([moved]) });
		assert.equal(run.json[0].state, 'vanished');
		await settled(api.url);
		assert.equal((await stateOf('from.md')).state, 'published');
	});

	it('deletes the old name of a moved file whose new one is refused for good', async () => {
		const root = await dirs.make();
		await write(root, 'text.md', 'becomes a picture');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([await fileItem(root, 'text.md')]) });
		await rename(join(root, 'text.md'), join(root, 'text.png'));
		const moved = await fileItem(root, 'text.png', {
			event: 'moved',
			docdrop: { previousTenant: 'acme', previousDocId: 'text.md' },
		});
		const run = await runNode({
			baseUrl: api.url,
			parameters: batch,
			items: items([moved]),
			continueOnFail: true,
		});
		assert.equal(run.json[0].error.code, 'unsupported_type');
		await settled(api.url);
		assert.equal((await stateOf('text.md')).state, 'deleted');
	});

	it('deletes', async () => {
		const root = await dirs.make();
		await write(root, 'leaves.md', 'leaves');
		await runNode({ baseUrl: api.url, parameters: batch, items: items([await fileItem(root, 'leaves.md')]) });
		const run = await runNode({
			baseUrl: api.url,
			parameters: batch,
			items: items([deletedItem(root, 'leaves.md')]),
		});
		assert.equal(run.json[0].event, 'deleted');
		assert.equal(run.json[0].state, 'accepted');
		await settled(api.url);
		assert.equal((await stateOf('leaves.md')).state, 'deleted');
	});

	it('streams a file above 256 kB by itself, whatever the item says of its size', async () => {
		const root = await dirs.make();
		const text = randomBytes(200_000).toString('hex');
		await write(root, 'big.txt', text);
		await write(root, 'grown.txt', text);
		await write(root, 'small.txt', 'small');
		const sent = [
			await fileItem(root, 'big.txt'),
			await fileItem(root, 'small.txt'),
			await fileItem(root, 'grown.txt', { size: 3 }),
		];
		const run = await runNode({ baseUrl: api.url, parameters: batch, items: items(sent) });
		assert.deepEqual(changesSent(run).toSorted(), [
			'POST /v1/ingest/batch',
			'PUT /v1/documents/content',
			'PUT /v1/documents/content',
		]);
		assert.deepEqual(
			run.json.map(({ docId, state }) => [docId, state]),
			[
				['big.txt', 'accepted'],
				['small.txt', 'accepted'],
				['grown.txt', 'accepted'],
			],
		);
		await settled(api.url);
		const { published, sourceId: owner } = await stateOf('grown.txt');
		assert.equal(published.bytes, 400_000);
		assert.equal(owner, sourceId);
	});

	describe('with an API that takes 1 MB at a time', () => {
		let small: TestApp;
		before(async () => {
			small = await startApp({ DOCDROP_MAX_BODY_MB: '1', DOCDROP_WORKERS: '0' });
		});
		after(() => small.close());

		it('keeps the order of a document that is in a batch and in a stream', async () => {
			const huge = 'x'.repeat(1_048_576);
			const run = await runNode({
				baseUrl: small.url,
				parameters: {
					...batch,
					source: 'text',
					tenant: 'acme',
					docId: 'order.txt',
					text: '={{ $json.text }}',
				},
				items: items(['first', huge, 'last'].map((text) => ({ text }))),
			});
			assert.deepEqual(changesSent(run), [
				'POST /v1/ingest/batch',
				'PUT /v1/documents/content',
				'POST /v1/ingest/batch',
			]);
			const versions = run.json.map(({ version }) => version);
			assert.deepEqual(
				versions,
				versions.toSorted((a, b) => a - b),
			);
		});

		it('keeps the order of items that name the same document', async () => {
			const run = await runNode({
				baseUrl: small.url,
				parameters: {
					...batch,
					source: 'text',
					tenant: 'acme',
					docId: 'same.txt',
					text: '=number {{ $itemIndex }}',
				},
				items: items(Array.from({ length: 40 }, () => ({}))),
			});
			const versions = run.json.map(({ version }) => version);
			assert.equal(new Set(versions).size, 40);
			assert.deepEqual(
				versions,
				versions.toSorted((a, b) => a - b),
			);
		});

		it('never holds a large file in memory', async () => {
			const root = await dirs.make();
			const size = 48 * 1_048_576;
			await write(root, 'large.txt', Buffer.alloc(size, 'a line of text\n'));
			const item = await fileItem(root, 'large.txt');
			const collect = globalThis.gc ?? assert.fail('needs --expose-gc');
			collect();
			const before = process.memoryUsage().arrayBuffers;
			let most = 0;
			// Pieces that are old when they are let go of are only found by a later collection.
			const every = size / 12;
			async function* measured(stream: AsyncIterable<Uint8Array>) {
				let read = 0;
				for await (const piece of stream) {
					if (Math.floor(read / every) < Math.floor((read += piece.length) / every)) {
						collect();
						most = Math.max(most, process.memoryUsage().arrayBuffers - before);
					}
					yield piece;
				}
			}
			const { json } = await runNode({
				baseUrl: small.url,
				parameters: batch,
				items: items([item]),
				prepare({ helpers }) {
					const { createReadStream } = helpers;
					helpers.createReadStream = async (path) =>
						Readable.from(measured(await createReadStream(path)), { objectMode: false });
				},
			});
			assert.equal(json[0].state, 'accepted');
			assert.ok(most < size / 2, `${Math.round(most / 1_048_576)} MB of ${size / 1_048_576} were held`);
		});

		it('packs no more into a request than that', async () => {
			const root = await dirs.make();
			const sent = [];
			for (let index = 0; index < 12; index += 1) {
				await write(root, `${index}.txt`, randomBytes(100_000).toString('hex'));
				sent.push(await fileItem(root, `${index}.txt`));
			}
			const run = await runNode({ baseUrl: small.url, parameters: batch, items: items(sent) });
			assert.deepEqual(
				run.json.map(({ docId, state }) => [docId, state]),
				sent.map(({ docId }) => [docId, 'accepted']),
			);
			const sizes = run.requests.map(({ body }) => (body === undefined ? 0 : (body as Buffer).length));
			assert.ok(Math.max(...sizes) <= 1_048_576);
			assert.equal(sizes.filter((size) => size > 0).length, 3, '2.4 MB, as they are');
		});
	});

	it('sends more than 500 in several requests', async () => {
		const sent = Array.from({ length: 1_001 }, (_, index) => ({ tenant: 'acme', docId: `text/${index}.md` }));
		const run = await runNode({
			baseUrl: api.url,
			parameters: {
				...batch,
				source: 'text',
				tenant: '={{ $json.tenant }}',
				docId: '={{ $json.docId }}',
				text: '=text number {{ $itemIndex }}',
			},
			items: items(sent),
		});
		assert.equal(changesSent(run).length, 3);
		assert.deepEqual(
			run.json.map(({ docId }) => docId),
			sent.map(({ docId }) => docId),
		);
		assert.ok(
			bodies(run).every((body) => !body.includes('"coalesced"')),
			'nobody has waited for quiet',
		);
	});
});
