import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { INodeExecutionData } from 'n8n-workflow';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { settled } from '../../support/settled.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import {
	batch,
	deletedItem,
	fileItem,
	items,
	publish,
	runNode,
	snapshotItem,
	sourceId,
	write,
} from './harness.ts';

/** Trigger, a node that reads a file and keeps nothing of the item, and this node. */
describe('Trigger Item, Content From Field', () => {
	const dirs = tempDirs();
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());

	const fromField = { ...batch, source: 'triggerField', contentFrom: 'text' };
	const stateOf = async (docId: string) =>
		(await call(api.url, { path: `/v1/documents/state?tenant=acme&docId=${encodeURIComponent(docId)}` }))
			.json;
	const found = async (query: string) =>
		(
			await call(api.url, { path: '/v1/search', body: { tenant: 'acme', query, mode: 'text' } })
		).json.results.map(({ docId }: { docId: string }) => docId);
	/** What Extract from File does: a new item with the text, linked to the one that it was made of. */
	const extract =
		(textOf: (json: Record<string, unknown>) => unknown) =>
		(all: readonly INodeExecutionData[]): INodeExecutionData[] =>
			all.map((one, item) => {
				const { event } = one.json;
				if (event === 'deleted' || event === 'snapshotComplete') return one;
				return { json: { numpages: 1, text: textOf(one.json) as string }, pairedItem: { item } };
			});
	const send = (all: readonly object[], parameters: object, between: ReturnType<typeof extract>) =>
		runNode({ baseUrl: api.url, parameters: { ...parameters }, items: items(all), between });

	for (const [name, parameters] of Object.entries({
		'publish many': fromField,
		publish: { ...fromField, ...publish, source: 'triggerField' },
	})) {
		it(`${name}: a file whose text another node read is created, edited, renamed and deleted as a file is`, async () => {
			const root = await dirs.make();
			const at = (docId: string) => `${name}/${docId}`;
			await write(root, at('a.pdf'), '%PDF one');
			await write(root, at('page.html'), '<b>');
			const all = [await fileItem(root, at('a.pdf')), await fileItem(root, at('page.html'))];
			const run = await send(
				all,
				parameters,
				extract(({ fileName }) => `walnuts <b> in ${String(fileName)}`),
			);
			assert.deepEqual(
				run.json.map(({ docId, event, state }) => [docId, event, state]),
				[
					[at('a.pdf'), 'created', 'accepted'],
					[at('page.html'), 'created', 'accepted'],
				],
			);
			await settled(api.url);
			for (const docId of [at('a.pdf'), at('page.html')]) {
				const { state, sourceId: owner, mimeType, path } = await stateOf(docId);
				assert.deepEqual([state, owner, mimeType, path], ['published', sourceId, 'text/plain', docId]);
			}

			const edited = await fileItem(root, at('a.pdf'), { event: 'changed' });
			await send(
				[edited],
				parameters,
				extract(() => `hazels of ${name}`),
			);
			await settled(api.url);
			assert.deepEqual(await found('hazels'), [at('a.pdf')]);

			await write(root, at('b.pdf'), '%PDF one');
			const moved = await fileItem(root, at('b.pdf'), {
				event: 'moved',
				previousPath: join(root, at('a.pdf')),
				docdrop: { previousTenant: 'acme', previousDocId: at('a.pdf') },
			});
			await send(
				[moved],
				parameters,
				extract(() => `hazels of ${name}`),
			);
			await settled(api.url);
			assert.deepEqual(await found('hazels'), [at('b.pdf')]);

			await send(
				[deletedItem(root, at('b.pdf'))],
				parameters,
				extract(() => assert.fail()),
			);
			await settled(api.url);
			assert.deepEqual(await found('hazels'), []);
			assert.equal((await stateOf(at('a.pdf'))).state, 'deleted');
		});
	}

	it('takes a file from a binary field, with its own type', async () => {
		const root = await dirs.make();
		await write(root, 'scan.png', 'pixels');
		const between = (all: readonly INodeExecutionData[]): INodeExecutionData[] =>
			all.map((_, item) => ({
				json: {},
				binary: {
					data: {
						data: Buffer.from('# Chestnuts').toString('base64'),
						mimeType: 'text/markdown',
						fileName: 'ocr.md',
					},
				},
				pairedItem: { item },
			}));
		await send([await fileItem(root, 'scan.png')], { ...fromField, contentFrom: 'binary' }, between);
		await settled(api.url);
		const { state, mimeType, sourceId: owner } = await stateOf('scan.png');
		assert.deepEqual([state, mimeType, owner], ['published', 'text/markdown', sourceId]);
	});

	it('passes the end of a first round on', async () => {
		const run = await send(
			[snapshotItem({ sourceId: 'quiet', epoch: 'one' })],
			fromField,
			extract(() => assert.fail()),
		);
		assert.deepEqual([run.json[0].event, run.json[0].state], ['snapshotComplete', 'accepted']);
	});

	it('a file without text is an item with its error, under every setting, and a moved one leaves its old name', async () => {
		const root = await dirs.make();
		await write(root, 'broken.pdf', '%PDF');
		await send(
			[await fileItem(root, 'broken.pdf')],
			fromField,
			extract(() => 'acorns'),
		);
		await write(root, 'moved.pdf', '%PDF');
		await write(root, 'good.pdf', '%PDF');
		const moved = await fileItem(root, 'moved.pdf', {
			event: 'moved',
			docdrop: { previousTenant: 'acme', previousDocId: 'broken.pdf' },
		});
		const run = await send(
			[moved, await fileItem(root, 'good.pdf')],
			fromField,
			extract(({ fileName }) => (fileName === 'moved.pdf' ? undefined : 'beech')),
		);
		assert.deepEqual([run.json[0].error.field, run.json[0].error.docId], ['text', 'moved.pdf']);
		assert.equal(run.json[1].state, 'accepted');
		await settled(api.url);
		assert.equal((await stateOf('broken.pdf')).state, 'deleted');
	});

	it('says so where n8n cannot tell which file an item is of', async () => {
		const root = await dirs.make();
		await write(root, 'lost.pdf', '%PDF');
		await write(root, 'other.pdf', '%PDF');
		const joined = () => [{ json: { text: 'all of them' } }, { json: { text: 'and more' } }, { json: {} }];
		const run = await runNode({
			...{ baseUrl: api.url, parameters: fromField, between: joined, continueOnFail: true },
			items: items([await fileItem(root, 'lost.pdf'), await fileItem(root, 'other.pdf')]),
		});
		assert.match(run.json[0].error.message, /^n8n cannot tell from which item of the DocDrop Trigger/);
		assert.match(run.json[0].error.hint, /Keep the field "docdrop"/);
	});
});
