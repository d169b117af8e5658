import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { INodeTypeDescription } from 'n8n-workflow';
import type { Workflow, WorkflowNode } from '../n8n/workflows.ts';
import { templateFaults } from '../support/template-faults.ts';
import { describedNodes } from './described.ts';
import { openEditor, rig, shoot } from './stage.ts';

const dir = resolve(import.meta.dirname, '../../workflows');
const sticky = 'n8n-nodes-base.stickyNote';

/** By the descriptions of all nodes that this n8n has. */
function faultsOf(node: WorkflowNode, described: readonly INodeTypeDescription[]): readonly string[] {
	const versions = described.filter(({ name }) => name === node.type);
	const found = versions.find(({ version }) => [version].flat().includes(node.typeVersion)) ?? versions[0];
	return found === undefined ? [`n8n does not know ${node.type}`] : templateFaults(node, found);
}

/** The templates as a person meets them who imports the file. */
describe('the templates in the editor', () => {
	for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
		it(`shows ${file}, and each of its nodes`, async () => {
			const { nodes } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Workflow;
			const described = await describedNodes(rig().n8n);
			const faults = nodes.flatMap((node) =>
				faultsOf(node, described).map((fault) => `${node.name}: ${fault}`),
			);
			assert.deepEqual(faults, []);

			const editor = await openEditor();
			await editor.newWorkflow();
			await editor.importFile(join(dir, file));
			await editor.showAll();
			await shoot(`template ${file}`);
			const names = nodes.filter(({ type }) => type !== sticky).map(({ name }) => name);
			assert.deepEqual([...(await editor.nodeNames())].sort(), names.sort());
			for (const { name, type } of nodes.filter(({ type }) => type.startsWith('n8n-nodes-docdrop.'))) {
				await editor.openNode(name);
				assert.deepEqual(await editor.oddTexts(), [], `${name} (${type})`);
				await shoot(`template ${file} ${name}`);
				await editor.closeNode();
			}
		});
	}
});
