import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { AgentView } from './agent-view.ts';
import { createMcpServer } from './mcp-server.ts';

interface Message {
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	/** JSON that was read already. */
	readonly body: unknown;
}

/** One message that came over HTTP, and its answer in one piece. */
export async function answerMessage({ headers, body }: Message, view: AgentView): Promise<Response> {
	const version = headers['mcp-protocol-version'];
	const request = new Request('http://localhost/mcp', {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			// Whoever takes JSON gets it; the protocol asks clients to take a stream as well, and many a script does not.
			accept: 'application/json, text/event-stream',
			...(typeof version === 'string' && { 'mcp-protocol-version': version }),
		},
	});
	const server = createMcpServer(view);
	const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
	await server.connect(transport);
	try {
		return await transport.handleRequest(request, { parsedBody: body });
	} finally {
		await server.close();
	}
}
