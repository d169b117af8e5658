import assert from 'node:assert/strict';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowActivateMode } from 'n8n-workflow';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { failedKeyOf, isByPerson, type FailedNodes } from '../../../nodes/DocDropTrigger/activation.ts';
import { createTriggerContext } from '../../support/n8n-trigger-context.ts';
import { until } from '../watch/harness.ts';
import { rested, stored, triggers } from './rig.ts';

describe('who has activated a trigger node', () => {
	const contextOf = (activation: WorkflowActivateMode, tenant = 'default') =>
		createTriggerContext({ type: new DocDropTrigger(), parameters: { folder: '/x', tenant }, activation })
			.context;

	it('is a person where the trigger was published, changed, or n8n said so', () => {
		const data = {};
		const failed: FailedNodes = new Set();
		const by = (activation: WorkflowActivateMode, tenant?: string) =>
			isByPerson(contextOf(activation, tenant), data, failed);
		assert.deepEqual([by('activate'), by('init'), by('leadershipChange')], [true, false, false]);
		assert.deepEqual([by('update'), by('update', 'acme'), by('update', 'acme')], [false, true, false]);
		assert.equal(by('activate', 'acme'), true, 'it was unpublished before');
	});

	it('is n8n itself where the node has told of a failure before', () => {
		const data = {};
		const context = contextOf('activate');
		const failed: FailedNodes = new Set([failedKeyOf(context)]);
		assert.equal(isByPerson(context, data, failed), false);
		assert.equal(isByPerson(contextOf('update', 'acme'), data, failed), false);
		failed.delete(failedKeyOf(context));
		assert.equal(isByPerson(context, data, failed), true);
	});
});

describe('a workflow that publishes only after its trigger was activated', () => {
	const rig = triggers();
	const silent = { behind: ['n8n-nodes-base.noOp'] };
	const told = (double: { readonly failedExecutions: readonly Error[] }) =>
		double.failedExecutions.map(({ message }) => message);

	it('says in a red execution what is not in the index, once, where n8n leaves the trigger running', async () => {
		const folder = await rig.folder();
		for (const name of ['a', 'b']) await writeFile(join(folder, name), name);
		const trigger = await rig.start({ folder }, silent);
		await rested(trigger);
		assert.deepEqual(told(trigger), []);
		// From now on a node behind it publishes; the trigger hears of it in what its items say.
		trigger.auto = null;
		for (const name of ['c', 'd']) {
			const before = trigger.emitted.length;
			await writeFile(join(folder, name), name);
			await until(() => trigger.emitted.length > before);
			trigger.emitted.at(-1)?.endWith([{ tenant: 'default', docId: name, jobId: 'j', sha256: 'x' }]);
			await until(() => told(trigger).length > 0);
		}
		assert.equal(told(trigger).length, 1);
		assert.match(told(trigger)[0] ?? '', /publishes to the index by now, and 2 files were told of before/);
	});

	it('counts a disabled node for none', async () => {
		const type = 'n8n-nodes-docdrop.docDrop';
		const disabled = { behind: [{ type, disabled: true }] };
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'a');
		const first = await rig.start({ folder }, disabled);
		await rested(first);
		await first.close();
		const second = await rig.start({ folder }, { staticData: stored(first.staticData), activation: 'init' });
		await until(() => told(second).length > 0);
	});

	it('says it at the next activation, and not where all is sent again, or nothing was there', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'a');
		const first = await rig.start({ folder }, silent);
		await rested(first);
		await first.close();
		const staticData = stored(first.staticData);
		const everything = await rig.start({ folder, options: { onActivation: 'everything' } }, { staticData });
		await rested(everything);
		assert.deepEqual([told(everything), everything.news()], [[], ['created a']]);
		await everything.close();
		const again = stored(first.staticData);
		const second = await rig.start({ folder }, { staticData: again, activation: 'init' });
		await until(() => told(second).length > 0);
		assert.match(told(second)[0] ?? '', /1 file was told of before/);
		await second.close();
		const third = await rig.start({ folder }, { staticData: stored(second.staticData), activation: 'init' });
		await unlink(join(folder, 'a'));
		await until(() => third.files().length > 0);
		assert.deepEqual(told(third), []);
	});
});

describe('a sub-workflow that publishes', () => {
	const rig = triggers();
	const call = (options: object) => ({
		type: 'n8n-nodes-base.executeWorkflow',
		parameters: { options: { ...options } },
	});

	it('must be waited for: a person is told where it is not, and no other node publishes', async () => {
		const folder = await rig.folder();
		for (const [behind, activation, count] of [
			[[call({ waitForSubWorkflow: false })], 'activate', 1],
			[[call({ waitForSubWorkflow: false })], 'init', 0],
			[[call({})], 'activate', 0],
			[[call({ waitForSubWorkflow: false }), 'n8n-nodes-docdrop.docDrop'], 'activate', 0],
		] as const) {
			const trigger = await rig.start({ folder }, { behind, activation });
			await rested(trigger);
			assert.equal(trigger.failedExecutions.length, count, JSON.stringify(behind));
			if (count > 0)
				assert.match(trigger.failedExecutions[0]?.message ?? '', /does not wait for its sub-workflow/);
			await trigger.close();
		}
	});
});
