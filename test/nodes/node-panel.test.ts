/**
 * Whether n8n's node panel shows the nodes, by the rules of the editor itself. They are those of n8n-editor-ui 2.40.7,
 * read in dist/assets: `canvas.eventBus-*.js` (which nodes a search and a subcategory show) and `workflows.store-*.js`
 * (how a trigger is merged with its action node, which actions are made of a node's properties, what a search
 * compares); and of n8n 2.40.7, dist/tool-generation (what becomes of a node that is usable as a tool).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { CodexData, INodeProperties, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';
import { DocDrop } from '../../nodes/DocDrop/DocDrop.node.ts';
import { DocDropTrigger } from '../../nodes/DocDropTrigger/DocDropTrigger.node.ts';

interface Node extends INodeTypeDescription {
	readonly codex: CodexData;
}

const load = (folder: string, description: INodeTypeDescription): Node => {
	const file = new URL(`../../nodes/${folder}/${folder}.node.json`, import.meta.url);
	return { ...description, codex: JSON.parse(readFileSync(file, 'utf8')) as CodexData };
};
const action = load('DocDrop', new DocDrop().description);
const trigger = load('DocDropTrigger', new DocDropTrigger().description);

/** As n8n makes it at its start. */
const tool: Node = {
	...action,
	name: `${action.name}Tool`,
	displayName: `${action.displayName} Tool`,
	codex: {
		...action.codex,
		categories: ['AI'],
		subcategories: {
			AI: ['Tools'],
			Tools: action.codex.subcategories?.['Tools'] ?? ['Other Tools'],
		},
	},
};

const aiOf = ({ codex }: Node): readonly string[] => codex.subcategories?.['AI'] ?? [];

/** A search outside of the panel of AI nodes leaves out nodes of that category that are no root nodes. */
const isSearched = (node: Node): boolean =>
	!(node.codex.categories?.includes('AI') ?? false) || aiOf(node).includes('Root Nodes');

/** The letters, in order, in the name or in one alias. */
const isFound = (node: Node, typed: string): boolean =>
	[node.displayName, ...(node.codex.alias ?? [])].some((text) => {
		const letters = [...typed.toLowerCase()];
		for (const letter of text.toLowerCase()) if (letter === letters[0]) letters.shift();
		return letters.length === 0;
	});

/** Where the panel lists it; `*`: among the apps, as action or as trigger. */
const subcategoriesOf = ({ codex }: Node): readonly string[] => {
	const all = ['Core Nodes', 'AI', 'HITL'].flatMap((category) =>
		(codex.categories ?? []).includes(category) ? (codex.subcategories?.[category] ?? []) : [],
	);
	return all.length > 0 ? all : ['*'];
};

const optionsOf = ({ options = [] }: INodeProperties) => options as INodePropertyOptions[];

interface Entry {
	readonly name: string;
	readonly values: Readonly<Record<string, unknown>>;
}

/** What the panel offers of a node beneath its name. */
function entriesOf(node: Node): Entry[] {
	if (aiOf(node).includes('Tools') && !aiOf(node).includes('Root Nodes')) return [];
	return [...triggerEntries(node), ...operationEntries(node)];
}

function triggerEntries({ displayName, properties }: Node): Entry[] {
	if (!displayName.toLowerCase().includes('trigger')) return [];
	const presets = properties.find((one) =>
		['event', 'events', 'trigger on'].includes(one.displayName.toLowerCase()),
	);
	if (presets === undefined) return [{ name: 'On new event', values: {} }];
	return optionsOf(presets).map(({ name, value }) => ({
		name: `On ${name}`,
		values: { [presets.name]: presets.type === 'multiOptions' ? [value] : value },
	}));
}

function operationEntries({ properties }: Node): Entry[] {
	const resources = properties.filter(({ name }) => name === 'resource');
	return resources.flatMap(optionsOf).flatMap((resource) => {
		const operation = properties.find(
			({ name, displayOptions }) =>
				name === 'operation' && displayOptions?.show?.['resource']?.includes(resource.value) === true,
		);
		return (operation === undefined ? [] : optionsOf(operation)).map(({ name, action: title, value }) => ({
			name: title ?? name,
			values: { resource: resource.value, operation: value },
		}));
	});
}

describe('node panel of n8n', () => {
	it('merges the trigger into the action node, which stands for both', () => {
		assert.equal(trigger.name.replace('Trigger', ''), action.name);
		assert.ok(entriesOf(action).length > 0);
		// Only the words of the action node are compared then.
		for (const word of trigger.codex.alias ?? []) assert.ok(isFound(action, word), word);
	});

	for (const typed of ['docdrop', 'publish', 'vector', 'search documents', 'folder', 'rag']) {
		it(`finds the action node by "${typed}"`, () => {
			assert.ok(isSearched(action) && isFound(action, typed));
		});
		it(`finds the tool by "${typed}" where an agent asks for one`, () => {
			assert.equal(action.usableAsTool, true);
			assert.ok(isFound(tool, typed));
			assert.deepEqual(subcategoriesOf(tool), ['Tools']);
		});
	}

	it('lists the node among the apps', () => {
		assert.deepEqual(subcategoriesOf(action), ['*']);
	});

	it('offers one trigger, which hears of every change', () => {
		assert.deepEqual(entriesOf(trigger), [{ name: 'On new event', values: {} }]);
		const changes = trigger.properties.find(({ name }) => name === 'changes');
		assert.ok(changes);
		assert.deepEqual(
			changes.default,
			optionsOf(changes).map(({ value }) => value),
		);
	});

	it('offers every operation once', () => {
		const offered = entriesOf(action).map(
			({ values }) => `${String(values['resource'])} ${String(values['operation'])}`,
		);
		const operations = action.properties
			.filter(({ name }) => name === 'operation')
			.flatMap((one) => {
				const [resource] = one.displayOptions?.show?.['resource'] ?? [];
				return optionsOf(one).map(({ value }) => `${resource as string} ${String(value)}`);
			});
		assert.deepEqual(offered.toSorted(), [...new Set(operations)].toSorted());
	});
});
