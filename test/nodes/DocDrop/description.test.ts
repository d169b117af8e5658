import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { NodeHelpers, type INodeProperties, type INodePropertyOptions } from 'n8n-workflow';
import { DocDrop } from '../../../nodes/DocDrop/DocDrop.node.ts';
import { runNode } from './harness.ts';

const { description } = new DocDrop();
const { properties } = description;

/** Fields that the panel shows, by what is chosen above them. */
const visible: readonly (readonly [Record<string, string>, readonly string[]])[] = [
	[{ resource: 'batch', operation: 'publishMany', source: 'trigger' }, ['options', 'source']],
	[
		{ resource: 'batch', operation: 'publishMany', source: 'binary' },
		['binaryPropertyName', 'docId', 'options', 'source', 'tenant'],
	],
	[
		{ resource: 'batch', operation: 'publishMany', source: 'text' },
		['docId', 'options', 'source', 'tenant', 'text'],
	],
	[
		{ resource: 'batch', operation: 'publishListed', source: 'binary' },
		['binaryPropertyName', 'listed', 'options', 'source'],
	],
	[
		{ resource: 'batch', operation: 'publishListed', source: 'text' },
		['listed', 'options', 'source', 'text'],
	],
	[{ resource: 'batch', operation: 'syncList' }, ['docId', 'listName', 'options', 'tenant', 'version']],
	[{ resource: 'document', operation: 'publish', source: 'trigger' }, ['options', 'source']],
	[
		{ resource: 'document', operation: 'preview', source: 'text' },
		['docId', 'options', 'source', 'tenant', 'text'],
	],
	[{ resource: 'document', operation: 'delete' }, ['docId', 'options', 'tenant']],
	[{ resource: 'document', operation: 'deleteByPrefix' }, ['options', 'prefix', 'tenant']],
	[{ resource: 'document', operation: 'get' }, ['docId', 'tenant']],
	[{ resource: 'document', operation: 'getMany' }, ['filters', 'limit', 'returnAll', 'tenant']],
	[{ resource: 'document', operation: 'releaseHeld' }, ['followedFolder']],
	[{ resource: 'document', operation: 'search' }, ['limit', 'options', 'query', 'tenant']],
	[{ resource: 'document', operation: 'updateMetadata' }, ['docId', 'metadata', 'options', 'tenant']],
	[
		{ resource: 'document', operation: 'updateMetadataByFilter' },
		['filter', 'metadata', 'options', 'tenant'],
	],
	[{ resource: 'job', operation: 'cancel' }, ['jobId']],
	[{ resource: 'job', operation: 'get' }, ['jobId']],
	[{ resource: 'job', operation: 'getMany' }, ['filters', 'limit', 'returnAll', 'tenant']],
	[{ resource: 'job', operation: 'retry' }, ['jobId']],
	[{ resource: 'job', operation: 'wait' }, ['jobId', 'timeout']],
	[{ resource: 'tenant', operation: 'delete' }, ['confirmation', 'tenant']],
	[{ resource: 'tenant', operation: 'getMany' }, ['limit', 'returnAll']],
	[{ resource: 'tenant', operation: 'status' }, ['tenant']],
];

const optionsOf = ({ options = [] }: INodeProperties) => options as INodePropertyOptions[];

describe('panel of the action node', () => {
	for (const [chosen, names] of visible) {
		it(`shows for ${Object.values(chosen).join(' ')}: ${names.join(', ')}`, () => {
			const shown = NodeHelpers.getNodeParameters(properties, chosen, true, false, null, description);
			assert.deepEqual(Object.keys(shown ?? {}).toSorted(), [...names, 'operation', 'resource'].toSorted());
		});
	}

	it('begins as a search where it is a tool, and else with publishing', () => {
		const chosen = (name: string) => {
			const type = { ...description, name };
			return NodeHelpers.getNodeParameters(properties, {}, true, false, null, type);
		};
		for (const [name, operation] of [
			['docDrop', 'publish'],
			['docDropTool', 'search'],
		] as const) {
			const found = chosen(name);
			assert.deepEqual([found?.['resource'], found?.['operation']], ['document', operation]);
		}
		assert.ok('query' in (chosen('docDropTool') ?? {}));
	});

	it('leads every operation somewhere', async () => {
		for (const { displayOptions, ...field } of properties.filter(({ name }) => name === 'operation')) {
			const [resource] = displayOptions?.show?.['resource'] ?? [];
			for (const { value, action } of optionsOf(field)) {
				assert.ok(action !== undefined, `${String(value)} has an action`);
				// Nothing listens there, and the credential says so before anything is sent.
				const run = runNode({ baseUrl: 'none', parameters: { resource, operation: value, jobId: 'x' } });
				await assert.rejects(run, (error: Error) => !error.message.includes('there is no operation'));
			}
		}
		const run = runNode({ parameters: { resource: 'job', operation: 'toString' } });
		await assert.rejects(run, /there is no operation "toString" of "job"/);
	});

	it('lists what people need most first among the operations, and all other options by name', () => {
		const walk = (fields: readonly INodeProperties[]) => {
			for (const field of fields) {
				if (field.name === 'operation') continue;
				const names = ((field.options ?? []) as INodeProperties[]).map((one) => one.displayName ?? one.name);
				assert.deepEqual(
					names,
					names.toSorted((a, b) => a.localeCompare(b)),
					field.name,
				);
				if (field.type === 'collection') walk(field.options as INodeProperties[]);
			}
		};
		walk(properties);
		const operationsOf = (resource: string) =>
			properties
				.filter(({ name }) => name === 'operation')
				.find(({ displayOptions }) => displayOptions?.show?.['resource']?.includes(resource));
		const firstOf = (resource: string) => optionsOf(operationsOf(resource) ?? assert.fail())[0]?.name;
		assert.deepEqual(['batch', 'document'].map(firstOf), ['Publish Many', 'Publish']);
		assert.equal(optionsOf(operationsOf('document') ?? assert.fail())[1]?.name, 'Search');
	});

	it('has a codex file that names it', () => {
		const file = new URL('../../../nodes/DocDrop/DocDrop.node.json', import.meta.url);
		const codex = JSON.parse(readFileSync(file, 'utf8')) as { node: string };
		assert.equal(codex.node, `n8n-nodes-docdrop.${description.name}`);
	});
});
