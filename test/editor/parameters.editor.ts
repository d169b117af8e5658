import assert from 'node:assert/strict';
import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import { createCredential, createWorkflow, chain } from '../n8n/workflows.ts';
import { choiceNames, describedNode } from './described.ts';
import type { Editor } from './editor.ts';
import { openEditor, rig, shoot } from './stage.ts';

const packageName = 'n8n-nodes-docdrop';

/** Every panel of both nodes, opened: each choice chosen, each option added, and every text looked at. */
describe('the panels of the nodes', () => {
	it('of the trigger, with every option', async () => {
		const described = await describedNode(rig().n8n, `${packageName}.docDropTrigger`);
		const editor = await opened('DocDrop Trigger', described.name);
		await walk(editor, described, []);
		await shoot('trigger with every option');
	});

	it('of the action node, with every operation and option', async () => {
		const described = await describedNode(rig().n8n, `${packageName}.docDrop`);
		const editor = await opened('DocDrop', described.name);
		const resource = described.properties.find(({ name }) => name === 'resource');
		assert.ok(resource !== undefined);
		for (const name of choiceNames(resource)) {
			await editor.choose('resource', name);
			for (const operation of await editor.choices('operation')) {
				await editor.choose('operation', operation);
				await walk(editor, described, ['resource', 'operation']);
				await shoot(`panel ${name} ${operation}`);
			}
		}
	});

	it('of the credential', async () => {
		await createCredential(rig().n8n, rig().api.url);
		const editor = await openEditor();
		await editor.page.goto(`${rig().n8n.url}/home/credentials`);
		await editor.page.getByTestId('resources-list-item').getByText('DocDrop API').first().click();
		await editor.credentialDialog().waitFor();
		assert.deepEqual(await editor.oddTexts(), []);
	});
});

/** A node alone in a saved workflow. */
async function opened(name: string, type: string): Promise<Editor> {
	const node = { id: 'the-node', name, type, typeVersion: 1, position: [0, 0] as const, parameters: {} };
	const id = await createWorkflow(rig().n8n, { name: `${name} alone`, ...chain(node) });
	const editor = await openEditor();
	await editor.openWorkflow(id);
	await editor.openNode(name);
	return editor;
}

/** Goes through the lists of the panel that is open, `besides` these, and adds every option. */
async function walk(
	editor: Editor,
	{ properties }: INodeTypeDescription,
	besides: readonly string[],
): Promise<void> {
	const lists = properties.filter(({ name, type }) => type === 'options' && !besides.includes(name));
	for (const name of new Set(lists.map((list) => list.name))) {
		if (!(await editor.parameter(name).isVisible())) continue;
		const choices = await editor.choices(name);
		assert.ok(
			choices.every((choice) => lists.some((list) => isOneOf(list, choice))),
			choices.join(', '),
		);
		for (const choice of choices) {
			await editor.choose(name, choice);
			assert.deepEqual(await editor.oddTexts(), [], `${name}: ${choice}`);
		}
	}
	await editor.addEveryOption();
	assert.deepEqual(await editor.oddTexts(), [], 'with every option');
}

const isOneOf = (list: INodeProperties, choice: string) => choiceNames(list).includes(choice);
