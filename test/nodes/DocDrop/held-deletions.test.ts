import assert from 'node:assert/strict';
import { noFiles } from '../../support/no-audits.ts';
import { DocDrop } from '../../../nodes/DocDrop/DocDrop.node.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { createListContext } from '../../support/n8n-context.ts';
import { items, runNode } from './harness.ts';

describe('held deletions of folders that the API follows', () => {
	const inbox = '0b8f9a52-6f6c-4a3b-9a52-0d9d4a1f0c11';
	const quiet = '0a000000-6f6c-4a3b-9a52-0d9d4a1f0c11';
	let api: TestApp;
	let held = 0;
	before(async () => {
		api = await startApp();
		const root = {
			...{ files: 3, verifiedAt: null, digest: 'aa', deliveredDigest: 'aa' },
			held: null,
		};
		api.app.follow({
			tenant: 'beta',
			sourceId: quiet,
			status: () => ({ roots: [{ ...root, label: 'drafts' }], snapshot: { held: 0, closed: true } }),
			...{ explain: () => ({}), ...noFiles },
			release: () => 0,
		});
		api.app.follow({
			tenant: 'acme',
			sourceId: inbox,
			status: () => ({
				roots: [{ ...root, label: 'inbox', held: { count: held, reason: 'too much is gone' } }],
				snapshot: { held: 0, closed: true },
			}),
			...{ explain: () => ({}), ...noFiles },
			release: () => {
				const released = held;
				held = 0;
				return released;
			},
		});
	});
	after(() => api.close());
	beforeEach(() => {
		held = 7;
	});

	const release = (followedFolder: unknown) =>
		runNode({
			baseUrl: api.url,
			parameters: { resource: 'document', operation: 'releaseHeld', followedFolder },
			items: items([{}]),
		});

	it('are released, and counted', async () => {
		const chosen = { __rl: true, mode: 'list', value: inbox };
		assert.deepEqual((await release(chosen)).json, [{ sourceId: inbox, released: 7 }]);
		assert.deepEqual((await release(chosen)).json, [{ sourceId: inbox, released: 0 }]);
	});

	it('are of a folder that is followed', async () => {
		await assert.rejects(
			release({ __rl: true, mode: 'id', value: 'nobody' }),
			/no followed folder has this sourceId/,
		);
		assert.equal(held, 7);
	});

	it('can be chosen by their folders, those that hold some first', async () => {
		const context = () =>
			createListContext({ baseUrl: api.url, parameters: { resource: 'document', operation: 'releaseHeld' } });
		const { searchSources } = new DocDrop().methods.listSearch;
		assert.deepEqual(await searchSources.call(context()), {
			results: [
				{ name: 'inbox of acme: 7 held', value: inbox },
				{ name: 'drafts of beta: nothing held', value: quiet },
			],
		});
		const found = await searchSources.call(context(), 'DRAFT');
		assert.deepEqual(
			found.results.map(({ value }) => value),
			[quiet],
		);
	});
});
