import type { RealN8n } from './real-n8n.ts';

/** A workflow as n8n exports it: what is imported is exactly this. */
export interface Workflow {
	readonly name: string;
	readonly nodes: readonly WorkflowNode[];
	readonly connections: Readonly<Record<string, unknown>>;
	readonly settings?: Readonly<Record<string, unknown>>;
}

export interface WorkflowNode {
	readonly id: string;
	readonly name: string;
	readonly type: string;
	readonly typeVersion: number;
	readonly position: readonly [number, number];
	readonly parameters: Readonly<Record<string, unknown>>;
	readonly credentials?: Readonly<Record<string, { readonly id: string; readonly name: string }>>;
}

/** One node after the other. */
export function chain(...nodes: readonly WorkflowNode[]): Pick<Workflow, 'nodes' | 'connections'> {
	const connections: Record<string, unknown> = {};
	for (const [index, { name }] of nodes.entries()) {
		const next = nodes[index + 1];
		if (next !== undefined) connections[name] = { main: [[{ node: next.name, type: 'main', index: 0 }]] };
	}
	return { nodes, connections };
}

export async function createWorkflow(n8n: RealN8n, workflow: Workflow): Promise<string> {
	const { id } = await n8n.rest<{ id: string }>('POST', '/workflows', { settings: {}, ...workflow });
	return id;
}

/** Makes the saved version the one that runs; resolves when n8n says that it is active. */
export async function activate(n8n: RealN8n, workflowId: string): Promise<void> {
	const { versionId } = await n8n.rest<{ versionId: string }>('GET', `/workflows/${workflowId}`);
	await n8n.rest('POST', `/workflows/${workflowId}/activate`, { versionId });
}

export async function deactivate(n8n: RealN8n, workflowId: string): Promise<void> {
	await n8n.rest('POST', `/workflows/${workflowId}/deactivate`);
}

export async function createCredential(n8n: RealN8n, apiUrl: string): Promise<{ id: string; name: string }> {
	const name = 'DocDrop API';
	const data = { baseUrl: apiUrl, apiKey: '' };
	const { id } = await n8n.rest<{ id: string }>('POST', '/credentials', { name, type: 'docDropApi', data });
	return { id, name };
}

export interface Execution {
	readonly id: string;
	readonly status: 'new' | 'running' | 'success' | 'error' | 'waiting' | 'canceled' | 'crashed';
}

/** Newest first. */
export async function executions(n8n: RealN8n, workflowId: string): Promise<readonly Execution[]> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId }));
	const { results } = await n8n.rest<{ results: readonly Execution[] }>(
		'GET',
		`/executions?filter=${filter}&limit=100`,
	);
	return results;
}

export async function executionCount(n8n: RealN8n, workflowId: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId }));
	const { count } = await n8n.rest<{ count: number }>('GET', `/executions?filter=${filter}&limit=1`);
	return count;
}
