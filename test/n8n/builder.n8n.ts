import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { followedFolders, nodeOf, triggerOf } from './followed-folders.ts';
import { tenant } from './rig.ts';
import { activate, chain, deactivate, executions, type WorkflowNode } from './workflows.ts';

/** What meets whoever builds a workflow by hand, in the real n8n: it follows, or it is red and says what to do. */
describe('workflows as people build them, in the real n8n', () => {
	const at = followedFolders();
	const { rig, workflowId, until, follow, create, folderOf, publish, write, published, ended } = at;
	const statuses = async () =>
		(await executions(rig().n8n, workflowId()))
			.map(({ status }) => status)
			.filter((one) => one !== 'success');

	it('files that nobody can read keep no good file waiting', async () => {
		await follow('mixed', [publish()]);
		write('mixed/first.txt');
		await published('mixed/first.txt');
		const before = (await executions(rig().n8n, workflowId())).length;
		for (let at = 0; at < 5; at += 1) write(`mixed/${at}.zip`, 'no archive');
		write('mixed/good.txt');
		await published('mixed/good.txt');
		await ended('success', before + 1);
		assert.deepEqual(await statuses(), [], 'nothing failed, and so nothing is sent again');
		const made = (await executions(rig().n8n, workflowId())).length - before;
		assert.ok(made <= 2, `${made} executions`);
	});

	it('what was previewed is published only as it was seen', async () => {
		const pause = nodeOf('n8n-nodes-base.code', 2, {
			jsCode:
				'const end = Date.now() + 4000; while (Date.now() < end) await new Promise((r) => setTimeout(r, 50)); return $input.all();',
		});
		const preview = publish(
			{ name: 'Preview' },
			{ resource: 'document', operation: 'preview', source: 'trigger' },
		);
		await follow('asked', [preview, pause, publish({}, { options: { onlyIfUnchanged: true } })]);
		await ended('success');
		write('asked/a.md', 'what a person agreed to');
		await ended('running');
		await until('the preview is made', async () =>
			(await executions(rig().n8n, workflowId())).some(({ status }) => status === 'running'),
		);
		// By now the file was read for the preview, or is; what comes later was not seen.
		await new Promise((done) => setTimeout(done, 2000));
		write('asked/a.md', 'what nobody has seen yet');
		await published('asked/a.md');
		await until('nothing runs', async () => (await statuses()).length === 0);
		const { jobs } = await rig().api.get<{ jobs: { docId: string; state: string }[] }>(
			`/v1/jobs?tenant=${tenant}&docId=asked%2Fa.md`,
		);
		assert.deepEqual(
			jobs.map(({ state }) => state),
			['published'],
			'the second question published it, and the first one nothing',
		);
	});

	it('a pattern that can match nothing is refused at the activation, by name', async () => {
		for (const [name, pattern] of [
			['include', '['],
			['exclude', '{a,b'],
		] as const) {
			const id = await create('globs', triggerOf(folderOf('globs'), { [name]: pattern }), publish());
			// n8n activates in its own time, and the editor asks what became of it.
			await activate(rig().n8n, id).catch(() => {});
			await until(`n8n says what is wrong with ${pattern}`, async () => {
				const status = await rig().n8n.rest<object>('GET', `/workflows/${id}/publication-status`);
				const option = name === 'include' ? 'Include' : 'Exclude';
				const said = `${option} has a pattern that can match no file, ${JSON.stringify(pattern)}`;
				return JSON.stringify(status).includes(JSON.stringify(said).slice(1, -1));
			});
			await deactivate(rig().n8n, id);
		}
	});

	it('another folder in the settings names its documents as a fresh workflow does', async () => {
		const id = await create('moved on', triggerOf(folderOf('old-place')), publish());
		write('old-place/a0.txt');
		await activate(rig().n8n, id);
		await published('a0.txt');
		const workflow = await rig().n8n.rest<{
			versionId: string;
			nodes: { name: string; parameters: object }[];
		}>('GET', `/workflows/${id}`);
		const folder = { __rl: true, mode: 'path', value: folderOf('new-place') };
		const nodes = workflow.nodes.map((node) =>
			node.name === 'Trigger' ? { ...node, parameters: { ...node.parameters, folder } } : node,
		);
		await rig().n8n.rest('PATCH', `/workflows/${id}`, { ...workflow, nodes });
		write('new-place/b0.txt');
		await activate(rig().n8n, id);
		await published('b0.txt');
		const names = [...(await rig().api.documents()).keys()];
		assert.deepEqual(
			names.filter((name) => name.startsWith('new-place/')),
			[],
		);
	});

	it('a trigger that was published before anything published its files says what is not in the index', async () => {
		await follow('later', [nodeOf('n8n-nodes-base.noOp', 1, {})]);
		write('later/early.txt');
		await ended('success');
		const { versionId: _id, ...workflow } = await rig().n8n.rest<{
			versionId: string;
			nodes: readonly WorkflowNode[];
		}>('GET', `/workflows/${workflowId()}`);
		const [trigger] = workflow.nodes;
		assert.ok(trigger !== undefined);
		const changed = { ...workflow, ...chain(trigger, publish()) };
		await rig().n8n.rest('PATCH', `/workflows/${workflowId()}`, changed);
		await activate(rig().n8n, workflowId());
		// n8n leaves the trigger running, and takes the new version for what it starts.
		await until('what comes is published', async () => {
			write('later/late.txt', String(Date.now()));
			return (await rig().api.documents()).get('later/late.txt')?.state === 'published';
		});
		await ended('error');
		const documents = await rig().api.documents();
		assert.equal(documents.has('later/early.txt'), false, 'nothing is told of twice by itself');
	});

	it('held deletions are told of once, and go without another red execution when a person agrees', async () => {
		for (let at = 0; at < 25; at += 1) {
			folderOf('held');
			write(`held/${at}.txt`);
		}
		await follow('held', [publish()]);
		await published('held/24.txt');
		const gone = async (name: string) => (await rig().api.documents()).get(name)?.state === 'deleted';
		for (let at = 0; at < 20; at += 1) rmSync(join(rig().inbox, `held/${at}.txt`));
		await ended('error');
		assert.equal(await gone('held/0.txt'), false);
		const workflow = await rig().n8n.rest<{
			versionId: string;
			nodes: { name: string; parameters: object }[];
		}>('GET', `/workflows/${workflowId()}`);
		const confirmed = triggerOf(join(rig().inbox, 'held'), {
			documentId: 'held/{relPath}',
			confirmHeld: true,
		}).parameters;
		const nodes = workflow.nodes.map((node) =>
			node.name === 'Trigger' ? { ...node, parameters: confirmed } : node,
		);
		await rig().n8n.rest('PATCH', `/workflows/${workflowId()}`, { ...workflow, nodes });
		await activate(rig().n8n, workflowId());
		for (let at = 0; at < 20; at += 1) await until('it is gone', () => gone(`held/${at}.txt`));
		assert.deepEqual(await statuses(), ['error'], 'the one of before');
	});
});
