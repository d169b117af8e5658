import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { inGroups } from '../support/trigger-options.ts';
import { createRig, tenant, type Rig } from './rig.ts';
import {
	activate,
	chain,
	createCredential,
	createWorkflow,
	deactivate,
	executions,
	type Execution,
	type WorkflowNode,
} from './workflows.ts';

/** What the end of an execution means for its files, in the real n8n: one workflow and one folder a test. */
describe('executions that end in every way, in the real n8n', () => {
	let rig: Rig;
	let credential: { id: string; name: string };
	let workflowId: string;
	before(async () => {
		rig = await createRig();
		credential = await createCredential(rig.n8n, rig.api.url);
	});
	afterEach(() => deactivate(rig.n8n, workflowId));
	after(() => rig.close());

	/** A workflow of the trigger, and what comes behind it, on a folder of its own. */
	async function follow(name: string, behind: readonly WorkflowNode[], options: object = {}): Promise<void> {
		const folder = join(rig.inbox, name);
		mkdirSync(folder);
		const trigger: WorkflowNode = {
			id: randomUUID(),
			name: 'Trigger',
			type: 'n8n-nodes-docdrop.docDropTrigger',
			typeVersion: 1,
			position: [0, 0],
			parameters: {
				folder,
				tenantFrom: 'fixed',
				tenant,
				...inGroups({ documentId: `${name}/{relPath}`, ...options }),
			},
		};
		workflowId = await createWorkflow(rig.n8n, { name, ...chain(trigger, ...behind) });
		await activate(rig.n8n, workflowId);
	}
	const node = (type: string, typeVersion: number, parameters: object, more: object = {}): WorkflowNode => ({
		id: randomUUID(),
		name: type.replace(/.*\./, ''),
		type,
		typeVersion,
		position: [0, 0],
		parameters: { ...parameters },
		...more,
	});
	const publish = (more: object = {}) =>
		node(
			'n8n-nodes-docdrop.docDrop',
			1,
			{ resource: 'batch', operation: 'publishMany' },
			{ credentials: { docDropApi: credential }, ...more },
		);
	const write = (name: string, text = name) => writeFileSync(join(rig.inbox, name), text);
	async function until<T>(what: string, ask: () => Promise<T | false | undefined>, seconds = 60): Promise<T> {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const found = await ask();
			if (found !== false && found !== undefined) return found;
			if (Date.now() > end) assert.fail(`${what}: not within ${seconds} s\n${rig.n8n.log().slice(-2000)}`);
			await sleep(100);
		}
	}
	const published = (docId: string) =>
		until(`${docId} is published`, async () => (await rig.api.documents()).get(docId)?.state === 'published');
	const ended = (status: Execution['status'], count = 1) =>
		until(`${count} executions with ${status}`, async () => {
			const found = (await executions(rig.n8n, workflowId)).filter((one) => one.status === status);
			return found.length >= count && found;
		});

	it('error: the batch goes again, in halves, until the file that fails stands alone', async () => {
		const poison = `if ($input.all().some(({ json }) => json.docId?.includes('poison'))) throw new Error('poison');
			return $input.all();`;
		await follow('error', [node('n8n-nodes-base.code', 2, { jsCode: poison }), publish()]);
		for (const name of ['a.txt', 'b.txt', 'poison.txt', 'c.txt', 'd.txt']) write(`error/${name}`);
		for (const name of ['a', 'b', 'c', 'd']) await published(`error/${name}.txt`);
		assert.equal((await rig.api.documents()).has('error/poison.txt'), false);
		await ended('error', 2);
	});

	it('waiting: the files are parked, and sent again when they change', async () => {
		await follow('waiting', [node('n8n-nodes-base.wait', 1.1, { resume: 'webhook' }), publish()]);
		write('waiting/a.txt', 'one');
		// The file, and the end of the first round.
		await ended('waiting', 2);
		await sleep(5000);
		assert.equal((await executions(rig.n8n, workflowId)).length, 2, 'parked');
		write('waiting/a.txt', 'two');
		await ended('waiting', 3);
	});

	it('canceled: the files go again', async () => {
		await follow('canceled', [
			node('n8n-nodes-base.code', 2, {
				jsCode:
					'const end = Date.now() + 3000; while (Date.now() < end) await new Promise((r) => setTimeout(r, 50)); return $input.all();',
			}),
			publish(),
		]);
		write('canceled/a.txt');
		const [running] = await ended('running');
		await rig.n8n.rest('POST', `/executions/${running?.id ?? ''}/stop`);
		await ended('canceled');
		await published('canceled/a.txt');
	});

	it('skipped as a duplicate: the files go again, in an execution of their own', async () => {
		await follow('duplicate', [publish()]);
		const db = new DatabaseSync(rig.n8n.database, { timeout: 10_000 });
		// Another process of n8n is first: as this one makes the execution, its key is there.
		db.exec(`
			CREATE TRIGGER others_were_first BEFORE INSERT ON execution_entity
			WHEN NEW.deduplicationKey LIKE 'docdrop:%' BEGIN
				INSERT INTO execution_entity (workflowId, finished, mode, status, createdAt, storedAt, deduplicationKey)
				VALUES (NEW.workflowId, 1, 'trigger', 'success', NEW.createdAt, NEW.storedAt, NEW.deduplicationKey);
			END`);
		write('duplicate/a.txt');
		write('duplicate/b.txt');
		const skipped = () => rig.n8n.log().split('duplicate deduplication key').length - 1;
		const before = skipped();
		await until('n8n skips it', async () => skipped() > before);
		const documents = [...(await rig.api.documents()).keys()];
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
			(await executions(rig.n8n, workflowId)).every(({ status }) => status === 'success'),
		);
	});

	it('an error that may pass fails the execution even where the node goes on after errors', async () => {
		const behind = node('n8n-nodes-base.noOp', 1, {});
		await follow('outage', [publish({ onError: 'continueRegularOutput' }), behind]);
		write('outage/before.txt');
		await published('outage/before.txt');
		await rig.api.stop();
		write('outage/meanwhile.txt');
		await ended('error');
		await rig.api.start();
		await published('outage/meanwhile.txt');
	});

	it('a refused file fails alone where the node goes on after errors', async () => {
		await follow('refused', [publish({ onError: 'continueRegularOutput' })]);
		write('refused/unknown.xyz', '\u0000\u0001');
		write('refused/good.txt');
		await published('refused/good.txt');
		await ended('success');
		const { jobs } = await rig.api.get<{ jobs: { docId: string; error: { code: string } }[] }>(
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
		const made = (await executions(rig.n8n, workflowId)).filter(({ status }) => status === 'success');
		// The end of the first round is an execution of its own.
		assert.ok(made.length >= 30 && made.length <= 31, `${made.length} executions`);
	});
});
