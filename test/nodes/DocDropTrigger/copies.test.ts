import assert from 'node:assert/strict';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { supersededCode } from '../../../nodes/item.ts';
import { until } from '../watch/harness.ts';
import { rested, stored, triggers, type ActiveTrigger } from './rig.ts';

/** Workflows that were duplicated, imported, or whose trigger was put in anew: one source, and one that publishes. */
describe('DocDrop Trigger: copies of a workflow', () => {
	const rig = triggers();
	const sourceOf = (trigger: ActiveTrigger) => trigger.files()[0]?.docdrop.sourceId;
	const epochOf = (trigger: ActiveTrigger) => trigger.files().at(-1)?.docdrop.epoch;
	const copy = { workflowId: 'copy of the workflow' };
	const error = { message: 'the copy publishes this folder now', context: { code: supersededCode } };

	for (const state of ['staticData', 'sqlite'] as const) {
		it(`are one source, each with an epoch of its own that tells everything (${state})`, async () => {
			const folder = await rig.folder();
			await writeFile(join(folder, 'a'), 'one');
			await writeFile(join(folder, 'b'), 'two');
			const options = { state };
			const first = await rig.start({ folder, options });
			await rested(first);
			await first.close();
			await unlink(join(folder, 'b'));
			// An import may bring the static data along.
			const staticData = stored(first.staticData);
			const second = await rig.start({ folder, options }, { ...copy, staticData });
			await rested(second);
			assert.deepEqual(second.news(), ['created a']);
			assert.equal(sourceOf(second), sourceOf(first));
			assert.notEqual(epochOf(second), epochOf(first));
			const snapshot = second.emitted.find((one) => one.snapshot !== null)?.snapshot?.docdrop;
			assert.deepEqual([snapshot?.sourceId, snapshot?.epoch], [sourceOf(first), epochOf(second)]);
			await second.close();
			// What it is stays its own, whatever it watches later, and it catches up instead of beginning anew.
			await writeFile(join(folder, 'c.md'), 'three');
			const changed = { folder, options: { ...options, include: '*.md' } };
			const third = await rig.start(changed, { ...copy, staticData: stored(second.staticData) });
			await until(() => third.files().length > 0);
			assert.equal(sourceOf(third), sourceOf(first));
			assert.equal(epochOf(third), epochOf(second));
		});
	}

	it('are told of a trigger that was put in anew, and not of one that tells of other files or names', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a.md'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		const anew = await rig.start({ folder }, { nodeId: 'node-2' });
		await rested(anew);
		assert.equal(sourceOf(anew), sourceOf(first));
		const others = [
			{ options: { include: '*.md' } },
			{ tenant: 'acme' },
			{ options: { documentId: 'x/{relPath}' } },
			{ options: { folderLabel: 'another' } },
			{ changes: ['created', 'changed'] },
		];
		for (const [index, parameters] of others.entries()) {
			const other = await rig.start({ folder, ...parameters }, { nodeId: `other-${index}` });
			await until(() => other.files().length > 0);
			assert.notEqual(sourceOf(other), sourceOf(first), JSON.stringify(parameters));
		}
	});

	it('that is superseded stays so while the other one watches, and begins anew as soon as it does not', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		const before = epochOf(first);
		const second = await rig.start({ folder }, copy);
		await rested(second);
		first.auto = null;
		await writeFile(join(folder, 'b'), 'two');
		await until(() => first.emitted.at(-1)?.files[0]?.docId === 'b');
		first.emitted.at(-1)?.end('error', error);
		first.auto = 'success';
		await until(() => second.files().some(({ docId }) => docId === 'b'));
		assert.equal(epochOf(first), before);
		await second.close();
		await until(() => epochOf(first) !== before);
		await until(() => first.emitted.some(({ snapshot }) => snapshot?.docdrop.epoch === epochOf(first)));
		const told = first.files().filter(({ docdrop }) => docdrop.epoch === epochOf(first));
		assert.deepEqual(told.map(({ docId }) => docId).sort(), ['a', 'b']);
		assert.equal(sourceOf(first), sourceOf(second));
	});

	it('begins anew at once where the other one is gone already, and only once', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		const before = epochOf(first);
		first.auto = null;
		await writeFile(join(folder, 'b'), 'two');
		await until(() => first.emitted.at(-1)?.files[0]?.docId === 'b');
		first.emitted.at(-1)?.end('error', error);
		await until(() => epochOf(first) !== before);
		const renewed = epochOf(first);
		const told = first.emitted.length;
		first.emitted.at(-1)?.end('error', error);
		await until(() => first.logged.filter((line) => line.includes('delivery.failed')).length >= 3);
		assert.equal(epochOf(first), renewed, 'two n8n would outbid each other');
		assert.equal(first.emitted.length, told, 'and fill the list of executions');
	});

	it('catch up with what a copy told of meanwhile, even where there is no trace of it left', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		await first.close();
		const second = await rig.start({ folder }, copy);
		await rested(second);
		// Made and deleted again while the first one was away: it has nothing to tell of.
		await second.close();
		const again = await rig.start({ folder }, { staticData: stored(first.staticData) });
		await rested(again);
		assert.deepEqual(again.news(), ['created a']);
		assert.notEqual(epochOf(again), epochOf(second));
		assert.notEqual(epochOf(again), epochOf(first));
		await again.close();
		const onceMore = await rig.start({ folder }, { staticData: stored(again.staticData) });
		await writeFile(join(folder, 'b'), 'two');
		await until(() => onceMore.files().length > 0);
		assert.equal(epochOf(onceMore), epochOf(again), 'nobody else was active');
		assert.deepEqual(onceMore.news(), ['created b']);
	});

	for (const [fault, spoil] of [
		['damaged', (file: string) => writeFile(file, 'This is no database. '.repeat(500))],
		['gone', (file: string) => unlink(file)],
		['locked', async (file: string) => void (lock = new DatabaseSync(file)).exec('BEGIN EXCLUSIVE')],
		['unusable', async (file: string) => (await unlink(file), void (await mkdir(file)))],
	] as const) {
		it(`stay the source that they are where the register is ${fault}`, async () => {
			const folder = await rig.folder();
			await writeFile(join(folder, 'a'), 'one');
			const first = await rig.start({ folder });
			await rested(first);
			await first.close();
			const second = await rig.start({ folder }, copy);
			await rested(second);
			await second.close();
			await spoil(join(rig.home(), 'user/.n8n/docdrop/sources.db'));
			await writeFile(join(folder, 'b'), 'two');
			const again = await rig.start({ folder }, { ...copy, staticData: stored(second.staticData) });
			await until(() => again.files().length > 0);
			assert.equal(sourceOf(again), sourceOf(first));
		});
	}
	let lock: DatabaseSync | null = null;
	afterEach(() => {
		lock?.close();
		lock = null;
	});

	it('are none where the workflow publishes nothing, as one that mails each new file', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const publishing = await rig.start({ folder });
		await rested(publishing);
		const mails = { ...copy, behind: ['n8n-nodes-base.emailSend'] };
		const mailing = await rig.start({ folder }, mails);
		await rested(mailing);
		assert.notEqual(sourceOf(publishing), sourceOf(mailing));
		const register = new DatabaseSync(join(rig.home(), 'user', '.n8n', 'docdrop', 'sources.db'));
		const noted = register.prepare('SELECT source_id FROM epochs').all();
		register.close();
		assert.deepEqual(
			noted.map(({ source_id }) => source_id),
			[sourceOf(publishing)],
			'nothing of it stands in the register',
		);
		await mailing.close();
		const again = await rig.start({ folder }, { ...mails, staticData: stored(mailing.staticData) });
		await writeFile(join(folder, 'b'), 'two');
		await until(() => again.files().length > 0);
		assert.deepEqual(again.news(), ['created b'], 'no file is mailed twice');
	});

	it('tries out what its source would publish', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		const sample = rig.contextOf({ folder }, { ...copy, mode: 'manual' });
		const { DocDropTrigger } = await import('../../../nodes/DocDropTrigger/DocDropTrigger.node.ts');
		const response = await new DocDropTrigger().trigger.call(sample.context);
		await response.manualTriggerFunction?.();
		await response.closeFunction?.();
		const [item] = sample.emitted.flatMap(({ files }) => files);
		assert.equal(item?.docdrop.sourceId, sourceOf(first));
		assert.notEqual(item?.docdrop.epoch, epochOf(first), 'it is no change of the other workflow');
	});
});
