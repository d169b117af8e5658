import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docdropWorkflow } from './headtohead-workflows.ts';
import type { RealWorker } from './real-n8n.ts';
import { startRedis } from './redis.ts';
import { createRig, type Rig } from './rig.ts';
import { activate, createWorkflow, deactivate, executions } from './workflows.ts';

/**
 * n8n's queue mode: the main process watches and emits, two workers run the executions, Redis between them. What
 * the trigger is told of an execution is its status alone.
 */
describe('the nodes in the real n8n, in queue mode', () => {
	let redis: Awaited<ReturnType<typeof startRedis>>;
	let rig: Rig;
	let workers: RealWorker[] = [];
	let workflowId: string;
	before(async function () {
		// Three starts of n8n.
		this.timeout(600_000);
		redis = await startRedis();
		rig = await createRig({
			EXECUTIONS_MODE: 'queue',
			QUEUE_BULL_REDIS_HOST: '127.0.0.1',
			QUEUE_BULL_REDIS_PORT: String(redis.port),
			// A worker that was killed is noticed in seconds, not in minutes.
			QUEUE_WORKER_LOCK_DURATION: '4000',
			QUEUE_WORKER_LOCK_RENEW_TIME: '1000',
			QUEUE_WORKER_STALLED_INTERVAL: '2000',
		});
		workers = await Promise.all([rig.n8n.startWorker(), rig.n8n.startWorker()]);
		workflowId = await createWorkflow(rig.n8n, await docdropWorkflow(rig.n8n, rig.inbox, rig.api.url));
		await activate(rig.n8n, workflowId);
	});
	after(async () => {
		await rig?.close();
		await redis?.stop();
	});
	const write = (name: string, text: string) => {
		mkdirSync(join(rig.inbox, name, '..'), { recursive: true });
		writeFileSync(join(rig.inbox, name), text);
	};

	it('follows a drop of 300 files, edits, moves and deletions, on the workers', async () => {
		for (let at = 0; at < 300; at += 1) write(`drop/${at}.txt`, `File number ${at}.\n`.repeat(20));
		await rig.settled(120);
		for (let at = 0; at < 20; at += 1) write(`drop/${at}.txt`, `File number ${at}, edited.`);
		for (let at = 20; at < 30; at += 1) rmSync(join(rig.inbox, `drop/${at}.txt`));
		renameSync(join(rig.inbox, 'drop/40.txt'), join(rig.inbox, 'moved.txt'));
		await rig.settled(120);
		await rig.checkIndex();
		const ended = await executions(rig.n8n, workflowId);
		assert.deepEqual([...new Set(ended.map(({ status }) => status))], ['success']);
		const onWorkers = rig.n8n.log().match(/Worker started execution/g) ?? [];
		assert.ok(onWorkers.length >= ended.length, `${onWorkers.length} of ${ended.length} ran on workers`);
	});

	it('tells an older copy of the workflow that a newer one publishes, and lets it take over again', async () => {
		const { nodes, ...original } = await docdropWorkflow(rig.n8n, rig.inbox, rig.api.url);
		const anew = nodes.map((node) => ({ ...node, id: randomUUID() }));
		const copy = await createWorkflow(rig.n8n, { ...original, name: 'the copy', nodes: anew });
		await activate(rig.n8n, copy);
		const failed = async () =>
			(await executions(rig.n8n, workflowId)).filter(({ status }) => status === 'error');
		const end = Date.now() + 60_000;
		for (let round = 0; (await failed()).length === 0; round += 1) {
			assert.ok(Date.now() < end, 'no execution failed');
			write('contested.txt', `Round ${round}.`);
			await rig.settled(60);
		}
		await deactivate(rig.n8n, copy);
		// By the code of the error, which a worker sent to the main process.
		write('contested.txt', 'The copy is gone.');
		await rig.settled(30);
		await rig.n8n.rest('POST', `/workflows/${copy}/archive`);
	});

	it('loses nothing when the workers are killed in the middle of a drop', async () => {
		const dropping = (async () => {
			for (let at = 0; at < 300; at += 1) {
				write(`killed/${at}.txt`, `File ${at}.`);
				if (at % 10 === 0) await sleep(20);
			}
		})();
		await sleep(700);
		const [first, second] = workers;
		await first?.stop('SIGKILL');
		await sleep(300);
		await second?.stop('SIGKILL');
		await dropping;
		workers = [await rig.n8n.startWorker()];
		await rig.settled(180);
		await rig.checkIndex();
	});

	it('loses nothing to a worker whose folder is an empty volume, and says what to mount', async function () {
		// Only root may hide a folder from a process.
		if (spawnSync('unshare', ['--mount', 'true']).status !== 0) this.skip();
		for (const worker of workers) await worker.stop();
		workers = [await rig.n8n.startWorker(rig.inbox)];
		for (let at = 0; at < 4; at += 1) write(`unseen/${at}.txt`, `File ${at}.`);
		const failed = async () =>
			(await executions(rig.n8n, workflowId)).filter(({ status }) => status === 'error').slice(0, 1);
		const end = Date.now() + 90_000;
		let [one] = await failed();
		const before = one?.id;
		while (one === undefined || one.id === before) {
			assert.ok(Date.now() < end, 'no execution failed');
			await sleep(200);
			[one] = await failed();
		}
		const { data } = await rig.n8n.rest<{ data: string }>('GET', `/executions/${one.id}`);
		assert.match(data, /the folder looks empty/);
		assert.match(data, /mount the folder on every worker/);
		const [blind] = workers;
		workers = [await rig.n8n.startWorker()];
		await blind?.stop();
		await rig.settled(180);
		await rig.checkIndex();
	});
});
