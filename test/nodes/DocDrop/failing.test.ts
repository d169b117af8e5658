import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeConnectionTypes, type NodeApiError } from 'n8n-workflow';
import { fileTypes } from '../../../api/contract/file-types.ts';
import { DocDrop } from '../../../nodes/DocDrop/DocDrop.node.ts';
import { inPanelWords } from '../../../nodes/DocDrop/operations/refusal-words.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { createToolContext } from '../../support/n8n-context.ts';
import { withFileAccess } from '../../support/n8n-instance.ts';
import { runWorkflow, type Execution, type RunOptions } from '../../support/run-workflow.ts';
import type { FileItem } from '../../../nodes/item.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import {
	batch,
	changesSent,
	deletedItem,
	fileItem,
	items,
	publish,
	runNode,
	snapshotItem,
	write,
} from './harness.ts';

interface Failed extends Execution {
	readonly error: NodeApiError;
	/** Whether n8n was let decide by the node's own settings. */
	readonly wouldPass: boolean;
}

/** Runs a workflow, which must end in an error at the action node and go no further. */
async function failing(options: RunOptions): Promise<Failed> {
	const execution = await runWorkflow(options);
	const { error, failedNode, ends, behind, behindErrors } = execution;
	assert.deepEqual([ends, behind, behindErrors], [['error'], null, null]);
	assert.ok(error !== undefined && failedNode !== undefined);
	return { ...execution, error: error as NodeApiError, wouldPass: failedNode.onError !== 'stopWorkflow' };
}

describe('what fails the action node', () => {
	const dirs = tempDirs();
	let api: TestApp;
	before(async () => {
		api = await startApp({ DOCDROP_WORKERS: '0', DOCDROP_API_KEYS: 'all-1234567890123456' });
	});
	after(() => api.close());
	const key = 'all-1234567890123456';
	const known = () => ({ baseUrl: api.url, apiKey: key, parameters: batch });

	async function files(count: number, nameOf: (index: number) => string) {
		const root = await dirs.make();
		const sent = [];
		for (let index = 0; index < count; index += 1) {
			await write(root, nameOf(index), `text ${index}`);
			sent.push(await fileItem(root, nameOf(index)));
		}
		return { root, sent };
	}

	it('a refused document among 500 becomes an item under continue on fail, and the others go', async () => {
		const { sent } = await files(500, (index) => (index === 321 ? 'bad.exe' : `good/${index}.md`));
		const run = await runNode({ ...known(), items: items(sent), continueOnFail: true });
		assert.deepEqual(changesSent(run), ['POST /v1/ingest/batch']);
		assert.equal(run.json.filter(({ state }) => state === 'accepted').length, 499);
		const { error, ...rest } = run.json[321];
		// n8n sends an item to the error output by this one field.
		assert.deepEqual(rest, {});
		assert.equal(error.code, 'unsupported_type');
		assert.equal(error.retryable, false);
		assert.equal(error.docId, 'bad.exe');
		assert.equal(error.field, 'mimeType');
		assert.equal(error.message, 'DocDrop cannot read .exe');
		const names = new Set(Object.values(fileTypes).map(({ name }) => name));
		const [, read = ''] = /^It reads (.*)\. Leave it out with the option File Types/.exec(error.hint) ?? [];
		assert.deepEqual(read.split(', ').sort(), [...names].sort());
		assert.match(error.jobId, /^[0-9a-f-]{36}$/);
		assert.deepEqual(run.output[321]?.pairedItem, { item: 321 });
	});

	it('the refusal of an image names the setting of the API that reads it', () => {
		const fault = { code: 'unsupported_type', message: 'mimeType', hint: 'h', retryable: false };
		const hintOf = (docId: string) => inPanelWords(fault, { tenant: 't', docId }, ['text/plain']).hint;
		assert.match(
			hintOf('a/scan.PNG'),
			/^It reads plain text\. Images are read where its setting DOCDROP_OCR/,
		);
		assert.doesNotMatch(hintOf('a.exe'), /DOCDROP_OCR/);
	});

	it('refused files of the trigger never fail the node, and a hint says how many and why', async () => {
		const { sent } = await files(10, (index) => (index % 2 === 1 ? `<${index}>.exe` : `kept/${index}.md`));
		const run = await runNode({ ...known(), items: items(sent) });
		assert.deepEqual([run.ends, run.run.status], [['success'], 'success']);
		assert.deepEqual(
			run.behind?.map(({ json }) => json['state'] ?? (json['error'] as { code: string }).code),
			sent.map((_, index) => (index % 2 === 1 ? 'unsupported_type' : 'accepted')),
		);
		assert.deepEqual(run.output[3]?.pairedItem, { item: 3 });
		const [hint, ...others] = run.hints;
		assert.deepEqual([hint?.type, hint?.location, others], ['warning', 'outputPane', []]);
		assert.match(
			hint?.message ?? '',
			/^5 of 10 documents were refused for good.*: DocDrop cannot read \.exe /,
		);
		// n8n shows it as HTML.
		assert.match(
			hint?.message ?? '',
			/\(5: &lt;1&gt;\.exe, &lt;3&gt;\.exe, &lt;5&gt;\.exe and 2 more\)\. It reads plain text, .*File Types/,
		);
	});

	it('one refused file alone is a green execution, in which the node ran once', async () => {
		const { sent } = await files(1, () => 'alone.exe');
		for (const parameters of [batch, publish]) {
			let tries = 0;
			const run = await runNode({
				...known(),
				parameters,
				items: items(sent),
				prepare: () => (tries += 1),
			});
			assert.deepEqual([run.ends, tries], [['success'], 1]);
			assert.equal(run.json[0].error.code, 'unsupported_type');
		}
	});

	it('a file that was in the index keeps its text when it is refused, and goes where the user wants that', async () => {
		const headers = { authorization: `Bearer ${key}` };
		/** What was taken of the document, newest first. */
		const taken = async (docId: string) => {
			const path = `/v1/documents/history?tenant=acme&docId=${docId}`;
			const jobs = (await call(api.url, { path, headers })).json.jobs as { op: string; state: string }[];
			return jobs.filter(({ state }) => state !== 'failed').map(({ op }) => op);
		};
		const was = { event: 'changed', docdrop: { previousSha256: 'ab'.repeat(32) } } as const;
		for (const [refusedFiles, earlier, words] of [
			[
				undefined,
				'kept',
				/keeps the earlier text of 1 of them \(undefined\.md\); with the option Refused Files/,
			],
			['remove', 'removed', /earlier text of 1 of them was removed from the index \(remove\.md\)/],
		] as const) {
			const name = `${String(refusedFiles)}.md`;
			const root = await dirs.make();
			await write(root, name, 'a first text');
			await runNode({ ...known(), items: items([await fileItem(root, name)]) });
			assert.deepEqual(await taken(name), ['put']);
			const sent = [await fileItem(root, name, was), await fileItem(root, name, { docId: `new ${name}` })];
			const options = { mimeType: 'application/x-none', ...(refusedFiles && { refusedFiles }) };
			const run = await runNode({ ...known(), parameters: { ...batch, options }, items: items(sent) });
			assert.deepEqual(
				run.json.map(({ error }) => [error.code, error.earlier]),
				[
					['unsupported_type', earlier],
					['unsupported_type', undefined],
				],
			);
			assert.match(run.hints[0]?.message ?? '', words);
			assert.deepEqual(await taken(name), earlier === 'kept' ? ['put'] : ['delete', 'put']);
		}
	});

	it('an execution without refusals has no hint', async () => {
		const { sent } = await files(2, (index) => `plain/${index}.md`);
		assert.deepEqual((await runNode({ ...known(), items: items(sent) })).hints, []);
	});

	const text = { resource: 'batch', operation: 'publishMany', source: 'text', tenant: 'acme' };
	const texts = {
		...text,
		docId: '={{ $json.name }}',
		text: 'some text',
		options: { mimeType: '={{ $json.type }}' },
	};

	it('refused documents of another origin fail the node after the others were accepted, naming the first', async () => {
		const bad = [3, 5, 6, 9];
		const sent = Array.from({ length: 10 }, (_, index) => ({
			name: `text/${index}.md`,
			type: bad.includes(index) ? `image/x-${index}` : 'text/markdown',
		}));
		const { error } = await failing({ ...known(), parameters: texts, items: items(sent) });
		assert.equal(error.name, 'NodeApiError');
		assert.match(
			error.message,
			/^4 of 10 items were refused: item 3 \(text\/3\.md\): unsupported_type: .*item 6.*; and 1 more$/,
		);
		assert.match(error.description ?? '', /The other 6 were sent\. With On Error set to Continue/);
		assert.equal(error.context['itemIndex'], 3);
		const path = '/v1/documents/state?tenant=acme&docId=text%2F8.md';
		const { json } = await call(api.url, { path, headers: { 'x-api-key': key } });
		assert.equal(json.state, 'accepted');
		const run = await runNode({ ...known(), parameters: texts, items: items(sent), continueOnFail: true });
		assert.equal(run.json[9].error.code, 'unsupported_type');
	});

	it('what is the same of several is said once', async () => {
		const sent = ['a.md', 'b.md', 'c.md'].map((name) => ({
			name,
			type: name === 'b.md' ? 'text/markdown' : 'a/b',
		}));
		const { error } = await failing({ ...known(), parameters: texts, items: items(sent) });
		assert.match(error.message, /^DocDrop cannot read a\/b \(2 of 3 items: a\.md, c\.md\)$/);
	});

	it('a name without an ending is said to have none', async () => {
		const { sent } = await files(1, () => 'folder.d/PLAN');
		const run = await runNode({ ...known(), items: items(sent) });
		assert.equal(run.json[0].error.message, 'DocDrop cannot read "folder.d/PLAN", whose name has no ending');
	});

	it('a text whose document another source owns names the switch of this node', async () => {
		const { sent } = await files(1, () => 'text/owned.md');
		await runNode({ ...known(), items: items(sent) });
		const own = items([{ name: 'text/owned.md', type: 'text/markdown' }]);
		const { error } = await failing({ ...known(), parameters: texts, items: own });
		assert.match(error.description ?? '', /^If it is to be replaced, switch on the option Take Over\. /);
	});

	it('one item alone says what is wrong with it', async () => {
		const sent = items([{ name: 'bad', type: 'image/png' }]);
		const { error } = await failing({
			...known(),
			parameters: { ...texts, resource: 'document', operation: 'publish' },
			items: sent,
		});
		assert.match(error.message, /^DocDrop cannot read image\/png$/);
		assert.match(error.description ?? '', /^It reads plain text, .*set the option MIME Type\.$/);
		assert.equal(error.context['itemIndex'], 0);
	});

	describe('what a person has to decide fails the node, under every setting, after the others were sent', () => {
		const everySetting = [undefined, 'continueRegularOutput', 'continueErrorOutput'] as const;
		const stateOf = async (docId: string) => {
			const path = `/v1/documents/state?tenant=acme&docId=${encodeURIComponent(docId)}`;
			return (await call(api.url, { path, headers: { 'x-api-key': key } })).json.state as string;
		};

		it('another source owns the document', async () => {
			for (const onError of everySetting) {
				const names = ['owned', 'free', 'picture'].map((name) => `${name}-${onError}`);
				const { sent } = await files(3, (index) => `${names[index]}.${index === 2 ? 'png' : 'md'}`);
				const [ofOther = assert.fail()] = sent;
				const docdrop = { ...ofOther.docdrop, sourceId: 'somebody-else' };
				await runNode({ ...known(), items: items([{ ...ofOther, docdrop }]) });
				const node = onError === undefined ? {} : { onError };
				const { error, wouldPass } = await failing({ ...known(), items: items(sent), node });
				assert.match(
					error.message,
					new RegExp(`belongs to another source, .* \\(1 of 3 items: owned-${onError}\\.md\\)$`),
				);
				assert.match(
					error.description ?? '',
					/Take Over Documents of the DocDrop Trigger\..* The other 2 were sent\.$/,
				);
				assert.ok(!wouldPass);
				const kept = JSON.parse(JSON.stringify(error)) as { context?: object };
				const { refused } = (kept.context ?? {}) as { refused?: unknown };
				assert.deepEqual(refused, [ofOther.docdrop.seq], 'the trigger knows them by their numbers');
				assert.equal(await stateOf(`free-${onError}.md`), 'accepted');
			}
		});

		it('the key is of another tenant', async () => {
			const { sent } = await files(2, (index) => `key/${index}.md`);
			const own = await startApp({ DOCDROP_WORKERS: '0', DOCDROP_API_KEYS: 'beta=beta-1234567890123456' });
			try {
				const { error, wouldPass } = await failing({
					...{ baseUrl: own.url, apiKey: 'beta-1234567890123456', parameters: batch },
					items: items([{ ...sent[0], tenant: 'beta' }, sent[1] ?? {}]),
					continueOnFail: true,
				});
				assert.match(error.message, /not valid for this tenant/);
				assert.ok(!wouldPass);
			} finally {
				await own.close();
			}
		});
	});

	it('an item of somebody else, or of which a node kept only some fields, is told from one of the trigger', async () => {
		const root = await dirs.make();
		await write(root, 'kept.md', 'kept');
		const whole = await fileItem(root, 'kept.md');
		const wanted = ['event', 'path', 'relPath', 'tenant', 'docId'];
		const partly = wanted.map((left) =>
			Object.fromEntries(Object.entries(whole).filter(([name]) => name !== left)),
		);
		const run = await runNode({
			...known(),
			items: items([
				{ event: 'created', path: '/etc/passwd' },
				{ hello: 'world' },
				...partly,
				{ ...whole, docdrop: { ...whole.docdrop, seq: '7' } },
				{ ...whole, event: 'moved' },
			]),
			continueOnFail: true,
		});
		assert.match(run.json[1].error.hint, /set Source to/);
		assert.deepEqual(
			run.json.map(({ error }) => /its field "(.*)" is missing or wrong$/.exec(error.message)?.[1]),
			['docdrop', 'docdrop', ...wanted, 'docdrop.seq', 'docdrop.previousTenant'],
		);
		assert.deepEqual(changesSent(run), []);
	});

	it('what another try may mend fails the node even under continue on fail', async () => {
		const full = await startApp({ DOCDROP_WORKERS: '0', DOCDROP_MAX_PENDING: '2' });
		try {
			const { sent } = await files(4, (index) => `${index}.md`);
			const options = { baseUrl: full.url, parameters: batch, items: items(sent), continueOnFail: true };
			const { error, wouldPass } = await failing(options);
			assert.equal(error.name, 'NodeApiError');
			assert.equal(error.message, 'the queue is full');
			assert.match(error.description ?? '', /2 of 4 documents were accepted before/);
			assert.ok(!wouldPass, 'n8n would go on as if the files had arrived');
		} finally {
			await full.close();
		}
	});

	it('a wrong key fails the node even under continue on fail, in a batch and in a stream', async () => {
		const { root, sent } = await files(2, (index) => `${index}.md`);
		await write(root, 'large.txt', 'x'.repeat(300_000));
		const large = await fileItem(root, 'large.txt');
		for (const one of [sent, [large]]) {
			// What the API takes is known from the tests before, so that the request itself is refused.
			await runNode({ ...known(), items: items([deletedItem(root, 'x.md')]) });
			const options = { ...known(), apiKey: 'wrong', items: items(one), continueOnFail: true };
			const { error, wouldPass } = await failing(options);
			assert.match(error.message, /key/);
			assert.ok(!wouldPass);
		}
	});

	it('what is wrong before anything is sent is shown with its remedy', async () => {
		const { error, wouldPass } = await failing({ ...known(), baseUrl: 'ftp://api', continueOnFail: true });
		assert.equal(error.name, 'NodeApiError');
		assert.match(error.description ?? '', /http:\/\/HOST:PORT/);
		assert.ok(!wouldPass);
	});

	it('a tool that fails tells the model', async () => {
		const { sent } = await files(1, (index) => `${index}.md`);
		const wrong = { ...known(), apiKey: 'wrong', items: items(sent), continueOnFail: true };
		// n8n's agent runs a tool in the workflow's own loop, or, where that is older, in a context of its own.
		const rewireOutputLogTo = NodeConnectionTypes.AiTool;
		const { ends, run } = await runWorkflow({ ...wrong, node: { rewireOutputLogTo } });
		assert.deepEqual(ends, ['success']);
		const told = run.data.resultData.runData['DocDrop']?.[0]?.data?.['ai_tool'];
		assert.match(JSON.stringify(told), /"error":"The key is not known/i);
		const context = createToolContext(wrong);
		await assert.rejects(new DocDrop().execute.call(context));
		assert.notEqual(context.getExecuteData().node.onError, 'stopWorkflow');
	});

	it('a second try of the same execution finds the settings of the user again', async () => {
		const { sent } = await files(2, (index) => ['good.md', 'bad.exe'][index] ?? '');
		for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
			let tries = 0;
			const run = await runNode({
				...known(),
				apiKey: () => (tries === 1 ? 'wrong' : key),
				items: items(sent),
				node: { onError, retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
				prepare: () => (tries += 1),
			});
			assert.equal(tries, 2);
			assert.deepEqual(run.ends, ['success']);
			const refused = onError === 'continueErrorOutput' ? run.behindErrors?.[0] : run.behind?.[1];
			assert.equal((refused?.json['error'] as { code: string }).code, 'unsupported_type');
		}
	});

	it('a second try that succeeds is all that the workflow hears of', async () => {
		const { sent } = await files(3, (index) => `retried/${index}.md`);
		let tries = 0;
		const run = await runNode({
			...known(),
			apiKey: () => (tries === 1 ? 'wrong' : key),
			items: items(sent),
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			prepare: () => (tries += 1),
		});
		assert.deepEqual(run.ends, ['success']);
		assert.deepEqual(
			run.behind?.map(({ json }) => [json['docId'], json['state']]),
			sent.map(({ docId }) => [docId, 'accepted']),
		);
	});

	describe('with an error output', () => {
		const node = { onError: 'continueErrorOutput' as const };

		it('refused items leave there, the others by the first, each paired with what it came from', async () => {
			const { sent } = await files(4, (index) => (index === 2 ? 'bad.exe' : `parted/${index}.md`));
			const run = await runNode({ ...known(), items: items(sent), node });
			assert.deepEqual(run.ends, ['success']);
			assert.deepEqual(
				run.behind?.map(({ json, pairedItem }) => [json['docId'], pairedItem]),
				[0, 1, 3].map((index, item) => [`parted/${index}.md`, { item, input: undefined }]),
			);
			assert.deepEqual(
				run.output.map(({ pairedItem }) => pairedItem),
				[{ item: 0 }, { item: 1 }, { item: 3 }],
			);
			const [refused, ...others] = run.behindErrors ?? [];
			assert.deepEqual(others, []);
			assert.equal((refused?.json['error'] as { code: string }).code, 'unsupported_type');
			// n8n gives the error output what the item was before, beside the error.
			assert.equal(refused?.json['docId'], 'bad.exe');
			assert.deepEqual(run.errorOutput[0]?.pairedItem, { item: 2 });
		});

		it('what another try may mend fails the execution all the same', async () => {
			const { sent } = await files(2, (index) => `${index}.md`);
			const { error, wouldPass } = await failing({ ...known(), apiKey: 'wrong', items: items(sent), node });
			assert.match(error.message, /key/);
			assert.ok(!wouldPass);
		});
	});

	it('a search that fails is an item under continue on fail', async () => {
		const parameters = { resource: 'document', operation: 'search', tenant: 'acme', query: 'x' };
		const run = await runNode({ ...known(), apiKey: 'wrong', parameters, continueOnFail: true });
		assert.equal(run.json[0].error.code, 'unauthorized');
		const { error, wouldPass } = await failing({ ...known(), apiKey: 'wrong', parameters });
		assert.equal(error.name, 'NodeApiError');
		assert.ok(wouldPass);
	});

	describe('files that cannot be read', () => {
		it('outside of the folders that n8n allows: with the line to set', async () => {
			const { root, sent } = await files(2, (index) => `sub/${index}.md`);
			const options = { ...known(), items: items(sent), continueOnFail: true };
			const { error, wouldPass } = await withFileAccess(['/allowed'], () => failing(options));
			assert.equal(error.name, 'NodeOperationError');
			assert.match(error.message, /does not allow/);
			assert.ok(
				(error.description ?? '').includes(`N8N_RESTRICT_FILE_ACCESS_TO=${root} `),
				error.description ?? '',
			);
			assert.ok(!wouldPass);
		});

		it('because the folder is not mounted: nothing has vanished', async () => {
			const { root, sent } = await files(2, (index) => `${index}.md`);
			await rm(root, { recursive: true });
			const { error, wouldPass } = await failing({ ...known(), items: items(sent), continueOnFail: true });
			assert.match(error.message, /folder of the DocDrop Trigger is not there/);
			assert.match(error.description ?? '', /mount the folder on every worker at the same path/);
			assert.ok(!wouldPass);
		});

		it('because the folder looks empty: a volume that is mounted on another process', async () => {
			const { root, sent } = await files(3, (index) => `${index}.md`);
			for (const { relPath } of sent) await rm(join(root, relPath));
			for (const some of [sent, sent.slice(0, 1)]) {
				const { error, wouldPass } = await failing({ ...known(), items: items(some), continueOnFail: true });
				assert.match(error.message, /the folder looks empty/);
				assert.match(error.description ?? '', /mount the folder on every worker at the same path/);
				assert.ok(!wouldPass);
			}
		});

		it('because the folder became empty after its files were read here', async () => {
			const { root, sent } = await files(3, (index) => `${index}.md`);
			await runNode({ ...known(), items: items(sent) });
			for (const { relPath } of sent.slice(1)) await rm(join(root, relPath));
			const half = await runNode({ ...known(), items: items(sent.slice(1)) });
			assert.deepEqual(
				half.json.map(({ state }) => state),
				['vanished', 'vanished'],
				'one that was read is there: the others were deleted',
			);
			await rm(join(root, sent[0]?.relPath ?? ''));
			const { error } = await failing({ ...known(), items: items(sent), continueOnFail: true });
			assert.match(error.message, /the folder looks empty/);
		});

		it('because they are none, or not ours', async () => {
			const { root, sent } = await files(1, () => 'folder.md/file.md');
			const options = {
				...known(),
				items: items(sent.map((one) => ({ ...one, path: join(root, 'folder.md'), relPath: 'folder.md' }))),
				continueOnFail: true,
			};
			const { error, wouldPass } = await failing(options);
			assert.match(error.message, /\(EISDIR\)/);
			assert.ok(!wouldPass);
		});
	});

	describe('snapshots', () => {
		const send = (all: readonly object[], more: Partial<RunOptions> = {}) => ({
			...known(),
			items: items(all),
			...more,
		});
		const owner = (name: string, epoch: string) => ({ sourceId: name, epoch });
		const of = (sent: readonly FileItem[], ...by: Parameters<typeof owner>) =>
			sent.map((one) => ({ ...one, docdrop: { ...one.docdrop, ...owner(...by) } }));

		it('are told to the API, which lets go of what was not told of', async () => {
			const { root, sent } = await files(30, (index) => `told/${index}.md`);
			await runNode(send(of(sent, 'told', 'one')));
			await runNode(send(of(sent.slice(2), 'told', 'two')));
			const present = [{ tenant: 'acme', docId: 'told/1.md' }];
			const item = snapshotItem({ ...owner('told', 'two'), present });
			const run = await runNode(send([item]));
			assert.deepEqual(run.json, [
				{ event: 'snapshotComplete', sourceId: 'told', state: 'accepted', deleted: 1 },
			]);
			const again = await runNode(send([deletedItem(root, 'told/0.md', { docdrop: owner('told', 'two') })]));
			assert.equal(again.json[0].state, 'unchanged');
		});

		it('fail the node while deletions are held, even under continue on fail, until a person agrees', async () => {
			const { sent } = await files(22, (index) => `held/${index}.md`);
			await runNode(send(of(sent, 'held', 'one')));
			const item = snapshotItem(owner('held', 'two'));
			const { error, wouldPass } = await failing(send([item], { parameters: publish, continueOnFail: true }));
			assert.equal(error.name, 'NodeOperationError');
			assert.match(error.message, /The API holds 22 deletions/);
			assert.match(error.description ?? '', /"Confirm Held Deletions"/);
			assert.ok(!wouldPass);
			const run = await runNode(send([{ ...item, docdrop: { ...item.docdrop, confirmed: true } }]));
			assert.equal(run.json[0].deleted, 22);
		});

		it('are not told where files are to be sent again', async () => {
			const { sent } = await files(1, () => 'others.md');
			await runNode(send(of(sent, 'somebody-else', 'one')));
			const failed = await failing(send([...sent, snapshotItem()]));
			assert.deepEqual(changesSent(failed), ['POST /v1/ingest/batch']);
		});
	});

	describe('cancelling', () => {
		it('ends the run and is no error of an item', async () => {
			const { sent } = await files(3, (index) => `${index}.md`);
			const search = { resource: 'document', operation: 'search', tenant: 'acme', query: 'x' };
			for (const parameters of [batch, search]) {
				const controller = new AbortController();
				const canceled = await runWorkflow({
					...known(),
					parameters,
					items: items(sent),
					continueOnFail: true,
					signal: controller.signal,
					onRequest: () => controller.abort(),
				});
				assert.deepEqual([canceled.ends, canceled.run.status], [['canceled'], 'canceled']);
				assert.equal(canceled.error?.name, 'ManualExecutionCancelledError');
				assert.equal(canceled.behind, null);
				assert.ok(canceled.output.every(({ json }) => json['error'] === undefined));
			}
		});

		it('sends nothing more', async () => {
			const { sent } = await files(6, (index) => `${index}.md`);
			const controller = new AbortController();
			let begun = 0;
			const canceled = await runWorkflow({
				...known(),
				parameters: publish,
				items: items(sent),
				signal: controller.signal,
				onRequest({ method }) {
					if (method === 'POST' && (begun += 1) === 2) controller.abort();
				},
			});
			assert.equal(canceled.run.status, 'canceled');
			assert.ok(begun <= 3, `${begun} requests were begun`);
		});
	});
});
