import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

/** An agent as the SDK's own client is one. It has listed the tools, and so holds every answer against its schema. */
export interface Agent {
	readonly client: Client;
	/** What a tool answered; rejects with its text where that is an error. */
	// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers freely
	call(name: string, args?: Record<string, unknown>): Promise<any>;
	/** The text of the error that a tool answered. */
	refusal(name: string, args?: Record<string, unknown>): Promise<string>;
	close(): Promise<void>;
}

export async function agentOf(client: Client): Promise<Agent> {
	await client.listTools();
	const ask = async (name: string, args: Record<string, unknown>) => {
		const answer = (await client.callTool({ name, arguments: args })) as CallToolResult;
		const [first] = answer.content;
		const text = first?.type === 'text' ? first.text : '';
		return { text, structured: answer.structuredContent, isError: answer.isError === true };
	};
	return {
		client,
		async call(name, args = {}) {
			const { text, structured, isError } = await ask(name, args);
			if (isError) throw new Error(text);
			return structured;
		},
		async refusal(name, args = {}) {
			const { text, structured, isError } = await ask(name, args);
			if (!isError || structured !== undefined) throw new Error(`it was answered: ${text}`);
			return text;
		},
		close: () => client.close(),
	};
}

export async function httpAgent(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Agent> {
	const client = new Client({ name: 'test', version: '0' });
	await client.connect(
		new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }),
	);
	return agentOf(client);
}
