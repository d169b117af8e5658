import assert from 'node:assert/strict';
import { rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { until } from '../watch/harness.ts';
import { rested, stored, triggers } from './rig.ts';

describe('DocDrop Trigger: its life', () => {
	const rig = triggers();

	it('closes at once with executions in flight, and sends what they carried at the next start', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder }, { auto: null });
		await until(() => first.emitted.length === 1);
		const started = systemClock.monotonic();
		await first.close();
		assert.ok(systemClock.monotonic() - started < 2000);
		// Too late: it is another one's by now.
		first.emitted[0]?.end('success');
		const second = await rig.start({ folder }, { staticData: stored(first.staticData) });
		await until(() => second.files().length === 1);
		assert.equal(second.files()[0]?.docdrop.sourceId, first.files()[0]?.docdrop.sourceId);
		assert.equal(second.files()[0]?.docdrop.epoch, first.files()[0]?.docdrop.epoch);
		assert.ok((second.files()[0]?.docdrop.seq ?? 0) > (first.files()[0]?.docdrop.seq ?? 0));
	});

	it('takes in what comes back within the second that it has to close', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder }, { auto: null });
		await until(() => first.emitted.length === 1);
		const closing = first.close();
		first.emitted[0]?.end('success');
		await closing;
		await writeFile(join(folder, 'b'), 'two');
		const second = await rig.start({ folder }, { staticData: stored(first.staticData) });
		await until(() => second.files().length > 0);
		assert.deepEqual(second.news(), ['created b']);
	});

	it('catches up with what changed while it was down', async () => {
		const folder = await rig.folder();
		for (const name of ['edited', 'moved', 'gone', 'same']) await writeFile(join(folder, name), name);
		const first = await rig.start({ folder });
		await rested(first);
		await first.close();
		await writeFile(join(folder, 'edited'), 'anew');
		await rename(join(folder, 'moved'), join(folder, 'moved there'));
		await unlink(join(folder, 'gone'));
		await writeFile(join(folder, 'new'), 'new');
		const again = { staticData: stored(first.staticData), activation: 'init' as const };
		const second = await rig.start({ folder, options: { deletionGrace: 1 } }, again);
		await until(() => second.files().length === 4);
		assert.deepEqual(second.news(), ['changed edited', 'created new', 'deleted gone', 'moved moved there']);
	});

	it('tells of nothing that was there before, where only what comes from now on is wanted', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'old'), 'old');
		const options = { onActivation: 'fromNow' };
		const first = await rig.start({ folder, options });
		await writeFile(join(folder, 'new'), 'new');
		await until(() => first.files().length > 0);
		assert.deepEqual(first.news(), ['created new']);
		await writeFile(join(folder, 'old'), 'edited');
		await until(() => first.files().length > 1);
		// What was there is known only from the end of the first scan on.
		assert.match(first.news().join(), /^(changed|created) old$/);
		await first.close();
		// What happens while n8n is down counts, what happens before a person activates it does not.
		await writeFile(join(folder, 'down'), 'down');
		const { staticData } = first;
		const restarted = await rig.start({ folder, options }, { staticData, activation: 'init' });
		const told: string[] = [];
		await until(() => told.push(...restarted.news()) > 0 && told.includes('created down'));
		// What was not acknowledged yet when it ended is told of once more.
		assert.deepEqual(
			told.filter((news) => !news.endsWith(' old')),
			['created down'],
		);
		await restarted.close();
		await writeFile(join(folder, 'before'), 'before');
		const activated = await rig.start({ folder, options }, { staticData });
		await writeFile(join(folder, 'after'), 'after');
		await until(() => activated.files().length > 0);
		assert.deepEqual(activated.news(), ['created after']);
		for (const { emitted } of [first, restarted, activated])
			assert.ok(emitted.every(({ snapshot }) => snapshot === null));
	});

	it('sends everything again where that is wanted, when a person activates it', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const options = { onActivation: 'everything' };
		const first = await rig.start({ folder, options });
		await rested(first);
		await first.close();
		const staticData = stored(first.staticData);
		const restarted = await rig.start({ folder, options }, { staticData, activation: 'init' });
		await writeFile(join(folder, 'b'), 'two');
		await until(() => restarted.files().length > 0);
		assert.deepEqual(restarted.news(), ['created b']);
		await restarted.close();
		const own = stored(restarted.staticData);
		// n8n puts back a trigger that it misses, and calls it an update; by itself it leaves one without changes alone.
		const putBack = await rig.start({ folder, options }, { staticData: own, activation: 'update' });
		await writeFile(join(folder, 'c'), 'three');
		await until(() => putBack.files().length > 0);
		assert.deepEqual(putBack.news(), ['created c']);
		await putBack.close();
		const changed = { folder, options: { ...options, batchSize: 100 } };
		const again = { staticData: stored(putBack.staticData), activation: 'update' } as const;
		const published = await rig.start(changed, again);
		await rested(published);
		assert.deepEqual(published.news(), ['created a', 'created b', 'created c']);
		assert.equal(published.files()[0]?.docdrop.sourceId, first.files()[0]?.docdrop.sourceId);
		assert.notEqual(published.files()[0]?.docdrop.epoch, first.files()[0]?.docdrop.epoch);
	});

	it('begins a new epoch when documents get other names', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		for (const state of ['staticData', 'sqlite']) {
			const over = { nodeId: state };
			const first = await rig.start({ folder, options: { state } }, over);
			await rested(first);
			await first.close();
			const staticData = stored(first.staticData);
			const second = await rig.start({ folder, tenant: 'acme', options: { state } }, { ...over, staticData });
			await rested(second);
			assert.deepEqual(second.news(), ['created a']);
			assert.equal(second.files()[0]?.tenant, 'acme');
			assert.notEqual(second.files()[0]?.docdrop.epoch, first.files()[0]?.docdrop.epoch);
			await second.close();
		}
	});

	it('has a state of its own as a copy or in an import, also where static data came along', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const first = await rig.start({ folder });
		await rested(first);
		await first.close();
		const staticData = stored(first.staticData);
		const copies = [{ nodeId: 'copy' }, { workflowId: 'imported' }];
		const epochs = new Set([first.files()[0]?.docdrop.epoch]);
		for (const over of copies) {
			const copy = await rig.start({ folder }, { ...over, staticData: stored(staticData) });
			await until(() => copy.files().length === 1);
			epochs.add(copy.files()[0]?.docdrop.epoch);
			await copy.close();
		}
		assert.equal(epochs.size, 3);
	});

	it('moves to SQLite when a folder becomes large, and tells of every file once more in a new epoch', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 990; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		const trigger = await rig.start({ folder });
		await rested(trigger);
		const epoch = trigger.files()[0]?.docdrop.epoch;
		for (let n = 990; n < 1010; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		await until(() =>
			trigger.emitted.some(({ snapshot }) => snapshot !== null && snapshot.docdrop.epoch !== epoch),
		);
		const fresh = trigger.files().filter((file) => file.docdrop.epoch !== epoch);
		assert.equal(new Set(fresh.map(({ docId }) => docId)).size, 1010);
		assert.ok(JSON.stringify(trigger.staticData).length < 1000);
		assert.deepEqual(trigger.errors, []);
	});

	it('begins in SQLite where a folder is large from the beginning', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 1100; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		const trigger = await rig.start({ folder });
		await rested(trigger);
		assert.equal(trigger.files().length, 1100);
		assert.equal(new Set(trigger.files().map(({ docdrop }) => docdrop.epoch)).size, 1);
	});

	it('begins anew when somebody else writes its static data, and loses nothing', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const trigger = await rig.start({ folder });
		await rested(trigger);
		const epoch = trigger.files()[0]?.docdrop.epoch;
		const key = Object.keys(trigger.staticData).find((name) => name === 'docdrop:node-1') ?? assert.fail();
		trigger.staticData[key] = { of: 'another node' };
		await writeFile(join(folder, 'b'), 'two');
		await until(() =>
			trigger.emitted.some(({ snapshot }) => snapshot !== null && snapshot.docdrop.epoch !== epoch),
		);
		const fresh = trigger.files().filter((file) => file.docdrop.epoch !== epoch);
		assert.deepEqual(fresh.map(({ docId }) => docId).sort(), ['a', 'b']);
		assert.ok(trigger.logged.some((line) => /begins with a new state/.test(line)));
		assert.deepEqual(trigger.errors, []);
	});

	it('holds mass deletions, tells of them, and lets go of them when a person confirms', async () => {
		const folder = await rig.folder();
		for (let n = 0; n < 30; n += 1) await writeFile(join(folder, `f${n}`), String(n));
		const first = await rig.start({ folder });
		await rested(first);
		await first.close();
		for (let n = 0; n < 20; n += 1) await unlink(join(folder, `f${n}`));
		const staticData = stored(first.staticData);
		const options = { confirmHeld: true };
		const restarted = await rig.start({ folder, options }, { staticData, activation: 'init' });
		await until(() => restarted.failedExecutions.length > 0);
		assert.match(restarted.failedExecutions[0]?.message ?? '', /Deletions in the folder "inbox" are held/);
		await systemClock.sleep(100);
		assert.deepEqual(restarted.news(), []);
		await restarted.close();
		const confirmed = await rig.start({ folder, options }, { staticData });
		await until(() => confirmed.files().length === 20);
		assert.ok(confirmed.files().every(({ event }) => event === 'deleted'));
		assert.deepEqual(confirmed.failedExecutions, [], 'who has agreed is not asked once more');
	});

	it('confirms a snapshot that the API holds, when a person says so', async () => {
		const folder = await rig.folder();
		const options = { confirmHeld: true };
		for (const [activation, confirmed] of [
			['activate', true],
			['init', false],
		] as const) {
			const trigger = await rig.start({ folder, options }, { activation, nodeId: activation });
			await until(() => trigger.emitted.length === 1);
			assert.equal(trigger.emitted[0]?.snapshot?.docdrop.confirmed, confirmed);
		}
	});

	it('outlives a folder that goes away, tells of it once, and goes on when it is back', async () => {
		const folder = await rig.folder();
		await writeFile(join(folder, 'a'), 'one');
		const trigger = await rig.start({ folder, options: { watchMode: 'polling', pollInterval: 1 } });
		await rested(trigger);
		trigger.news();
		await rename(folder, `${folder}.away`);
		await until(() => trigger.failedExecutions.length > 0);
		assert.match(trigger.failedExecutions[0]?.message ?? '', /The folder "inbox" is gone/);
		await rename(`${folder}.away`, folder);
		await writeFile(join(folder, 'b'), 'two');
		await until(() => trigger.files().length === 2);
		assert.deepEqual(trigger.news(), ['created b']);
		assert.deepEqual(trigger.errors, []);
		await rm(folder, { recursive: true });
	});
});
