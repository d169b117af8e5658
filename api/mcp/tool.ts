import type { AgentView, Arguments } from './agent-view.ts';
import type { PortableObject } from './portable-schema.ts';

/** What an agent can call: a name, what it takes and gives, and how it is done. All of them read only. */
export interface Tool {
	readonly name: string;
	readonly title: string;
	readonly description: string;
	readonly input: PortableObject;
	readonly output: PortableObject;
	readonly run: (given: Arguments, view: AgentView, signal: AbortSignal) => Promise<object>;
}
