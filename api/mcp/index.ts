/** What an agent is offered by the Model Context Protocol. Brings the SDK: loaded only where an agent is answered. */
export { answerMessage } from './answer-message.ts';
export { createMcpServer } from './mcp-server.ts';
export type { AgentView } from './agent-view.ts';
