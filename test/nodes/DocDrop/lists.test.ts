import assert from 'node:assert/strict';
import type { INodeExecutionData } from 'n8n-workflow';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { settled } from '../../support/settled.ts';
import { changesSent, items, runNode, type Run } from './harness.ts';

type Shown = Error & { readonly description: string };
/** A drive: texts and versions by id. */
type Drive = Map<string, { readonly modifiedTime: string; readonly text: string }>;

describe('lists of what there is somewhere else', () => {
	let api: TestApp;
	before(async () => {
		api = await startApp();
	});
	after(() => api.close());
	/** One that no other test has. */
	let acme: string;
	let made = 0;
	beforeEach(() => {
		acme = `acme-${(made += 1)}`;
	});

	const listOf = (drive: Drive) => [...drive].map(([id, { modifiedTime }]) => ({ id, modifiedTime }));
	const sync = (
		sent: readonly object[],
		{ continueOnFail, ...more }: Record<string, unknown> & { continueOnFail?: boolean } = {},
	): Promise<Run> =>
		runNode({
			baseUrl: api.url,
			parameters: {
				...{ resource: 'batch', operation: 'syncList', tenant: acme, listName: 'Drive' },
				...more,
			},
			items: items(sent),
			...(continueOnFail === true && { continueOnFail }),
		});
	const idOf = ({ json }: INodeExecutionData): string => json['id'] as string;
	/** What a download node does: the item with its file. */
	const download = (drive: Drive, item: INodeExecutionData): INodeExecutionData => {
		const text = drive.get(idOf(item))?.text ?? '';
		const file = { data: Buffer.from(text).toString('base64'), mimeType: 'text/plain', fileName: 'file.txt' };
		return { ...item, binary: { data: file } };
	};
	const publish = (sent: readonly INodeExecutionData[], more: object = {}): Promise<Run> =>
		runNode({
			baseUrl: api.url,
			parameters: { ...{ resource: 'batch', operation: 'publishListed', source: 'binary' }, ...more },
			items: sent,
		});
	/** The workflow: list, sync, download, publish. Gives the ids that were downloaded. */
	async function run(drive: Drive, more: Record<string, unknown> = {}): Promise<string[]> {
		const { output } = await sync(listOf(drive), more);
		if (output.length > 0) await publish(output.map((item) => download(drive, item)));
		return output.map(idOf);
	}
	const driveOf = (count: number): Drive =>
		new Map(
			Array.from({ length: count }, (_, n) => [`id${100 + n}`, { modifiedTime: '1', text: `text ${n}` }]),
		);

	/** What the index holds of a tenant: texts by docId. */
	async function held(): Promise<Map<string, string>> {
		await settled(api.url);
		const list = await call(api.url, { path: `/v1/documents?tenant=${acme}&state=published&limit=500` });
		const texts = list.json.documents.map(async ({ docId }: { docId: string }) => {
			const { json } = await call(api.url, { path: `/v1/documents/chunks?tenant=${acme}&docId=${docId}` });
			return [docId, json.chunks.map(({ text }: { text: string }) => text).join('')] as const;
		});
		return new Map((await Promise.all(texts)) as (readonly [string, string])[]);
	}
	const texts = (drive: Drive) => new Map([...drive].map(([id, { text }]) => [id, text]));

	it('the index follows a drive, and only what is new or changed is downloaded', async () => {
		const drive = driveOf(25);
		assert.equal((await run(drive)).length, 25);
		assert.deepEqual(await held(), texts(drive));
		assert.deepEqual(await run(drive), [], 'nothing has changed');

		drive.set('id103', { modifiedTime: '2', text: 'edited' });
		drive.set('id900', { modifiedTime: '1', text: 'added' });
		drive.delete('id101');
		drive.delete('id102');
		assert.deepEqual(await run(drive), ['id103', 'id900']);
		assert.deepEqual(await held(), texts(drive));

		drive.delete('id900');
		assert.deepEqual(await run(drive), [], 'a run that only deletes');
		assert.deepEqual(await held(), texts(drive));
	});

	it('passes items on as they came, with what publishing needs in one field', async () => {
		const sent = [{ id: 'a', modifiedTime: '1', name: 'A' }];
		const { output, requests } = await sync(sent);
		const { listed, ...rest } = output[0]?.json ?? {};
		assert.deepEqual(rest, sent[0]);
		assert.deepEqual(output[0]?.pairedItem, { item: 0 });
		const { source, ...names } = listed as Record<string, unknown>;
		assert.deepEqual(names, { tenant: acme, docId: 'a', version: '1', change: 'new' });
		assert.deepEqual(Object.keys(source as object), ['sourceId', 'epoch', 'seq']);
		assert.equal(requests.length, 1);
	});

	it('publishes texts too, with the fields that are set, in as few requests as others', async () => {
		const { output } = await sync([
			{ id: 'a', modifiedTime: '1' },
			{ id: 'b', modifiedTime: '1' },
		]);
		const published = await publish(
			output.map((item) => ({
				json: { listed: JSON.stringify(item.json['listed']), text: `# ${idOf(item)}` },
			})),
			{ source: 'text', options: { metadata: '{"team": "x"}', title: 'T' } },
		);
		assert.deepEqual(
			published.json.map(({ docId, state }) => [docId, state]),
			[
				['a', 'accepted'],
				['b', 'accepted'],
			],
		);
		assert.deepEqual(changesSent(published), ['POST /v1/ingest/batch']);
		const { json } = await call(api.url, { path: `/v1/documents/state?tenant=${acme}&docId=a` });
		assert.deepEqual([json.title, json.metadata], ['T', { team: 'x', listVersion: '1' }]);
	});

	it('goes on after a run that was interrupted, and deletes nothing for it', async () => {
		const drive = driveOf(6);
		const { output } = await sync(listOf(drive));
		await publish(output.slice(0, 2).map((item) => download(drive, item)));
		assert.equal((await run(drive)).length, 4);
		assert.deepEqual(await held(), texts(drive));
	});

	it('holds the deletions of a list that was cut short, and does them when a person agrees', async () => {
		const drive = driveOf(25);
		await run(drive);
		const cut = [...listOf(drive).slice(0, 10), { id: 'new', modifiedTime: '1' }];
		await assert.rejects(sync(cut), (error: Shown) => {
			assert.ok(
				error.message.startsWith(`The API holds 15 deletions: the list "Drive" of "${acme}" lacks`),
				error.message,
			);
			assert.match(error.description, /Confirm Held Deletions/);
			return true;
		});
		assert.equal((await held()).size, 25);
		const passed = await sync(cut, { continueOnFail: true });
		assert.deepEqual(
			passed.json.map(({ id, error }) => id ?? [error.code, error.held]),
			['new', ['deletions_held', 15]],
		);
		await sync(cut, { options: { confirmHeld: true } });
		assert.equal((await held()).size, 10);
	});

	it('deletes nothing for an item that says nothing, or a list that is not one', async () => {
		const drive = driveOf(3);
		await run(drive);
		const refused = async (sent: readonly object[], words: RegExp, more: Record<string, unknown> = {}) => {
			for (const continueOnFail of [false, true]) {
				const executed = sync(sent, { ...more, continueOnFail });
				await assert.rejects(executed, (error: Shown) => words.test(error.message));
			}
		};
		await refused([{}], /^item 0 of the list: Document ID is empty$/);
		await refused([{ id: 'id100' }, {}], /^item 1 of the list: Document ID is empty$/);
		await refused([{ id: 'id100' }, { id: 'id100' }], /items\/1\/docId must be named once, got "id100"/);
		const two = [
			{ id: 'a', tenant: 'x' },
			{ id: 'b', tenant: 'y' },
		];
		await refused(two, /^item 1 of the list: Tenant must be the same for all items, got "x" and "y"$/, {
			tenant: '={{ $json.tenant }}',
		});
		assert.deepEqual(await held(), texts(drive));
	});

	it('two runs that overlap end with what the later one has seen', async () => {
		const drive = driveOf(8);
		await run(drive);
		const before: Drive = new Map(drive).set('id100', { modifiedTime: '2', text: 'older' });
		const now: Drive = new Map(drive).set('id100', { modifiedTime: '3', text: 'newer' });
		now.delete('id101');
		now.set('id200', { modifiedTime: '1', text: 'added' });
		before.set('id101', { modifiedTime: '2', text: 'deleted meanwhile' });
		const slow = await sync(listOf(before));
		await run(now);
		const late = await publish(slow.output.map((item) => download(before, item)));
		assert.deepEqual(
			late.json.map(({ state }) => state),
			['stale', 'stale'],
		);
		assert.deepEqual(await held(), texts(now));
		assert.deepEqual(await run(now), []);
	});

	it('says how it went, and that without versions nothing is spared', async () => {
		const hints = async (sent: readonly object[]) => {
			const { run: execution } = await sync(sent);
			return execution.data.resultData.runData['DocDrop']?.at(-1)?.hints?.map(({ message }) => message);
		};
		assert.deepEqual(await hints([{ id: 'a', modifiedTime: '1' }]), [
			'The list: 1 new or changed, 0 unchanged, 0 deleted.',
		]);
		assert.match((await hints([{ id: 'a' }]))?.[0] ?? '', /No item has a Version/);
	});

	it('asks for the item that a sync gave', async () => {
		const executed = publish([{ json: { listed: { tenant: acme } }, binary: {} }]);
		await assert.rejects(executed, (error: Shown) => {
			assert.match(error.message, /^Listed Item must be the field "listed" of an item that Sync a List gave/);
			assert.match(error.description, /\$\('DocDrop'\)\.item\.json\.listed/);
			return true;
		});
	});
});
