import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Workflow } from '../n8n/workflows.ts';
import { describedNodes } from './described.ts';
import { openEditor, rig, shoot } from './stage.ts';

const dir = resolve(import.meta.dirname, '../../workflows');
const sticky = 'n8n-nodes-base.stickyNote';

/** The templates as a person meets them who imports the file. */
describe('the templates in the editor', () => {
	for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
		it(`shows ${file}, and each of its nodes`, async () => {
			const { nodes } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Workflow;
			const known = new Set((await describedNodes(rig().n8n)).map(({ name }) => name));
			const unknown = nodes.filter(({ type }) => !known.has(type)).map(({ type }) => type);
			assert.deepEqual(unknown, [], 'n8n does not know these nodes');

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
