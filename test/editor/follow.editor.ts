import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tenant } from '../n8n/rig.ts';
import { until } from '../support/settled.ts';
import type { Editor } from './editor.ts';
import { apiKey, openEditor, rig, shoot } from './stage.ts';

/** A workflow that a person builds by hand, from an empty canvas to an index that follows the folder. */
describe('a workflow built by hand', () => {
	const write = (name: string, text: string) => writeFileSync(join(rig().inbox, name), text);
	const found = (query: string, is: (docIds: readonly string[]) => boolean, of = tenant) =>
		until(() => rig().api.search(query, of), is, 60_000);

	it('follows the folder', async () => {
		write('badgers.md', '# Badgers\n\nBadgers dig their setts at night.');
		const editor = await openEditor();
		await editor.newWorkflow();
		await addTrigger(editor);
		await addPublishMany(editor);
		await editor.publish();
		await shoot('workflow published');
		await rig().settled();

		write('herons.md', '# Herons\n\nHerons stand in shallow water.');
		await rig().settled();
		await found('herons shallow water', (docIds) => docIds[0] === 'herons.md');

		write('herons.md', '# Herons\n\nHerons nest in tall poplars.');
		await rig().settled();
		await found('nest in poplars', (docIds) => docIds[0] === 'herons.md');

		renameSync(join(rig().inbox, 'herons.md'), join(rig().inbox, 'birds.md'));
		await rig().settled();
		await found('nest in poplars', (docIds) => docIds[0] === 'birds.md' && !docIds.includes('herons.md'));

		rmSync(join(rig().inbox, 'birds.md'));
		await rig().settled();
		await found('nest in poplars', (docIds) => !docIds.includes('birds.md'));
	});

	it('follows with the template as well, once it is filled in', async () => {
		const editor = await openEditor();
		await editor.newWorkflow();
		await editor.importFile(resolve(import.meta.dirname, '../../workflows/folder-to-index.json'));
		await editor.openNode('Files change');
		await editor.fill('folder', rig().inbox);
		// Of its own: the documents of the other belong to the workflow that was built by hand.
		await editor.fill('tenant', 'template');
		await editor.closeNode();
		await editor.showAll();
		await shoot('template filled in');
		await editor.publish();
		await found('badgers setts', (docIds) => docIds[0] === 'badgers.md', 'template');
		write('otters.md', '# Otters\n\nOtters keep their holts near the river.');
		await found('otters holts', (docIds) => docIds[0] === 'otters.md', 'template');
	});

	/** Sets it up, and looks at a sample. */
	async function addTrigger(editor: Editor): Promise<void> {
		await editor.panel.open();
		const { triggers } = await editor.panel.offersOf(await editor.panel.find('docdrop', 'DocDrop'));
		await editor.panel.take('triggers', triggers[0] ?? '');
		await editor.fill('folder', rig().inbox);
		await editor.fill('tenant', tenant);
		await editor.executeStep();
		await editor.showAs('JSON');
		await editor.output().getByText('"badgers.md"').first().waitFor();
		await shoot('trigger with a sample', editor.details());
		await editor.closeNode();
	}

	async function addPublishMany(editor: Editor): Promise<void> {
		await editor.panel.open();
		await editor.panel.offersOf(await editor.panel.find('docdrop', 'DocDrop'));
		await editor.panel.take('actions', 'Publish many documents');
		await editor.openNewCredential();
		await shoot('credential');
		await editor.saveCredential({ baseUrl: rig().api.url, apiKey: 'a wrong one' });
		assert.match(await editor.credentialProblem(), /the DocDrop API credential/);
		await shoot('credential with a wrong key');
		await editor.saveCredential({ baseUrl: rig().api.url, apiKey });
		// The dialog closes itself where the test passed.
		await editor.credentialDialog().waitFor({ state: 'detached' });
		await shoot('publish many');
		await editor.closeNode();
		assert.deepEqual(await editor.nodeNames(), ['DocDrop Trigger', 'Publish many documents']);
	}
});
