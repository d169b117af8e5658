/** The importable workflows, read as n8n's editor reads them; in the editor itself: editor/templates.editor.ts. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { INodeTypeDescription } from 'n8n-workflow';
import { DocDrop } from '../nodes/DocDrop/DocDrop.node.ts';
import { DocDropTrigger } from '../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import type { Workflow, WorkflowNode } from './n8n/workflows.ts';
import { templateFaults } from './support/template-faults.ts';

const dir = new URL('../workflows/', import.meta.url);
const action = new DocDrop().description;

/** What n8n adds to a node that it makes a tool of. */
const ofTools: INodeTypeDescription['properties'] = [
	{
		displayName: '',
		name: 'descriptionType',
		type: 'options',
		default: 'auto',
		options: [{ name: '', value: 'manual' }],
	},
	{ displayName: '', name: 'toolDescription', type: 'string', default: '' },
];
const descriptions: ReadonlyMap<string, INodeTypeDescription> = new Map([
	['n8n-nodes-docdrop.docDrop', action],
	['n8n-nodes-docdrop.docDropTrigger', new DocDropTrigger().description],
	[
		'n8n-nodes-docdrop.docDropTool',
		{ ...action, name: 'docDropTool', properties: [...action.properties, ...ofTools] },
	],
]);

const templates = readdirSync(dir).map((file) => ({
	file,
	workflow: JSON.parse(readFileSync(new URL(file, dir), 'utf8')) as Workflow & { readonly active: boolean },
}));
const isNote = ({ type }: WorkflowNode) => type === 'n8n-nodes-base.stickyNote';

/** The texts of a template that stand for a tenant. */
function tenantsOf({ type, parameters }: WorkflowNode): unknown[] {
	if (!descriptions.has(type)) return [];
	const { tenant } = parameters as { tenant?: unknown };
	return tenant === undefined
		? []
		: [typeof tenant === 'object' ? (tenant as { value: unknown }).value : tenant];
}

describe('the templates', () => {
	it('are held to parameters, options and values that the panels have', () => {
		const faults = (parameters: Record<string, unknown>, typeVersion = 1) =>
			templateFaults({ typeVersion, parameters }, action);
		const search = { resource: 'document', operation: 'search' };
		assert.deepEqual(faults(search), []);
		assert.deepEqual(faults(search, 2), ['has no version 2']);
		assert.deepEqual(faults({ ...search, listName: 'of another operation' }), ['has no parameter listName']);
		assert.deepEqual(faults({ ...search, options: { priority: 'low' } }), [
			'has no parameter options.priority',
		]);
		assert.deepEqual(faults({ ...search, options: { mode: 'best' } }), ['options.mode cannot be "best"']);
		assert.deepEqual(faults({ ...search, limit: '5' }), ['limit is no number']);
		assert.deepEqual(faults({ ...search, tenant: 'acme' }), ['tenant has no mode "acme"']);
		assert.deepEqual(faults({ resource: 'document', operation: 'find' }), ['operation cannot be "find"']);
	});

	it('are there for each of the ways in and out', () => {
		assert.deepEqual(
			templates.map(({ file }) => file.replace('.json', '')),
			[
				...[
					'alert-on-error',
					'alert-on-failed',
					'chat-with-the-index',
					'download-to-index',
					'folder-of-pdfs',
				],
				...['folder-to-index', 'google-drive-to-index', 'onboard-a-tenant', 'preview-ask-publish'],
				...['qdrant-vector-store', 'webhook-upload'],
			],
		);
	});

	for (const { file, workflow } of templates) {
		describe(file, () => {
			const { nodes, connections } = workflow;

			it('has nodes with the parameters that their panels show', () => {
				const faults = nodes.flatMap((node) => {
					const description = descriptions.get(node.type);
					if (description === undefined) {
						return node.type.startsWith('n8n-nodes-docdrop.') ? [`${node.name}: no such node`] : [];
					}
					return templateFaults(node, description).map((fault) => `${node.name}: ${fault}`);
				});
				assert.deepEqual(faults, []);
			});

			it('says in a note what to set', () => {
				const texts = nodes.filter(isNote).map(({ parameters }) => String(parameters['content']));
				assert.ok(
					texts.some((text) => text.startsWith('## ')),
					'a note with a heading',
				);
				const names = new Set(nodes.map(({ name }) => name));
				const needsCredential = nodes.filter(
					({ type }) => descriptions.has(type) && !type.endsWith('Trigger'),
				);
				assert.ok(
					needsCredential.length === 0 || texts.some((text) => text.includes('credential')),
					'where the credential is chosen',
				);
				assert.ok(
					texts.some((text) => [...names].some((name) => text.includes(`**${name}**`))),
					'a node is named',
				);
			});

			it('connects nodes that are there, and leaves none alone', () => {
				const names = new Set(nodes.filter((node) => !isNote(node)).map(({ name }) => name));
				const joined = new Set<string>();
				for (const [from, outputs] of Object.entries(connections)) {
					for (const { node } of Object.values(outputs as Record<string, { node: string }[][]>).flat(2)) {
						assert.ok(names.has(from) && names.has(node), `${from} to ${node}`);
						joined.add(from).add(node);
					}
				}
				assert.deepEqual([...joined].toSorted(), [...names].toSorted());
			});

			it('has the tenant that the trigger begins with, or takes it from the item', () => {
				const others = nodes
					.flatMap(tenantsOf)
					.filter((tenant) => tenant !== 'default' && tenant !== '' && !String(tenant).startsWith('='));
				assert.deepEqual(others, []);
			});

			it('is a file as n8n exports it, with no secret of anybody in it', () => {
				assert.equal(workflow.active, false);
				assert.equal(new Set(nodes.map(({ id }) => id)).size, nodes.length);
				assert.ok(nodes.every((node) => !('credentials' in node)));
			});
		});
	}
});
