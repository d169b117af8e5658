import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { settled, until } from '../support/settled.ts';
import { rested, triggers } from './DocDropTrigger/rig.ts';
import { batch } from './DocDrop/harness.ts';

/** The whole way: the trigger's executions are run by n8n's own engine, with the action node and a real API. */
describe('from the folder to the index', () => {
	const rig = triggers();
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());

	/** Runs what the trigger emits, and tells it how each execution ended, until `stop`. */
	function follow(emitted: Awaited<ReturnType<typeof rig.start>>['emitted']) {
		const ended: { readonly status: string; readonly docIds: readonly string[] }[] = [];
		let isOver = false;
		const running = (async () => {
			for (let next = 0; !isOver;) {
				const one = emitted[next];
				if (one === undefined) {
					await new Promise((resolve) => setTimeout(resolve, 2));
					continue;
				}
				next += 1;
				const items = one.items.map((json) => ({ json: { ...json } }));
				const { run } = await runWorkflow({ baseUrl: api.url, parameters: batch, items });
				ended.push({ status: run.status, docIds: one.files.map(({ docId }) => docId) });
				one.end(run.status);
			}
		})();
		return {
			ended,
			async stop() {
				isOver = true;
				await running;
			},
		};
	}

	it('files that nobody can read hold no other up: every file is told of once, in executions that are green', async () => {
		const inbox = await rig.folder();
		const trigger = await rig.start({ folder: inbox, tenant: 'held-up' }, { auto: null });
		const workflow = follow(trigger.emitted);
		try {
			await rested(trigger);
			// All of them come into the folder in one moment.
			const drop = join(rig.home(), 'drop');
			await mkdir(drop);
			const names = [...Array.from({ length: 5 }, (_, index) => `${index}.xyz`), 'a.md', 'b.md', 'c.md'];
			for (const name of names) await writeFile(join(drop, name), `content of ${name}`);
			await rename(drop, join(inbox, 'drop'));
			const told = () => workflow.ended.flatMap(({ docIds }) => docIds);
			await until(
				async () => new Set(told()),
				(docIds) => docIds.size === names.length,
			);
			await settled(api.url);
			for (const name of ['a', 'b', 'c']) {
				const path = `/v1/documents/state?tenant=held-up&docId=drop%2F${name}.md`;
				assert.equal((await call(api.url, { path })).json.state, 'published');
			}
			// What failed would be told again before anything that comes after it.
			await writeFile(join(inbox, 'later.md'), 'comes later');
			await until(
				async () => told(),
				(docIds) => docIds.includes('later.md'),
			);
			assert.deepEqual(told().toSorted(), [...names.map((name) => `drop/${name}`), 'later.md'].toSorted());
			assert.ok(workflow.ended.every(({ status }) => status === 'success'));
		} finally {
			await workflow.stop();
		}
	});
});
