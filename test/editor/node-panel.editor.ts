import assert from 'node:assert/strict';
import { describedNode } from './described.ts';
import { openEditor, rig, shoot } from './stage.ts';

/** What the node panel shows of the package to somebody who looks for it. */
describe('the node panel', () => {
	const words = ['docdrop', 'publish', 'vector', 'search documents', 'watch', 'folder'];

	for (const word of words) {
		it(`finds the node by "${word}"`, async () => {
			const editor = await openEditor();
			await editor.newWorkflow();
			await editor.panel.open();
			const entry = await editor.panel.find(word, 'DocDrop');
			await shoot(`panel ${word}`);
			const { triggers, actions } = await editor.panel.offersOf(entry);
			await shoot('panel offers');
			assert.ok(actions.length >= 12, `${actions.length} actions`);
			// More than one would each be a preset, and a workflow made of it would miss what the others are about.
			assert.equal(triggers.length, 1, triggers.join(', '));
		});
	}

	it('lists each operation once, as an action', async () => {
		const operations = await operationNames();
		const editor = await openEditor();
		await editor.newWorkflow();
		await editor.panel.open();
		const { actions } = await editor.panel.offersOf(await editor.panel.find('docdrop', 'DocDrop'));
		assert.deepEqual([...actions].sort(), operations.sort());
	});
});

/** The action of every operation, as n8n read them from the package; the tool describes some of them a second time. */
async function operationNames(): Promise<string[]> {
	const { properties } = await describedNode(rig().n8n, 'n8n-nodes-docdrop.docDrop');
	const operations = properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ options = [] }) => options);
	return [...new Set(operations.map((one) => ('action' in one ? (one.action ?? '') : '')))];
}
