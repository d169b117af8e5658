import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { settled } from '../../support/settled.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import { batch, deletedItem, fileItem, items, publish, runNode, write } from './harness.ts';

/** Somebody agreed to what was in the file then: nothing else is published for it. */
describe('Only If Unchanged', () => {
	const dirs = tempDirs();
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());
	const options = { onlyIfUnchanged: true };
	const hashOf = (text: string) => hash('sha256', text, 'hex');
	const large = (letter: string) => letter.repeat(400_000);
	const stateOf = async (docId: string) =>
		(await call(api.url, { path: `/v1/documents/state?tenant=acme&docId=${docId}` })).json;
	const send = (parameters: object, all: readonly object[]) =>
		runNode({ baseUrl: api.url, parameters: { ...parameters }, items: items(all) });

	for (const [name, parameters] of Object.entries({ 'publish many': batch, publish })) {
		it(`${name} leaves out what changed, small and large, and takes the rest`, async () => {
			const root = await dirs.make();
			const names = ['same.md', 'small.md', 'same.txt', 'large.txt'].map((one) => `${name[7] ?? ''}${one}`);
			const [sameSmall, small, sameLarge, changedLarge] = names as [string, string, string, string];
			await write(root, sameSmall, 'seen');
			await write(root, small, 'seen');
			await write(root, sameLarge, large('a'));
			await write(root, changedLarge, large('a'));
			const sent = await Promise.all(names.map((one) => fileItem(root, one)));
			await write(root, small, 'kept');
			await write(root, changedLarge, large('b'));
			const gone = deletedItem(root, 'never.md');
			const run = await send({ ...parameters, options }, [...sent, gone]);
			assert.deepEqual(
				run.json.map(({ state, sha256, error }) => error?.code ?? [state, sha256]),
				[
					['accepted', hashOf('seen')],
					'changed_since',
					['accepted', hashOf(large('a'))],
					'changed_since',
					['unchanged', null],
				],
			);
			for (const { error } of run.json.filter((one) => 'error' in one)) {
				assert.match(error.message, /^the file changed after it was seen/);
				assert.match(error.hint, /the trigger tells of the new content by itself/);
			}
			for (const one of [small, changedLarge]) assert.equal((await stateOf(one)).error.code, 'not_found');
			const newest = await send(parameters, sent);
			assert.deepEqual(
				newest.json.map(({ state, sha256 }) => [state, sha256]),
				[
					['unchanged', hashOf('seen')],
					['accepted', hashOf('kept')],
					['unchanged', hashOf(large('a'))],
					['accepted', hashOf(large('b'))],
				],
				'without it, what the files hold by then is published',
			);
		});
	}

	it('the items that Preview gives can be published, and demand what it showed', async () => {
		const root = await dirs.make();
		const path = await write(root, 'previewed.md', 'told');
		const told = await fileItem(root, 'previewed.md');
		await write(root, 'previewed.md', 'seen');
		const preview = { ...publish, operation: 'preview' };
		const { json: seen } = await send(preview, [told]);
		assert.deepEqual(
			[seen[0].state, seen[0].path, seen[0].docdrop.sha256, seen[0].docdrop.seq],
			['new', path, hashOf('seen'), told.docdrop.seq],
		);
		await write(root, 'previewed.md', 'told');
		const refused = await send({ ...batch, options }, seen);
		assert.equal(refused.json[0].error.code, 'changed_since');
		await write(root, 'previewed.md', 'seen');
		const taken = await send({ ...batch, options }, seen);
		assert.deepEqual([taken.json[0].state, taken.json[0].sha256], ['accepted', hashOf('seen')]);
		await settled(api.url);
		assert.equal((await stateOf('previewed.md')).published.contentSha256, hashOf('seen'));
	});

	it('an item without the hash is told from one that has it', async () => {
		const root = await dirs.make();
		await write(root, 'hashless.md', 'x');
		const item = await fileItem(root, 'hashless.md', { docdrop: { sha256: null } });
		const run = await runNode({
			...{ baseUrl: api.url, parameters: { ...batch, options }, items: items([item]) },
			continueOnFail: true,
		});
		assert.match(run.json[0].error.message, /its field "docdrop\.sha256" is missing or wrong/);
	});
});
