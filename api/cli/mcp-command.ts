import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Config } from '../config/index.ts';
import { DocDropError } from '../errors.ts';
import { createMcpServer, type AgentView } from '../mcp/index.ts';
import { version } from '../version.ts';
import { findRunning } from './api-client.ts';

/**
 * `docdrop mcp`: messages on standard input, answers on standard output, and there nothing else. It ends with its
 * input, once what was asked is answered: clients go without a word, and a process that stays is one more each time.
 * Loaded by that command alone, because it brings the SDK.
 */
export async function serveStdio(config: Config, onlyTenant: string | null): Promise<void> {
	// Whatever a library says there would be read as a message.
	console.log = console.info = console.debug = console.error;
	// The client is gone, and nobody reads.
	process.stdout.on('error', () => process.exit(0));
	const server = createMcpServer(viewOf(config, onlyTenant));
	server.onerror = ({ message }) => console.error(`docdrop mcp: ${message}`);
	server.onclose = () => process.exit(1);
	await server.connect(new StdioServerTransport());
}

/**
 * What is shown is the index of the running process. It is looked for with every question, because clients start this
 * command when they start, and the process may come, go and change its port. Where none runs the store is not opened
 * here: this command lives as long as its client, and nothing could follow a folder meanwhile.
 */
const viewOf = (config: Config, onlyTenant: string | null): AgentView => ({
	async ask({ method, path, body }, signal) {
		const running = await findRunning(config);
		if (running === null) {
			throw new DocDropError('store_unavailable', 'no process of DocDrop serves the data folder', {
				hint: 'Start docdrop watch or docdrop serve there, with the same DOCDROP_DATA_DIR, and ask again.',
			});
		}
		return running.ask(method, path, body, signal);
	},
	onlyTenant,
	defaultTenant: config.tenant,
	version,
	onDefect: (error) => console.error('docdrop mcp: unexpected error', error),
});
