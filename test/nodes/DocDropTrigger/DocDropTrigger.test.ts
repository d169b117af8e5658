import assert from 'node:assert/strict';
import { mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createExecutions, documentKey } from '../../../nodes/DocDropTrigger/executions.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { sha256, until } from '../watch/harness.ts';
import { rested, stored, triggers, type ActiveTrigger } from './rig.ts';

describe('DocDrop Trigger: executions', () => {
	const rig = triggers();
	/** Waits for news, and until what became of their executions was noted. */
	const news = async (trigger: ActiveTrigger, ...wanted: string[]) => {
		const all: string[] = [];
		await until(() => all.push(...trigger.news()) >= wanted.length);
		assert.deepEqual(all.sort(), wanted.sort());
		const told = trigger.emitted.findLast(({ files }) => files.length > 0);
		await until(() => told?.staticDataThen !== JSON.stringify(trigger.staticData));
	};

	it('tells of a file with everything that the action node and a person need', async () => {
		const folder = await rig.folder();
		const trigger = await rig.start({ folder, tenant: 'acme' });
		await mkdir(join(folder, 'deep'));
		await writeFile(join(folder, 'deep/a.txt'), 'one');
		await news(trigger, 'created deep/a.txt');
		const [item] = trigger.files();
		assert.ok(item);
		const { docdrop, modifiedAt, ...rest } = item;
		const { sourceId, epoch, batchId, xxh64, ...marks } = docdrop;
		assert.match(sourceId, /^[0-9a-f-]{36}$/);
		assert.match(epoch, /^[0-9a-f-]{36}$/);
		assert.match(batchId, /^[0-9a-f-]{36}$/);
		assert.match(modifiedAt ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
		assert.match(xxh64 ?? '', /^[0-9a-f]{16}$/);
		assert.deepEqual(rest, {
			...{ event: 'created', fileName: 'a.txt', extension: 'txt', mimeType: 'text/plain', directory: 'deep' },
			...{ size: 3, path: join(folder, 'deep/a.txt'), relPath: 'deep/a.txt' },
			...{ tenant: 'acme', docId: 'deep/a.txt', previousPath: null },
		});
		assert.deepEqual(marks, {
			...{ seq: docdrop.seq, takeOver: false, root: 'inbox', sha256: sha256('one'), previousSha256: null },
			...{ previousTenant: null, previousDocId: null, tombstone: null, sourceName: 'workflow Workflow' },
		});
		assert.ok(docdrop.seq > 0);
	});

	it('tells of an edit, a move and a deletion, and of nothing twice', async () => {
		const folder = await rig.folder();
		const path = join(folder, 'a.txt');
		// A move must be recognised before its old name counts as deleted.
		const trigger = await rig.start({ folder, options: { deletionGrace: 1 } });
		await writeFile(path, 'one');
		await news(trigger, 'created a.txt');
		await writeFile(path, 'two');
		await news(trigger, 'changed a.txt');
		assert.equal(trigger.files().at(-1)?.docdrop.previousSha256, sha256('one'));
		await rename(path, join(folder, 'b.txt'));
		await news(trigger, 'moved b.txt');
		const moved = trigger.files().at(-1);
		assert.deepEqual(
			[
				moved?.previousPath,
				moved?.docdrop.previousTenant,
				moved?.docdrop.previousDocId,
				moved?.docdrop.tombstone,
			],
			[path, 'default', 'a.txt', null],
		);
		await unlink(join(folder, 'b.txt'));
		await news(trigger, 'deleted b.txt');
		const deleted = trigger.files().at(-1);
		assert.match(deleted?.docdrop.tombstone ?? '', /^[0-9a-f]{64}$/);
		assert.deepEqual([deleted?.docdrop.sha256, deleted?.size, deleted?.modifiedAt], [null, null, null]);
	});

	it('gathers files in one execution, with one batch id, and closes the first round with a snapshot', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 250; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		const trigger = await rig.start({ folder, options: { batchWindow: 1_000 } });
		await rested(trigger);
		const batches = trigger.emitted.filter(({ files }) => files.length > 0);
		assert.equal(trigger.files().length, 250);
		assert.ok(batches.length <= 4 && (batches[0]?.files.length ?? 0) === 200);
		for (const { files } of batches)
			assert.equal(new Set(files.map(({ docdrop }) => docdrop.batchId)).size, 1);
		assert.equal(new Set(batches.map(({ files }) => files[0]?.docdrop.batchId)).size, batches.length);
		const last = trigger.emitted.at(-1);
		assert.equal(last?.items.length, 1);
		assert.deepEqual([last?.snapshot?.docdrop.present, last?.snapshot?.docdrop.confirmed], [[], false]);
		assert.ok(
			(last?.snapshot?.docdrop.seq ?? 0) > Math.max(...trigger.files().map(({ docdrop }) => docdrop.seq)),
		);
		assert.ok(trigger.emitted.every(({ isTouched }) => isTouched));
	});

	it('runs an execution for each file where that is wanted, and no more at once than allowed', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 7; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		const trigger = await rig.start({ folder, options: { emit: 'file', maxInFlight: 3 } }, { auto: null });
		await until(() => trigger.emitted.length === 3);
		await systemClock.sleep(50);
		assert.equal(trigger.emitted.length, 3);
		trigger.emitted[0]?.end('success');
		await until(() => trigger.emitted.length === 4);
		trigger.auto = 'success';
		for (const one of trigger.emitted) one.end('success');
		await until(() => trigger.files().length === 7);
		assert.ok(trigger.emitted.every(({ items }) => items.length === 1));
	});

	it('has 4 batches or 50 single files in flight by default', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 60; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		for (const [emit, most] of [
			['batch', 4],
			['file', 50],
		] as const) {
			const over = { auto: null, nodeId: emit };
			const trigger = await rig.start({ folder, options: { emit, batchSize: 10 } }, over);
			await until(() => trigger.emitted.length === most);
			await systemClock.sleep(30);
			assert.equal(trigger.emitted.length, most);
			trigger.auto = 'success';
			for (const one of trigger.emitted) one.end('success');
			await rested(trigger);
		}
	});

	it('sends files again whose execution ended in any other way, and tells in the log why', async () => {
		const folder = await rig.folder();
		for (const name of ['a', 'b', 'c', 'd', 'e']) await writeFile(join(folder, name), name);
		const trigger = await rig.start({ folder, options: { emit: 'file' } }, { auto: null });
		await until(() => trigger.emitted.length === 5);
		trigger.auto = 'success';
		const [error, canceled, crashed, skipped, stopped] = trigger.emitted;
		error?.end('error');
		canceled?.end('canceled');
		crashed?.end('crashed');
		// As n8n does for a repetition that it does not run.
		skipped?.end(undefined);
		stopped?.reject(new Error('The execution was cancelled manually'));
		await rested(trigger);
		const [first, second] = [trigger.files().slice(0, 5), trigger.files().slice(5)];
		const names = (files: typeof first) => files.map(({ event, docId }) => `${event} ${docId}`).sort();
		assert.deepEqual(names(second), names(first));
		assert.ok(
			Math.min(...second.map(({ docdrop }) => docdrop.seq)) >
				Math.max(...first.map(({ docdrop }) => docdrop.seq)),
		);
		assert.equal(new Set(trigger.files().map(({ docdrop }) => docdrop.batchId)).size, 10);
		assert.ok(trigger.logged.some((line) => line.startsWith('warn DocDrop Trigger: delivery.failed')));
	});

	for (const status of ['error', 'canceled', 'crashed', undefined] as const) {
		it(`rejects an execution that ended as ${status ?? 'a skipped repetition'}`, async () => {
			const double = rig.contextOf({ folder: '/x' }, {});
			double.auto = null;
			const { context, emitted } = double;
			const executions = createExecutions({
				...{
					context,
					clock: systemClock,
					beforeEmit: () => {},
					onUnsupported: assert.fail,
					onSuperseded: assert.fail,
					onPublished: () => assert.fail(),
					isHeld: () => false,
					name: 'w:n',
				},
			});
			const running = executions.run([]);
			emitted[0]?.end(status);
			await assert.rejects(running, new RegExp(`ended as "${status ?? 'skipped'}"`));
		});
	}

	it('sends at once what was refused when a person publishes the workflow again, and nothing twice before', async () => {
		const folder = await rig.folder();
		for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), name);
		const first = await rig.start({ folder }, { auto: null });
		await until(() => first.files().length === 3);
		const [owned = assert.fail(), ...others] = first.files();
		const context = { refused: [owned.docdrop.seq, 'what else stands there'] };
		first.auto = 'success';
		first.emitted[0]?.end('error', { message: 'docId belongs to another source', context });
		await rested(first);
		const told = first
			.files()
			.slice(3)
			.map(({ docId }) => docId);
		assert.deepEqual(told.sort(), others.map(({ docId }) => docId).sort());
		await first.close();
		const staticData = stored(first.staticData);
		const again = await rig.start({ folder, options: { takeOver: true } }, { staticData });
		await until(() => again.files().length > 0);
		const [taken] = again.files();
		assert.deepEqual([taken?.docId, taken?.docdrop.takeOver], [owned.docId, true]);
	});

	it('sends what had nothing wrong with it again together', async () => {
		const folder = await rig.folder();
		for (let at = 0; at < 30; at += 1) await writeFile(join(folder, String(at)), 'x'.repeat(at));
		const first = await rig.start({ folder }, { auto: null });
		await until(() => first.files().length === 30);
		const before = first.emitted.length;
		first.auto = 'success';
		for (const { files, end } of [...first.emitted])
			end('error', { message: 'owned', context: { refused: [files[0]?.docdrop.seq] } });
		await rested(first);
		assert.equal(first.files().length, 60 - before);
		assert.ok(first.emitted.length <= 2 * before + 1, `${first.emitted.length - before} after ${before}`);
	});

	it('learns from the items of all nodes what was published, and leaves out what they contradict each other in', async () => {
		const double = rig.contextOf({ folder: '/x' }, {});
		double.auto = null;
		const counts: number[] = [];
		const { context, emitted } = double;
		const executions = createExecutions({
			...{ context, clock: systemClock, beforeEmit: () => {} },
			...{ onUnsupported: assert.fail, onSuperseded: assert.fail },
			...{ onPublished: (told: number) => void counts.push(told), isHeld: () => false, name: 'w:n' },
		});
		const running = executions.run([]);
		const item = (docId: string, sha256: string | null) => ({ tenant: 't', docId, jobId: 'j', sha256 });
		const { jobId: _none, ...told } = item('of another kind', 'x');
		emitted[0]?.endWith([item('a', 'x'), item('b', 'x'), item('b', 'y'), item('c', null), told, {}]);
		const { end, published } = await running;
		assert.deepEqual([end, [...published]], ['success', [[documentKey({ tenant: 't', docId: 'a' }), 'x']]]);
		assert.deepEqual(counts, [0]);
	});

	for (const mode of ['regular', 'queue'] as const) {
		it(`in ${mode} mode, tells of a file again that was another one while it was published, and went back`, async () => {
			const folder = await rig.folder();
			const path = join(folder, 'a');
			await writeFile(path, 'one');
			const trigger = await rig.start({ folder }, { auto: null });
			await until(() => trigger.emitted.length === 1);
			const [first] = trigger.emitted;
			const [file] = trigger.files();
			assert.ok(first !== undefined && file !== undefined);
			// As the DocDrop node reads and publishes it, and `git checkout -` puts it back.
			await writeFile(path, 'two');
			const sha256OfTwo = sha256(await readFile(path));
			await writeFile(path, 'one');
			const { tenant, docId } = file;
			if (mode === 'queue') first.end('success');
			else first.endWith([{ tenant, docId, jobId: 'j', state: 'accepted', sha256: sha256OfTwo }]);
			await until(() => trigger.emitted.length === 2);
			assert.deepEqual(trigger.news(), ['created a', 'created a']);
			assert.equal(trigger.files()[1]?.docdrop.sha256, sha256('one'));
			trigger.emitted[1]?.end('success');
			await until(() => trigger.emitted.at(-1)?.snapshot !== null);
			assert.equal(trigger.files().length, 2);
		});
	}

	it('parks the files of an execution that waits, frees its place, and sends them when they change', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const options = { maxInFlight: 1 };
		const trigger = await rig.start({ folder, options }, { auto: 'waiting' });
		await news(trigger, 'created a');
		trigger.auto = 'success';
		await writeFile(join(folder, 'b'), 'other');
		await news(trigger, 'created b');
		await trigger.close();
		const again = await rig.start({ folder, options }, { staticData: stored(trigger.staticData) });
		await writeFile(join(folder, 'c'), 'third');
		await news(again, 'created c');
		await writeFile(join(folder, 'a'), 'two');
		await news(again, 'created a');
	});

	it('does not believe a success that came for a file that was something else meanwhile', async () => {
		const folder = await rig.folder();
		const path = join(folder, 'a');
		await writeFile(path, 'one');
		const trigger = await rig.start({ folder }, { auto: null });
		await until(() => trigger.emitted.length === 1);
		await unlink(path);
		await writeFile(path, 'one');
		trigger.auto = 'success';
		trigger.emitted[0]?.end('success');
		await until(() => trigger.files().length === 2);
		assert.equal(trigger.files()[1]?.docdrop.sha256, sha256('one'));
	});

	it('refuses Engine 2.0 at activation, and stops with an error where it meets it later', async () => {
		const folder = await rig.folder();
		await assert.rejects(rig.start({ folder }, { engineType: 'v2' }), /Engine 2\.0/);
		for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), name);
		const trigger = await rig.start({ folder, options: { emit: 'file' } }, { auto: null });
		await until(() => trigger.emitted.length === 3);
		const message =
			'Engine 2.0 cannot run a trigger that waits for its execution to finish yet. Set the node to hand off without waiting.';
		for (const one of trigger.emitted) one.reject(new Error(message));
		await until(() => trigger.errors.length > 0);
		await systemClock.sleep(20);
		assert.equal(trigger.errors.length, 1);
		assert.match(trigger.errors[0]?.message ?? '', /Engine 2\.0/);
	});

	it('asks for a snapshot again when its execution failed, and no sooner than after a while', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const trigger = await rig.start({ folder }, { auto: null });
		await until(() => trigger.emitted.length === 1);
		trigger.emitted[0]?.end('success');
		await until(() => trigger.emitted[1]?.snapshot !== undefined && trigger.emitted.length === 2);
		trigger.emitted[1]?.end('error');
		trigger.auto = 'success';
		await writeFile(join(folder, 'b'), 'one');
		await until(() => trigger.files().length === 2);
		await systemClock.sleep(50);
		assert.equal(trigger.emitted.filter(({ snapshot }) => snapshot !== null).length, 1);
		await trigger.close();
		const again = await rig.start({ folder }, { staticData: stored(trigger.staticData) });
		await rested(again);
	});
});
