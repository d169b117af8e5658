import { readFileSync } from 'node:fs';
import type { RealN8n } from './real-n8n.ts';
import { chain, createCredential, type Workflow, type WorkflowNode } from './workflows.ts';

/** What a user builds today from n8n's own nodes: trigger, read, text, and two calls of the same API. */
export function builtinWorkflow(inbox: string, apiUrl: string): Workflow {
	const docId = "$('Local File Trigger').item.json.path.split('/').pop()";
	const call = (id: string, name: string, path: string, x: number): WorkflowNode => ({
		id,
		name,
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		position: [x, 0],
		parameters: {
			method: 'POST',
			url: `${apiUrl}${path}`,
			sendBody: true,
			specifyBody: 'json',
			jsonBody: `={{ JSON.stringify({ tenant: 'default', docId: ${docId}, content: { text: $('Text').item.json.data } }) }}`,
		},
	});
	return {
		name: 'Built in',
		...chain(
			{
				id: 'b1',
				name: 'Local File Trigger',
				type: 'n8n-nodes-base.localFileTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: { triggerOn: 'folder', path: inbox, events: ['add'] },
			},
			{
				id: 'b2',
				name: 'Read',
				type: 'n8n-nodes-base.readWriteFile',
				typeVersion: 1,
				position: [200, 0],
				parameters: { fileSelector: '={{ $json.path }}' },
			},
			{
				id: 'b3',
				name: 'Text',
				type: 'n8n-nodes-base.extractFromFile',
				typeVersion: 1,
				position: [400, 0],
				parameters: { operation: 'text' },
			},
			call('b4', 'Preview', '/v1/preview', 600),
			call('b5', 'Publish', '/v1/publish', 800),
		),
	};
}

/** A workflow of the folder `workflows`, as a person imports it and fills it in. */
export async function docdropWorkflow(
	n8n: RealN8n,
	inbox: string,
	apiUrl: string,
	name = 'folder-to-index',
): Promise<Workflow> {
	const credential = await createCredential(n8n, apiUrl);
	const file = new URL(`../../workflows/${name}.json`, import.meta.url);
	const workflow = JSON.parse(readFileSync(file, 'utf8')) as Workflow;
	const filled = (node: WorkflowNode): WorkflowNode => {
		if (node.type === 'n8n-nodes-docdrop.docDropTrigger') {
			return { ...node, parameters: { ...node.parameters, ...triggerParameters(inbox) } };
		}
		if (node.type !== 'n8n-nodes-docdrop.docDrop') return node;
		return { ...node, credentials: { docDropApi: credential } };
	};
	return { ...workflow, nodes: workflow.nodes.map(filled) };
}

/** What a person must enter in the trigger. */
const triggerParameters = (inbox: string) => ({
	folder: { __rl: true, mode: 'path', value: inbox },
	tenantFrom: 'fixed',
	tenant: 'default',
});
