import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { settled } from '../../support/settled.ts';
import { epoch, items, runNode, sourceId } from './harness.ts';

/** What an action node throws, with what n8n shows below its title. */
type Shown = Error & { readonly description: string };

describe('tenants, and many documents at once', () => {
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

	/** An API in which nothing was published yet, and never will be: every change waits. */
	describe('in an API of their own', () => {
		let idle: TestApp;
		beforeEach(async () => {
			idle = await startApp({ DOCDROP_WORKERS: '0' });
		});
		afterEach(() => idle.close());

		it('status names the tenants that there are where it is none of them', async () => {
			const status = (tenant: string) => ask('tenant', 'status', { tenant }, { url: idle.url });
			await assert.rejects(status('acme'), {
				message: 'there is no tenant "acme"; nothing was published yet',
			});
			await publish(idle.url, ['a.txt'], { tenant: 'acme' });
			await assert.rejects(status('acne'), { message: 'there is no tenant "acne"; there are: acme' });
		});

		it('are listed up to a limit, or all', async () => {
			for (const tenant of ['acme', 'beta', 'gamma']) await publish(idle.url, ['a.txt'], { tenant });
			const list = (parameters: object) => ask('tenant', 'getMany', { ...parameters }, { url: idle.url });
			const all = await list({ returnAll: true });
			assert.deepEqual(all.json, [{ tenant: 'acme' }, { tenant: 'beta' }, { tenant: 'gamma' }]);
			assert.equal((await list({ limit: 2 })).json.length, 2);
		});

		it('status says of each tenant how far it is, in figures and in words', async () => {
			await publish(idle.url, names('a/', 3));
			const { json } = await ask(
				'tenant',
				'status',
				{ tenant: '={{ $json.name }}' },
				{ url: idle.url, sent: [{ name: acme }] },
			);
			assert.deepEqual(json, [
				{
					tenant: acme,
					summary: '0 of 3 documents are in the index (0 %), 3 wait, nothing moves at present',
					...{
						total: 3,
						processed: 0,
						waiting: 3,
						failed: 0,
						refused: 0,
						percent: 0,
						perMinute: 0,
						secondsLeft: null,
					},
				},
			]);
		});
	});

	const ask = (
		resource: string,
		operation: string,
		parameters: Record<string, unknown>,
		more: {
			readonly url?: string;
			readonly sent?: readonly object[];
			readonly continueOnFail?: boolean;
		} = {},
	) =>
		runNode({
			baseUrl: more.url ?? api.url,
			parameters: { resource, operation, ...parameters },
			items: items(more.sent ?? [{}]),
			...(more.continueOnFail === true && { continueOnFail: true }),
		});

	async function publish(url: string, docIds: readonly string[], more: object = {}): Promise<void> {
		for (let at = 0; at < docIds.length; at += 500) {
			const documents = docIds.slice(at, at + 500).map((docId, place) => ({
				...{ tenant: acme, docId, content: { text: `text of ${docId}` } },
				...more,
				...('source' in more && { source: { ...(more.source as object), seq: at + place + 1 } }),
			}));
			const { json } = await call(url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
			assert.equal(json.errors, false);
		}
	}
	const ofTrigger = { source: { sourceId, epoch } };
	const names = (folder: string, count: number) =>
		Array.from({ length: count }, (_, n) => `${folder}${String(n).padStart(4, '0')}.txt`);
	async function there(tenant = acme): Promise<string[]> {
		await settled(api.url);
		const { json } = await call(api.url, {
			path: `/v1/documents?tenant=${tenant}&state=published&limit=500`,
		});
		return json.documents.map(({ docId }: { docId: string }) => docId);
	}

	describe('status', () => {
		it('says when all is in, and what failed', async () => {
			await publish(api.url, names('a/', 2));
			await settled(api.url);
			const done = await ask('tenant', 'status', { tenant: acme });
			assert.equal(done.json[0].summary, 'All 2 documents are in the index');
			await publish(api.url, ['broken.html'], { content: { base64: 'AAECAwQFBgcICQAB' } });
			await settled(api.url);
			const some = await ask('tenant', 'status', { tenant: acme });
			assert.equal(some.json[0].summary, '2 of 3 documents are in the index, 1 failed');
			assert.deepEqual([some.json[0].processed, some.json[0].failed, some.json[0].percent], [2, 1, 100]);
			const path = `/v1/documents/content?tenant=${acme}&docId=picture.png`;
			await call(api.url, { method: 'PUT', path, body: 'x', headers: { 'content-type': 'image/png' } });
			const refused = await ask('tenant', 'status', { tenant: acme });
			assert.equal(
				refused.json[0].summary,
				'2 of 3 documents are in the index, 1 failed, 1 was refused (Job, Get Many, with State: Failed says why)',
			);
			assert.equal(refused.json[0].refused, 1);
		});
	});

	describe('delete all of a tenant', () => {
		it('deletes page by page what anybody has published, and nothing of others', async () => {
			await publish(api.url, names('a/', 700));
			await publish(api.url, names('watched/', 3), ofTrigger);
			await publish(api.url, ['b.txt'], { tenant: 'beta' });
			await settled(api.url);
			const run = await ask('tenant', 'delete', { tenant: acme, confirmation: acme });
			assert.deepEqual(run.json, [{ tenant: acme, deleted: 703 }]);
			const pages = run.requests.filter(({ url }) => new URL(url).pathname === '/v1/documents');
			assert.equal(pages.length, 2);
			assert.deepEqual([await there(), await there('beta')], [[], ['b.txt']]);
			const again = await ask('tenant', 'delete', { tenant: acme, confirmation: acme });
			assert.deepEqual(again.json, [{ tenant: acme, deleted: 0 }]);
		});

		it('leaves what a trigger publishes afterwards to the trigger', async () => {
			await publish(api.url, ['a.txt'], ofTrigger);
			await settled(api.url);
			await ask('tenant', 'delete', { tenant: acme, confirmation: acme });
			await settled(api.url);
			const later = { source: { sourceId, epoch: '0199f3a4-7c11-7f2e-9d0a-5b6c7d8e9f01' } };
			await publish(api.url, ['a.txt'], later);
			assert.deepEqual(await there(), ['a.txt']);
		});

		it('deletes nothing where another name was typed, or none', async () => {
			await publish(api.url, ['a.txt']);
			const wrong = ask('tenant', 'delete', { tenant: acme, confirmation: 'acne' });
			await assert.rejects(wrong, {
				message: `Name of the Tenant Again must be "${acme}", the tenant that is chosen, got "acne"`,
			});
			const none = ask('tenant', 'delete', { tenant: acme, confirmation: '={{ $json.none }}' });
			await assert.rejects(none, { message: 'Name of the Tenant Again is empty' });
			assert.deepEqual(await there(), ['a.txt']);
		});

		it('fails the execution where another try may help, whatever the node says', async () => {
			const parameters = { tenant: acme, confirmation: acme };
			const run = ask('tenant', 'delete', parameters, { url: 'none', continueOnFail: true });
			await assert.rejects(run, { name: 'NodeApiError' });
		});
	});

	describe('update metadata', () => {
		const list = async (tenant = acme) => {
			await settled(api.url);
			const { json } = await call(api.url, { path: `/v1/documents?tenant=${tenant}&limit=500` });
			return json.documents.map(({ docId, metadata }: { docId: string; metadata: object }) => [
				docId,
				metadata,
			]);
		};

		it('of one document an item, without its content', async () => {
			await publish(api.url, ['a.txt', 'b.txt'], { metadata: { team: 'red' } });
			await settled(api.url);
			const run = await ask(
				'document',
				'updateMetadata',
				{ tenant: acme, docId: '={{ $json.id }}', metadata: '={{ { team: $json.team, n: 1 } }}' },
				{
					sent: [
						{ id: 'a.txt', team: 'blue' },
						{ id: 'b.txt', team: null },
					],
				},
			);
			assert.deepEqual(
				run.json.map(({ docId, state, sha256 }) => [docId, state, sha256]),
				[
					['a.txt', 'accepted', null],
					['b.txt', 'accepted', null],
				],
			);
			assert.deepEqual(await list(), [
				['a.txt', { n: 1, team: 'blue' }],
				['b.txt', { n: 1 }],
			]);
		});

		it('of all that are like a filter, and says how many', async () => {
			await publish(api.url, [...names('a/', 3), 'b.txt']);
			await settled(api.url);
			const parameters = { tenant: acme, filter: '{"docId":{"prefix":"a/"}}', metadata: '{"n":2}' };
			const run = () => ask('document', 'updateMetadataByFilter', parameters);
			assert.deepEqual((await run()).json, [{ tenant: acme, matched: 3, accepted: 3, unchanged: 0 }]);
			await settled(api.url);
			assert.deepEqual((await run()).json, [{ tenant: acme, matched: 3, accepted: 0, unchanged: 3 }]);
			assert.deepEqual((await list()).at(-1), ['b.txt', {}]);
		});

		it('says what it lacks, and what of it was refused', async () => {
			await publish(api.url, ['a.txt'], ofTrigger);
			await settled(api.url);
			const by = (parameters: object) =>
				ask('document', 'updateMetadataByFilter', { tenant: acme, metadata: '{"n":2}', ...parameters });
			await assert.rejects(by({ filter: '{}' }), /Filter must not be empty/);
			const like = { filter: '{"docId":"a.txt"}' };
			await assert.rejects(by({ ...like, metadata: '{}' }), /Metadata must have at least one name/);
			await assert.rejects(by(like), /1 document was refused, such as "a.txt": docId belongs to another/);
			const one = { tenant: acme, docId: 'none.txt', metadata: '{"n":2}' };
			await assert.rejects(ask('document', 'updateMetadata', one), /no such document/);
			assert.equal((await by({ ...like, options: { takeOver: true } })).json[0].accepted, 1);
		});
	});

	describe('delete by prefix', () => {
		it('deletes what begins so, and counts it', async () => {
			await publish(api.url, [...names('a/', 501), 'a.txt', 'ab/c.txt']);
			await settled(api.url);
			const run = await ask('document', 'deleteByPrefix', { tenant: acme, prefix: 'a/' });
			assert.deepEqual(run.json, [{ tenant: acme, prefix: 'a/', deleted: 501 }]);
			assert.deepEqual(await there(), ['a.txt', 'ab/c.txt']);
		});

		it('deletes of them only what is like the filter, and nothing where there is a fault in it', async () => {
			await publish(api.url, ['a/1.md', 'a/2.md', 'b/1.md']);
			await settled(api.url);
			const parameters = { tenant: acme, prefix: 'a/' };
			const like = (filter: string) =>
				ask('document', 'deleteByPrefix', { ...parameters, options: { filter } });
			await assert.rejects(like('{"docId": {"begins": "a"}}'), /begins is not an operator/);
			assert.equal((await like('{"docId": ["a/2.md", "b/1.md"]}')).json[0].deleted, 1);
			assert.deepEqual(await there(), ['a/1.md', 'b/1.md']);
		});

		it('refuses an empty prefix', async () => {
			await publish(api.url, ['a.txt']);
			for (const prefix of ['={{ "" }}', ' ', '={{ $json.none }}']) {
				const run = ask('document', 'deleteByPrefix', { tenant: acme, prefix });
				await assert.rejects(run, /Prefix must not be empty/);
			}
			for (const filter of ['={{ $json.none }}', '', '{}', {}]) {
				const run = ask('document', 'deleteByPrefix', { tenant: acme, prefix: 'a/', options: { filter } });
				await assert.rejects(run, /Filter must not be empty/);
			}
			assert.deepEqual(await there(), ['a.txt']);
		});

		it('leaves what a trigger owns, says so, and takes it where that is wanted', async () => {
			await publish(api.url, ['f/a.txt', 'f/b.txt'], ofTrigger);
			await publish(api.url, ['f/c.txt']);
			await settled(api.url);
			const parameters = { tenant: acme, prefix: 'f/' };
			await assert.rejects(ask('document', 'deleteByPrefix', parameters), (error: Shown) => {
				assert.match(
					error.message,
					/^2 documents belong to .* were not deleted, such as "f\/a.txt" \(deleted: 1\)$/,
				);
				assert.match(error.description, /option Take Over/);
				return true;
			});
			assert.deepEqual(await there(), ['f/a.txt', 'f/b.txt']);
			const run = await ask('document', 'deleteByPrefix', { ...parameters, options: { takeOver: true } });
			assert.equal(run.json[0].deleted, 2);
			assert.deepEqual(await there(), []);
		});

		it('makes an item of what cannot be done where the node continues', async () => {
			await publish(api.url, ['a.txt']);
			const run = await ask(
				'document',
				'deleteByPrefix',
				{ tenant: acme, prefix: '={{ $json.prefix }}' },
				{ sent: [{ prefix: '' }, { prefix: 'a' }], continueOnFail: true },
			);
			assert.deepEqual(
				run.json.map(({ error, deleted }) => error?.field ?? deleted),
				['prefix', 1],
			);
		});
	});
});
