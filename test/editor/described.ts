import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import type { RealN8n } from '../n8n/real-n8n.ts';

/** Every node as n8n describes it to its editor. */
export async function describedNodes(n8n: RealN8n): Promise<readonly INodeTypeDescription[]> {
	const response = await fetch(`${n8n.url}/types/nodes.json`, { headers: { cookie: n8n.cookie() } });
	if (!response.ok) throw new Error(`the descriptions of nodes were answered ${response.status}`);
	return (await response.json()) as INodeTypeDescription[];
}

export async function describedNode(n8n: RealN8n, type: string): Promise<INodeTypeDescription> {
	const found = (await describedNodes(n8n)).find(({ name }) => name === type);
	if (found === undefined) throw new Error(`n8n knows no node ${type}`);
	return found;
}

/** The names of a parameter's values, as people see them. */
export const choiceNames = ({ options = [] }: INodeProperties): readonly string[] =>
	options.map((option) => ('displayName' in option ? option.displayName : option.name));
