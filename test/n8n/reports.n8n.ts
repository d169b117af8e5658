import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportedFolders } from '../../api/contract/folder-report-schema.ts';
import { followedFolders, triggerOf } from './followed-folders.ts';
import { activate, deactivate } from './workflows.ts';

/** What the API knows of a folder that a workflow of the real n8n watches. */
describe('folders of n8n as the API knows them', () => {
	const at = followedFolders();
	const { rig, until, create, folderOf, publish, write } = at;
	const reports = async () =>
		(await rig().api.get<{ reports: ReportedFolders[] }>('/v1/sources/reports')).reports;

	it('are told of by the trigger, with what is wrong, until the workflow ends', async () => {
		const { credentials = {} } = publish();
		const trigger = { ...triggerOf(folderOf('told')), credentials };
		const id = await create('Told of', trigger, publish());
		write('told/good.txt');
		symlinkSync(join(rig().inbox, 'told/good.txt'), join(rig().inbox, 'told/link.txt'));
		await activate(rig().n8n, id);
		const [root] = await until('the folder is told of as it is', async () => {
			const [report] = await reports();
			return report?.name === 'workflow Told of' && report.roots[0]?.verifiedAt !== null && report.roots;
		});
		assert.deepEqual([root?.label, root?.files, root?.isDelivered], ['told', 1, true]);
		assert.deepEqual(
			root?.skipped.map(({ relPath }) => relPath),
			['link.txt'],
		);
		const explained = await rig().api.get<{ told: { name: string; reason: string | null } }>(
			'/v1/files/explain?tenant=default&docId=good.txt',
		);
		assert.deepEqual([explained.told.name, explained.told.reason], ['workflow Told of', null]);
		await deactivate(rig().n8n, id);
		await until('nothing is told of it any more', async () => (await reports()).length === 0);
	});
});
