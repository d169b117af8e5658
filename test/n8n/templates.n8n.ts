import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { docdropWorkflow } from './headtohead-workflows.ts';
import { createRig, type Rig } from './rig.ts';
import { activate, createWorkflow, type Workflow } from './workflows.ts';

/** `workflows/webhook-upload.json` and `workflows/alert-on-error.json` in the real n8n, filled in as their notes say. */
describe('an upload and its alert in the real n8n', () => {
	const key = { name: 'x-upload-key', value: 'a-long-word' };
	let rig: Rig;
	/** The chat that is told. */
	let chat: Server;
	const told: string[] = [];

	before(async () => {
		rig = await createRig();
		chat = createServer((request, response) => {
			void text(request).then((body) => {
				told.push((JSON.parse(body) as { text: string }).text);
				response.end();
			});
		}).listen(0, '127.0.0.1');
		await once(chat, 'listening');
		const alert = await template('alert-on-error');
		const chatUrl = `http://127.0.0.1:${(chat.address() as AddressInfo).port}`;
		const errorWorkflow = await createWorkflow(rig.n8n, {
			...alert,
			nodes: alert.nodes.map((node) =>
				'url' in node.parameters ? { ...node, parameters: { ...node.parameters, url: chatUrl } } : node,
			),
		});
		await activate(rig.n8n, errorWorkflow);
		const webhook = await template('webhook-upload');
		const { id } = await rig.n8n.rest<{ id: string }>('POST', '/credentials', {
			...{ name: 'Key of uploads', type: 'httpHeaderAuth', data: key },
		});
		const credentials = { httpHeaderAuth: { id, name: 'Key of uploads' } };
		const workflowId = await createWorkflow(rig.n8n, {
			...webhook,
			nodes: webhook.nodes.map((node) => (node.name === 'Upload' ? { ...node, credentials } : node)),
			settings: { ...webhook.settings, errorWorkflow },
		});
		await activate(rig.n8n, workflowId);
		// n8n says that a workflow is active before it listens at its address.
		const end = Date.now() + 60_000;
		while ((await upload('nothing.md', '')).status === 404) {
			assert.ok(Date.now() < end, 'n8n listens');
			await sleep(100);
		}
	});
	after(async () => {
		await rig.close();
		chat.close();
	});

	const template = (name: string): Promise<Workflow> =>
		docdropWorkflow(rig.n8n, rig.inbox, rig.api.url, name);

	async function upload(name: string, content: string, headers: Record<string, string> = {}) {
		const body = new FormData();
		body.set('data', new Blob([content]), name);
		const init = { method: 'POST', body, headers };
		const response = await fetch(`${rig.n8n.url}/webhook/docdrop-upload`, init);
		return { status: response.status, body: await response.text() };
	}
	const withKey = { [key.name]: key.value };

	it('takes a file of whoever has the key, and answers with its receipt', async () => {
		assert.equal((await upload('plan.md', 'no key')).status, 403);
		const { status, body } = await upload('plan.md', '# Plan\nwalnuts in spring', withKey);
		assert.equal(status, 202, body);
		const { docId, state } = JSON.parse(body) as { docId: string; state: string };
		assert.deepEqual([docId, state], ['plan.md', 'accepted']);
		const end = Date.now() + 30_000;
		while (!(await rig.api.search('walnuts')).includes('plan.md')) {
			assert.ok(Date.now() < end, 'the upload is searchable');
			await sleep(100);
		}
	});

	it('says why it refuses a file', async () => {
		const { status, body } = await upload('archive.zip', 'bytes', withKey);
		assert.equal(status, 422, body);
		assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'unsupported_type');
	});

	it('fails while the API is away, and the chat is told what to do', async () => {
		await rig.api.stop();
		const { status } = await upload('later.md', 'later', withKey);
		assert.equal(status, 500);
		const end = Date.now() + 30_000;
		while (told.length === 0) {
			assert.ok(Date.now() < end, 'the chat is told');
			await sleep(100);
		}
		assert.match(told[0] ?? '', /upload by webhook: .*\n.*\n?http/);
	});
});
