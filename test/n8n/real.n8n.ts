import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileTypes, mimeTypes } from '../../api/contract/file-types.ts';
import { samples } from '../conformance/format-samples.ts';
import { docdropWorkflow } from './headtohead-workflows.ts';
import { createRig, type Rig } from './rig.ts';
import { activate, createWorkflow, deactivate, executionCount, executions } from './workflows.ts';

/**
 * The nodes in the real n8n, with the real API, on real files (`npm run test:n8n`). The tests of a block share
 * one n8n and one folder and build on each other: a start of n8n takes 15 seconds.
 */
describe('the nodes in the real n8n', () => {
	let rig: Rig;
	let workflowId: string;
	before(async () => {
		rig = await createRig();
		const workflow = await docdropWorkflow(rig.n8n, rig.inbox, rig.api.url);
		workflowId = await createWorkflow(rig.n8n, workflow);
		await activate(rig.n8n, workflowId);
	});
	after(() => rig.close());
	const write = (name: string, content: string | Uint8Array) => {
		mkdirSync(join(rig.inbox, name, '..'), { recursive: true });
		writeFileSync(join(rig.inbox, name), content);
	};
	const drop = (prefix: string, count: number) => {
		for (let at = 0; at < count; at += 1)
			write(`${prefix}/${at}.txt`, `${prefix}, file number ${at}.\n`.repeat(20));
	};

	it('follows creations', async () => {
		write('a.txt', 'The first file.');
		write('sub/b.md', '# Title\n\nThe second file.');
		write('sub/deep/ü ß.html', '<h1>Third</h1><p>file</p>');
		await rig.settled();
		await rig.checkIndex();
	});

	it('follows edits, moves and deletions', async () => {
		drop('many', 30);
		await rig.settled();
		write('a.txt', 'The first file, edited.');
		renameSync(join(rig.inbox, 'sub/b.md'), join(rig.inbox, 'sub/moved.md'));
		renameSync(join(rig.inbox, 'many'), join(rig.inbox, 'renamed'));
		rmSync(join(rig.inbox, 'sub/deep/ü ß.html'));
		await rig.settled();
		await rig.checkIndex();
	});

	it('follows files of every type that can be read', async () => {
		const files = mimeTypes.map((type, at) => ({
			name: `types/${at}.${fileTypes[type].endings[0]}`,
			contentOf: (times: number) => samples[type](times).content,
			turn: at % 3,
		}));
		for (const { name, contentOf } of files) write(name, contentOf(1));
		await rig.settled();
		for (const { name, contentOf, turn } of files) {
			if (turn === 0) write(name, contentOf(2));
			else if (turn === 1) renameSync(join(rig.inbox, name), join(rig.inbox, name.replace('/', '/moved ')));
			else rmSync(join(rig.inbox, name));
		}
		await rig.settled();
		await rig.checkIndex();
	});

	it('catches up with what changed while n8n was down', async () => {
		await rig.n8n.stop();
		write('a.txt', 'Edited while n8n was down.');
		write('new.txt', 'Made while n8n was down.');
		renameSync(join(rig.inbox, 'renamed/3.txt'), join(rig.inbox, 'renamed/three.txt'));
		rmSync(join(rig.inbox, 'renamed/4.txt'));
		await rig.n8n.start();
		await rig.settled();
		await rig.checkIndex();
	});

	it('publishes nothing again after a restart', async () => {
		const published = async () =>
			[...(await rig.api.documents())].map(([docId, { publishedAt }]) => [docId, publishedAt]);
		const before = await published();
		await rig.n8n.stop();
		await rig.n8n.start();
		write('~last.txt', 'One file, so that there is something to wait for.');
		await rig.settled();
		// n8n keeps what the trigger noted after its last execution in memory: those files are sent again, and are unchanged.
		assert.deepEqual((await published()).slice(0, -1), before);
		rmSync(join(rig.inbox, '~last.txt'));
		await rig.settled();
	});

	it('takes 500 files within a minute, in a few executions', async () => {
		const before = await executionCount(rig.n8n, workflowId);
		drop('five hundred', 500);
		await rig.settled(60);
		const made = (await executionCount(rig.n8n, workflowId)) - before;
		assert.ok(made <= 20, `${made} executions`);
		await rig.checkIndex();
	});

	it('loses nothing when n8n is killed in the middle of a drop', async () => {
		for (let round = 0; round < 2; round += 1) {
			const dropping = (async () => {
				for (let at = 0; at < 300; at += 1) {
					write(`killed ${round}/${at}.txt`, `Round ${round}, file ${at}.`);
					if (at % 10 === 0) await sleep(10);
				}
			})();
			await sleep(400 + round * 300);
			await rig.n8n.stop('SIGKILL');
			await dropping;
			await rig.n8n.start();
			await rig.settled(90);
		}
		await rig.checkIndex();
	});

	it('loses nothing while the API is down for 20 seconds', async () => {
		drop('before the outage', 50);
		await rig.api.stop();
		drop('during the outage', 100);
		write('a.txt', 'Edited during the outage.');
		await sleep(20_000);
		await rig.api.start();
		await rig.settled(120);
		await rig.checkIndex();
	});

	it('stops with the workflow', async () => {
		await deactivate(rig.n8n, workflowId);
		const before = await executionCount(rig.n8n, workflowId);
		write('ignored-for-now.txt', 'x');
		await sleep(3000);
		assert.equal(await executionCount(rig.n8n, workflowId), before);
		await activate(rig.n8n, workflowId);
		await rig.settled();
		for (const { status } of await executions(rig.n8n, workflowId)) assert.notEqual(status, 'running');
		assert.ok(readdirSync(rig.inbox).length > 0);
	});
});
