import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeOperationError } from 'n8n-workflow';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { sampleEpoch } from '../../../api/contract/sample-epoch.ts';
import { runManually } from '../../support/n8n-trigger-context.ts';
import { sha256, until } from '../watch/harness.ts';
import { rested, triggers } from './rig.ts';

describe('DocDrop Trigger: manual test', () => {
	const rig = triggers();
	const test = (folder: string, over: Record<string, unknown> = {}, stop?: AbortSignal) => {
		const double = rig.contextOf({ folder, ...over }, { mode: 'manual' });
		return { double, result: runManually(new DocDropTrigger(), double, stop) };
	};

	it('gives the newest file at once, with its real hashes, and notes nothing', async () => {
		const folder = await rig.folder();
		for (const name of ['old.md', 'new.md', 'newer.txt']) await writeFile(join(folder, name), name);
		await utimes(join(folder, 'old.md'), 1, 1);
		await utimes(join(folder, 'newer.txt'), 2e9, 2e9);
		const { double, result } = test(folder, { options: { fileTypes: 'md' } });
		const { items } = await result;
		assert.equal(items?.length, 1);
		const [item] = items;
		assert.ok(item !== undefined && item.event === 'created');
		assert.deepEqual(
			[item.docId, item.path, item.docdrop.sha256, item.size, item.tenant],
			['new.md', join(folder, 'new.md'), sha256('new.md'), 6, 'default'],
		);
		assert.deepEqual([item.docdrop.seq, item.docdrop.epoch], [0, sampleEpoch]);
		assert.deepEqual([double.staticData, double.failedExecutions], [{}, []]);
		assert.equal(existsSync(join(rig.home(), 'user')), false);
	});

	it('has the epoch and the source of the active trigger, and comes before all that it told', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const trigger = await rig.start({ folder });
		await rested(trigger);
		const [item] = (await test(folder).result).items ?? [];
		const [real] = trigger.files();
		assert.deepEqual(
			[item?.docdrop.sourceId, item?.docdrop.epoch, item?.docdrop.seq],
			[real?.docdrop.sourceId, real?.docdrop.epoch, 0],
		);
		assert.ok((real?.docdrop.seq ?? 0) > 0);
	});

	it('waits for the first file of an empty folder', async () => {
		const folder = await rig.folder();
		const { double, result } = test(folder);
		await until(() => double.logged.some((line) => /waiting for the first/.test(line)));
		await writeFile(join(folder, 'a'), 'one');
		const [item] = (await result).items ?? [];
		assert.equal(item?.event === 'created' && item.docdrop.sha256, sha256('one'));
	});

	it('ends cleanly where it is stopped while it waits', async () => {
		const folder = await rig.folder();
		const stop = new AbortController();
		const { double, result } = test(folder, {}, stop.signal);
		await until(() => double.logged.length > 0);
		stop.abort();
		assert.equal((await result).items, null);
	});

	it('says what is wrong, as an activation does', async () => {
		const { result } = test('/nowhere/at/all');
		await assert.rejects(result, NodeOperationError);
	});
});
