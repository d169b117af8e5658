import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { installN8n } from './install.ts';
import { createRig, type Rig } from './rig.ts';
import { activate, createWorkflow, type WorkflowNode } from './workflows.ts';

interface Asked {
	readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[];
	readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

/** What an agent in n8n sees of the index, by n8n's MCP Client Tool, and what n8n's own embeddings node gets of it. */
describe('agents and embeddings in the real n8n', () => {
	const apiKey = 'the-key';
	const passage = 'Walnuts ripen in October.';
	let rig: Rig;
	/** Stands for the model: it calls the first tool, then says what the tool said. */
	let model: Server;
	let modelUrl: string;
	const asked: Asked[] = [];

	before(async () => {
		rig = await createRig({}, apiKey);
		model = createServer((request, response) => {
			void json(request).then((body) => {
				asked.push(body as Asked);
				const message = nextMessage(body as Asked);
				const choice = { index: 0, message, finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop' };
				const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
				const answer = {
					id: 'x',
					object: 'chat.completion',
					created: 0,
					model: 'm',
					choices: [choice],
					usage,
				};
				response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
			});
		}).listen(0, '127.0.0.1');
		await once(model, 'listening');
		modelUrl = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
		const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
		const body = JSON.stringify({ tenant: 'default', docId: 'trees.md', content: { text: passage } });
		await fetch(`${rig.api.url}/v1/publish`, { method: 'POST', headers, body });
		await until('the document is found', async () => (await rig.api.search('walnuts')).includes('trees.md'));
	});
	after(async () => {
		await rig.close();
		model.close();
	});

	function nextMessage({ tools = [], messages }: Asked) {
		const told = messages.findLast(({ role }) => role === 'tool');
		if (told !== undefined)
			return { role: 'assistant', content: `The tool says: ${JSON.stringify(told.content)}` };
		const name = tools.find((tool) => tool.function.name.endsWith('search'))?.function.name ?? 'none';
		const call = { name, arguments: JSON.stringify({ query: 'when do walnuts ripen', limit: 3 }) };
		return { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: call }] };
	}

	async function until(what: string, is: () => Promise<boolean>): Promise<void> {
		const end = Date.now() + 60_000;
		while (!(await is())) {
			assert.ok(Date.now() < end, what);
			await sleep(100);
		}
	}

	const node = (name: string, type: string, typeVersion: number, parameters: object, credential?: object) =>
		({
			...{
				id: name,
				name,
				type: `@n8n/n8n-nodes-langchain.${type}`,
				typeVersion,
				position: [0, 0],
				parameters,
			},
			...(credential !== undefined && { credentials: credential }),
		}) as unknown as WorkflowNode;

	async function credentialOf(type: string, data: object): Promise<object> {
		const name = `Credential ${type} ${Math.random()}`;
		const { id } = await rig.n8n.rest<{ id: string }>('POST', '/credentials', { name, type, data });
		return { [type]: { id, name } };
	}

	const into = (to: string, type = 'main') => ({ [type]: [[{ node: to, type, index: 0 }]] });

	/** Runs nodes behind a webhook, and resolves with what the last one answered. */
	async function run(path: string, nodes: readonly WorkflowNode[], connections: object): Promise<string> {
		const hook = {
			...node('Hook', 'x', 2, { path, responseMode: 'lastNode', options: {} }),
			...{ type: 'n8n-nodes-base.webhook', webhookId: path },
		};
		const id = await createWorkflow(rig.n8n, {
			name: path,
			nodes: [hook, ...nodes],
			connections: connections as Record<string, unknown>,
		});
		await activate(rig.n8n, id);
		let answer: Response | undefined;
		await until('n8n listens', async () => {
			answer = await fetch(`${rig.n8n.url}/webhook/${path}`);
			return answer.status !== 404;
		});
		const text = (await answer?.text()) ?? '';
		assert.equal(answer?.status, 200, `${text}\n${rig.n8n.log().slice(-3_000)}`);
		return text;
	}

	it('an agent finds a passage by the MCP Client Tool, with the key of its credential', async () => {
		const answer = await run(
			'ask',
			[
				node('Agent', 'agent', 2.2, { promptType: 'define', text: 'When do walnuts ripen?', options: {} }),
				node(
					'Model',
					'lmChatOpenAi',
					1.2,
					{ model: { __rl: true, mode: 'id', value: 'm' }, options: {} },
					await credentialOf('openAiApi', { apiKey: 'none', url: modelUrl }),
				),
				node(
					'Index',
					'mcpClientTool',
					1.4,
					{
						endpointUrl: `${rig.api.url}/mcp`,
						serverTransport: 'httpStreamable',
						authentication: 'bearerAuth',
						include: 'all',
						options: {},
					},
					await credentialOf('httpBearerAuth', { token: apiKey }),
				),
			],
			{
				Hook: into('Agent'),
				Model: into('Agent', 'ai_languageModel'),
				Index: into('Agent', 'ai_tool'),
			},
		);
		assert.match(answer, /Walnuts ripen in October/);
		assert.match(answer, /trees\.md/);
		const names = asked[0]?.tools?.map((tool) => tool.function.name.replace(/^Index_/, ''));
		assert.deepEqual(names, ['search', 'get_document', 'list_documents', 'status']);
	});

	it('the Embeddings OpenAI node fills and asks a vector store', async () => {
		const credential = await credentialOf('openAiApi', { apiKey, url: `${rig.api.url}/v1` });
		const memoryKey = { __rl: true, mode: 'id', value: 'docdrop' };
		const answer = await run(
			'embed',
			[
				node('Insert', 'vectorStoreInMemory', 1.3, { mode: 'insert', memoryKey }),
				node('Load', 'vectorStoreInMemory', 1.3, {
					mode: 'load',
					memoryKey,
					prompt: 'words of the hook',
					topK: 1,
				}),
				node('Texts', 'documentDefaultDataLoader', 1.1, {
					jsonMode: 'expressionData',
					jsonData: 'words of the hook',
					options: {},
				}),
				node('Embeddings', 'embeddingsOpenAi', 1.2, { model: 'any', options: {} }, credential),
			],
			{
				Hook: into('Insert'),
				Insert: into('Load'),
				Texts: into('Insert', 'ai_document'),
				Embeddings: {
					ai_embedding: [['Insert', 'Load'].map((name) => ({ node: name, type: 'ai_embedding', index: 0 }))],
				},
			},
		);
		assert.match(answer, /words of the hook/);
	});

	it('OpenAI’s client and LangChain get vectors, the model’s name and our errors', async () => {
		const dir = join(installN8n(), 'node_modules');
		const langchain = createRequire(join(dir, '@langchain/openai/package.json'));
		const baseURL = `${rig.api.url}/v1`;
		for (const from of [langchain, createRequire(join(dir, 'openai/package.json'))]) {
			const { OpenAI } = from('openai') as { OpenAI: new (options: object) => OpenAiClient };
			const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
			const [model] = (await client.models.list()).data;
			assert.equal((await client.models.retrieve(model?.id ?? '')).id, model?.id);
			// Without a format this client asks for base64, and decodes it.
			const packed = await client.embeddings.create({ model: 'any', input: ['a b', 'c d'] });
			const plain = await client.embeddings.create({
				model: 'any',
				input: ['a b', 'c d'],
				encoding_format: 'float',
			});
			assert.deepEqual(packed.data, plain.data);
			await assert.rejects(
				client.embeddings.create({ model: 'any', input: [[1, 2]] }),
				(error: { status: number; code: string; message: string }) =>
					error.status === 400 && error.code === 'invalid' && /got numbers of tokens/.test(error.message),
			);
		}
		const { OpenAIEmbeddings } = langchain('@langchain/openai') as {
			OpenAIEmbeddings: new (options: object) => {
				embedDocuments(texts: readonly string[]): Promise<number[][]>;
				embedQuery(text: string): Promise<number[]>;
			};
		};
		const embeddings = new OpenAIEmbeddings({ apiKey, model: 'any', configuration: { baseURL } });
		const vectors = await embeddings.embedDocuments(Array.from({ length: 1_000 }, (_, n) => `text ${n}`));
		assert.equal(vectors.length, 1_000);
		assert.deepEqual(await embeddings.embedQuery('text 7'), vectors[7]);
	});
});

interface OpenAiClient {
	readonly models: {
		list(): Promise<{ readonly data: readonly { readonly id: string }[] }>;
		retrieve(id: string): Promise<{ readonly id: string }>;
	};
	readonly embeddings: { create(request: object): Promise<{ readonly data: unknown }> };
}
