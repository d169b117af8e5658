import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { followedFolders, nodeOf } from './followed-folders.ts';
import { tenant } from './rig.ts';
import { executions } from './workflows.ts';

/** What the end of an execution means for its files, in the real n8n: one workflow and one folder a test. */
describe('executions that end in every way, in the real n8n', () => {
	const { rig, workflowId, until, follow, publish, write, published, ended } = followedFolders();

	it('error: the batch goes again, in halves, until the file that fails stands alone', async () => {
		const poison = `if ($input.all().some(({ json }) => json.docId?.includes('poison'))) throw new Error('poison');
			return $input.all();`;
		await follow('error', [nodeOf('n8n-nodes-base.code', 2, { jsCode: poison }), publish()]);
		for (const name of ['a.txt', 'b.txt', 'poison.txt', 'c.txt', 'd.txt']) write(`error/${name}`);
		for (const name of ['a', 'b', 'c', 'd']) await published(`error/${name}.txt`);
		assert.equal((await rig().api.documents()).has('error/poison.txt'), false);
		await ended('error', 2);
	});

	it('waiting: the files are parked, and sent again when they change', async () => {
		await follow('waiting', [nodeOf('n8n-nodes-base.wait', 1.1, { resume: 'webhook' }), publish()]);
		write('waiting/a.txt', 'one');
		// The file, and the end of the first round.
		await ended('waiting', 2);
		await sleep(5000);
		assert.equal((await executions(rig().n8n, workflowId())).length, 2, 'parked');
		write('waiting/a.txt', 'two');
		await ended('waiting', 3);
	});

	it('canceled: the files go again', async () => {
		await follow('canceled', [
			nodeOf('n8n-nodes-base.code', 2, {
				jsCode:
					'const end = Date.now() + 3000; while (Date.now() < end) await new Promise((r) => setTimeout(r, 50)); return $input.all();',
			}),
			publish(),
		]);
		write('canceled/a.txt');
		const [running] = await ended('running');
		await rig().n8n.rest('POST', `/executions/${running?.id ?? ''}/stop`);
		await ended('canceled');
		await published('canceled/a.txt');
	});

	it('skipped as a duplicate: the files go again, in an execution of their own', async () => {
		await follow('duplicate', [publish()]);
		const db = new DatabaseSync(rig().n8n.database, { timeout: 10_000 });
		// Another process of n8n is first: as this one makes the execution, its key is there.
		db.exec(`
			CREATE TRIGGER others_were_first BEFORE INSERT ON execution_entity
			WHEN NEW.deduplicationKey LIKE 'docdrop:%' BEGIN
				INSERT INTO execution_entity (workflowId, finished, mode, status, createdAt, storedAt, deduplicationKey)
				VALUES (NEW.workflowId, 1, 'trigger', 'success', NEW.createdAt, NEW.storedAt, NEW.deduplicationKey);
			END`);
		write('duplicate/a.txt');
		write('duplicate/b.txt');
		const skipped = () => rig().n8n.log().split('duplicate deduplication key').length - 1;
		const before = skipped();
		await until('n8n skips it', async () => skipped() > before);
		const documents = [...(await rig().api.documents()).keys()];
		assert.deepEqual(
			documents.filter((docId) => docId.startsWith('duplicate/')),
			[],
			'nothing ran',
		);
		db.exec('DROP TRIGGER others_were_first');
		db.close();
		for (const name of ['a', 'b']) await published(`duplicate/${name}.txt`);
		// A document is in the index a moment before its execution ends.
		await until('nothing runs', async () =>
			(await executions(rig().n8n, workflowId())).every(({ status }) => status === 'success'),
		);
	});

	it('an error that may pass fails the execution even where the node goes on after errors', async () => {
		const behind = nodeOf('n8n-nodes-base.noOp', 1, {});
		await follow('outage', [publish({ onError: 'continueRegularOutput' }), behind]);
		write('outage/before.txt');
		await published('outage/before.txt');
		await rig().api.stop();
		write('outage/meanwhile.txt');
		await ended('error');
		await rig().api.start();
		await published('outage/meanwhile.txt');
	});

	it('a refused file fails alone where the node goes on after errors', async () => {
		await follow('refused', [publish({ onError: 'continueRegularOutput' })]);
		write('refused/unknown.xyz', '\u0000\u0001');
		write('refused/good.txt');
		await published('refused/good.txt');
		await ended('success');
		const { jobs } = await rig().api.get<{ jobs: { docId: string; error: { code: string } }[] }>(
			`/v1/jobs?tenant=${tenant}&state=failed`,
		);
		assert.deepEqual(
			jobs.map(({ docId, error }) => [docId, error.code]),
			[['refused/unknown.xyz', 'unsupported_type']],
			'and is told of by the API',
		);
	});

	it('one execution a file, at most so many at a time', async () => {
		await follow('single', [publish()], { emit: 'file', maxInFlight: 5 });
		for (let at = 0; at < 30; at += 1) write(`single/${at}.txt`);
		for (let at = 0; at < 30; at += 1) await published(`single/${at}.txt`);
		const made = (await executions(rig().n8n, workflowId())).filter(({ status }) => status === 'success');
		// The end of the first round is an execution of its own.
		assert.ok(made.length >= 30 && made.length <= 31, `${made.length} executions`);
	});
});
