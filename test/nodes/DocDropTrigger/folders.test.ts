import assert from 'node:assert/strict';
import { mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeOperationError } from 'n8n-workflow';
import { until } from '../watch/harness.ts';
import { rested, stored, triggers } from './rig.ts';

describe('DocDrop Trigger: folders and names', () => {
	const rig = triggers();

	it('watches several folders as one source, and renames nothing when one is added', async () => {
		const folder = await rig.folder('one');
		const two = await rig.folder('two');
		await writeFile(join(folder, 'a'), '1');
		await writeFile(join(two, 'a'), '2');
		const first = await rig.start({ folder });
		await rested(first);
		await first.close();
		const moreFolders = { folder: [{ path: two, label: 'second' }] };
		const both = await rig.start(
			{ folder, options: { moreFolders } },
			{ staticData: stored(first.staticData) },
		);
		await until(() => both.files().length > 0);
		assert.deepEqual(both.news(), ['created second/a']);
		const [item] = both.files();
		assert.deepEqual([item?.docdrop.root, item?.relPath, item?.path], ['second', 'a', join(two, 'a')]);
		assert.equal(item?.docdrop.sourceId, first.files()[0]?.docdrop.sourceId);
	});

	it('says what becomes of the documents of a folder that was taken out, and lets them go when told to', async () => {
		const folder = await rig.folder('one');
		const two = await rig.folder('two');
		await writeFile(join(folder, 'a'), '1');
		for (const name of ['b', 'c']) await writeFile(join(two, name), name);
		const moreFolders = { folder: [{ path: two, label: 'second' }] };
		const both = await rig.start({ folder, options: { moreFolders } });
		await rested(both);
		await both.close();
		const staticData = stored(both.staticData);
		const alone = await rig.start({ folder }, { staticData });
		const [told] = alone.failedExecutions;
		assert.ok(told instanceof NodeOperationError);
		assert.match(told.message, /"second" is no longer in the settings, and 2 documents of it stay/);
		assert.match(told.description ?? '', /Everything Again/);
		await alone.close();
		const restarted = await rig.start(
			{ folder },
			{ staticData: stored(alone.staticData), activation: 'init' },
		);
		assert.deepEqual(restarted.failedExecutions, [], 'a restart repeats nothing');
		await restarted.close();
		const again = await rig.start(
			{ folder, options: { onActivation: 'everything' } },
			{ staticData: stored(restarted.staticData) },
		);
		await rested(again);
		assert.deepEqual(again.failedExecutions, []);
		assert.deepEqual(again.news(), ['created a']);
		const snapshot = again.emitted.find((it) => it.snapshot !== null)?.snapshot;
		assert.deepEqual(snapshot?.docdrop.present, [], 'whatever else the source has is gone');
	});

	for (const documentId of ['', '{relPath}', 'docs/{name}']) {
		it(`names the files of another Folder as a fresh workflow would, with ${documentId || 'no template'}`, async () => {
			const folder = await rig.folder('old-root');
			const other = await rig.folder('new-root');
			for (const name of ['a', 'same']) await writeFile(join(folder, name), name);
			for (const name of ['b', 'same']) await writeFile(join(other, name), `new ${name}`);
			const options = { documentId };
			const first = await rig.start({ folder, options });
			await rested(first);
			const before = first.news();
			await first.close();
			const changed = await rig.start({ folder: other, options }, { staticData: stored(first.staticData) });
			await until(() => changed.files().length === 2);
			const bare = before.map((line) => line.replace(/a$/, 'b'));
			assert.deepEqual(changed.news(), bare);
			assert.match(changed.failedExecutions[0]?.message ?? '', /"old-root" is no longer .* 2 documents/);
			await changed.close();
			const back = await rig.start({ folder, options }, { staticData: stored(changed.staticData) });
			await until(() => back.files().length === 2);
			assert.deepEqual(back.news(), before, 'what was known before proves nothing of other names');
		});
	}

	it('renames no document of a folder that stays when the first one is taken out', async () => {
		const folder = await rig.folder('one');
		const two = await rig.folder('two');
		await writeFile(join(two, 'a'), '2');
		const moreFolders = { folder: [{ path: two }] };
		const both = await rig.start({ folder, options: { moreFolders } });
		await rested(both);
		await both.close();
		await writeFile(join(two, 'b'), '3');
		const alone = await rig.start({ folder: two }, { staticData: stored(both.staticData) });
		await until(() => alone.files().length > 0);
		assert.deepEqual(alone.news(), ['created two/b']);
	});

	it('moves a document between tenants with both of its names', async () => {
		const folder = await rig.folder();
		await mkdir(join(folder, 'acme'));
		await mkdir(join(folder, 'bolt'));
		await writeFile(join(folder, 'acme/a.md'), 'one');
		const options = { documentId: '{tenant}:{relPath}', deletionGrace: 1 };
		const trigger = await rig.start({ folder, tenantFrom: 'segment', tenantSegment: 1, options });
		await rested(trigger);
		await rename(join(folder, 'acme/a.md'), join(folder, 'bolt/b.md'));
		await until(() => trigger.files().length === 2);
		const moved = trigger.files()[1];
		assert.deepEqual(
			[
				moved?.event,
				moved?.tenant,
				moved?.docId,
				moved?.docdrop.previousTenant,
				moved?.docdrop.previousDocId,
			],
			['moved', 'bolt', 'bolt:bolt/b.md', 'acme', 'acme:acme/a.md'],
		);
	});

	it('leaves out files that have no tenant, reports them, and counts them as present where they have one', async () => {
		const folder = await rig.folder();
		await mkdir(join(folder, 'acme'));
		for (const path of ['stray', 'acme/a', 'acme/b']) await writeFile(join(folder, path), path);
		const trigger = await rig.start({ folder, tenantFrom: 'segment', tenantSegment: 1 });
		await rested(trigger);
		assert.deepEqual(trigger.news(), ['created acme/a', 'created acme/b']);
		assert.deepEqual(trigger.emitted.at(-1)?.snapshot?.docdrop.present, []);
		const [failed] = trigger.failedExecutions;
		assert.ok(failed instanceof NodeOperationError);
		assert.match(failed.message, /A file is left out: it lies in no folder number 1/);
		assert.match(failed.description ?? '', /"stray"/);
	});

	it('names parked files as present in the snapshot, under the names that the API knows', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a.md'), 'one');
		const options = { documentId: 'docs/{relPath}' };
		const trigger = await rig.start({ folder, tenant: 'acme', options }, { auto: 'waiting' });
		await until(() => trigger.emitted.length >= 1);
		trigger.auto = 'success';
		await rested(trigger);
		const snapshot = trigger.emitted.find((it) => it.snapshot !== null)?.snapshot;
		assert.deepEqual(snapshot?.docdrop.present, [{ tenant: 'acme', docId: 'docs/a.md' }]);
	});

	it('gives an ID to one file only, also after a restart', async () => {
		const folder = await rig.folder();
		for (const name of ['x', 'y']) await mkdir(join(folder, name));
		await writeFile(join(folder, 'x/a.md'), 'x');
		const options = { documentId: '{name}' };
		const first = await rig.start({ folder, options });
		await rested(first);
		await writeFile(join(folder, 'y/a.md'), 'y');
		await until(() => first.failedExecutions.length > 0);
		assert.match(first.failedExecutions[0]?.message ?? '', /same document ID/);
		await first.close();
		const second = await rig.start({ folder, options }, { staticData: stored(first.staticData) });
		await until(() => second.failedExecutions.length > 0);
		assert.deepEqual(second.news(), []);
		await unlink(join(folder, 'x/a.md'));
		await until(() => second.files().length > 0);
		assert.deepEqual(second.news(), ['deleted a.md']);
	});

	it('keeps to include, exclude, size and events', async () => {
		const folder = await rig.folder();
		for (const name of ['a.MD', 'b.pdf', 'draft.md', 'c.txt']) await writeFile(join(folder, name), name);
		await writeFile(join(folder, 'big.md'), 'x'.repeat(1_048_577));
		const options = { fileTypes: 'md, pdf', exclude: 'draft*', maxFileSize: 1 };
		const trigger = await rig.start({ folder, changes: ['created', 'changed'], options });
		await until(() => trigger.files().length === 2);
		assert.deepEqual(trigger.news(), ['created a.MD', 'created b.pdf']);
		await unlink(join(folder, 'b.pdf'));
		await rename(join(folder, 'a.MD'), join(folder, 'd.md'));
		await writeFile(join(folder, 'e.md'), 'e');
		await until(() => trigger.files().length >= 4);
		assert.deepEqual(trigger.news(), ['created d.md', 'created e.md']);
		// Nobody was told of deletions: the API must not be told to look for them.
		assert.ok(trigger.emitted.every(({ snapshot }) => snapshot === null));
	});

	it('passes on that documents are to be taken over', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const trigger = await rig.start({ folder, options: { takeOver: true } });
		await rested(trigger);
		assert.ok(trigger.emitted.every(({ items }) => items.every(({ docdrop }) => docdrop.takeOver)));
	});
});

describe('DocDrop Trigger: what it refuses at activation', () => {
	const rig = triggers();

	it('a folder that n8n may not read, with the line to set', async () => {
		const folder = await rig.folder();
		process.env['N8N_RESTRICT_FILE_ACCESS_TO'] = '/elsewhere';
		await assert.rejects(rig.start({ folder }), (error: NodeOperationError) => {
			assert.ok(error instanceof NodeOperationError);
			const line = `N8N_RESTRICT_FILE_ACCESS_TO=/elsewhere;${folder}`;
			assert.ok(error.description?.endsWith(line));
			// n8n shows only the message while a workflow is published.
			assert.ok(error.message.startsWith('n8n may not read the folder') && error.message.endsWith(line));
			return true;
		});
	});

	it('the same in a manual test, whose panel shows message and description', async () => {
		const folder = await rig.folder();
		process.env['N8N_RESTRICT_FILE_ACCESS_TO'] = '/elsewhere';
		await assert.rejects(rig.start({ folder }, { mode: 'manual' }), (error: NodeOperationError) => {
			assert.doesNotMatch(error.message, /N8N_RESTRICT/);
			assert.match(error.description ?? '', /N8N_RESTRICT/);
			return true;
		});
	});

	it('a folder that is not there, in queue mode with a word about the workers', async () => {
		const folder = join(rig.home(), 'missing');
		process.env['EXECUTIONS_MODE'] = 'queue';
		await assert.rejects(rig.start({ folder }), (error: NodeOperationError) =>
			/every worker/.test(error.description ?? ''),
		);
	});

	it('a tenant, an ID and folders that do not work', async () => {
		const folder = await rig.folder();
		await assert.rejects(rig.start({ folder, tenant: 'two words' }), /cannot be a tenant/);
		await assert.rejects(rig.start({ folder, options: { documentId: '{path}' } }), /no \{path\}/);
		const moreFolders = { folder: [{ path: join(folder), label: 'again' }] };
		await assert.rejects(rig.start({ folder, options: { moreFolders } }), /overlap/);
		await assert.rejects(rig.start({ folder: '' }), /No folder is set/);
	});

	it('a state that somebody else holds, with what to do', async () => {
		const folder = await rig.folder();
		const options = { state: 'sqlite' };
		await rig.start({ folder, options });
		await assert.rejects(rig.start({ folder, options }), (error: NodeOperationError) =>
			/Another n8n process holds it/.test(error.description ?? ''),
		);
	});

	it('a state inside a watched folder', async () => {
		const folder = await rig.folder('user');
		const options = { state: 'sqlite' };
		await assert.rejects(rig.start({ folder, options }), /state of a large folder is kept/);
	});
});
