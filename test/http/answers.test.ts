import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { PublishRequest } from '../../api/contract/document-schema.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** What the routes answer when they are asked rightly. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('answers', () => {
	let made: Made;
	beforeEach(async () => {
		made = await httpInMemory();
	});
	afterEach(() => made.close());

	const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object | string) => {
		const answer = await made.http.inject({
			method,
			url,
			headers: {
				host: 'localhost',
				...(typeof payload === 'string' && { 'content-type': 'text/plain' }),
			},
			...(payload !== undefined && { payload }),
		});
		return { status: answer.statusCode, headers: answer.headers, json: answer.json() };
	};
	const document = (docId: string, text: string, more: Partial<PublishRequest> = {}) => ({
		tenant: 't',
		docId,
		content: { text },
		coalesced: true,
		...more,
	});
	const jobIs = (jobId: string, state: string) =>
		until(
			async () => (await ask('GET', `/v1/jobs/${jobId}`)).json,
			(job) => job.state === state,
		);
	const publish = async (docId: string, text: string) => {
		const { json } = await ask('POST', '/v1/publish', document(docId, text));
		return jobIs(json.jobId, 'published');
	};

	it('publish: 202 with a receipt that can be followed, 200 when it is unchanged or stale', async () => {
		const first = await ask('POST', '/v1/publish', document('a.md', '# One'));
		assert.equal(first.status, 202);
		assert.equal(first.json.statusUrl, `/v1/jobs/${first.json.jobId}`);
		const job = await jobIs(first.json.jobId, 'published');
		assert.deepEqual([job.tenant, job.docId, job.op, job.attempts], ['t', 'a.md', 'put', 0]);
		assert.deepEqual([job.detail.added, job.detail.kept, job.detail.removed], [1, 0, 0]);
		const same = await ask('POST', '/v1/publish', document('a.md', '# One'));
		assert.deepEqual([same.status, same.json.state], [200, 'unchanged']);
		const source = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });
		await ask('POST', '/v1/publish', document('b.md', 'two', { source: source(2) }));
		const late = await ask('POST', '/v1/publish', document('b.md', 'one', { source: source(1) }));
		assert.deepEqual([late.status, late.json.state], [200, 'stale']);
		const foreign = await ask('POST', '/v1/publish', document('b.md', 'mine'));
		assert.deepEqual([foreign.status, foreign.json.error.code], [409, 'owned']);
		assert.match(foreign.json.error.message, /belongs to another source, "s"/);
		const copy = { ...source(1), epoch: 'f', name: 'workflow "Copy"' };
		await ask('POST', '/v1/publish', document('b.md', 'two', { source: copy }));
		const { json: refused } = await ask('POST', '/v1/publish', document('b.md', 'mine'));
		assert.match(refused.error.message, /belongs to another source, "workflow \\"Copy\\""/);
		const superseded = await ask('POST', '/v1/publish', document('b.md', 'new', { source: source(3) }));
		assert.deepEqual([superseded.status, superseded.json.state], [200, 'stale']);
		assert.deepEqual(superseded.json.by, { name: 'workflow "Copy"' });
		const query = 'tenant=t&docId=b.md&sourceId=s&epoch=g&seq=1&sourceName=Third';
		await ask('PUT', `/v1/documents/content?${query}`, 'three');
		const overtaken = await ask('POST', '/v1/publish', document('b.md', 'new', { source: copy }));
		assert.deepEqual(overtaken.json.by, { name: 'Third' });
		const taken = await ask('POST', '/v1/publish', document('b.md', 'mine', { takeOver: true }));
		assert.equal(taken.status, 202);
	});

	it('put: a header that clients set by themselves says less than the ending, but for the charset', async () => {
		const put = async (docId: string, type: string, payload: Buffer, more = '') => {
			const url = `/v1/documents/content?tenant=t&coalesced=true&docId=${docId}${more}`;
			const headers = { host: 'localhost', 'content-type': type };
			const answer = await made.http.inject({ method: 'PUT', url, headers, payload });
			assert.equal(answer.statusCode, 202, answer.body);
			await jobIs(answer.json().jobId, 'published');
			const state = (await ask('GET', `/v1/documents/state?tenant=t&docId=${docId}`)).json;
			const { chunks } = (await ask('GET', `/v1/documents/chunks?tenant=t&docId=${docId}`)).json;
			return [state.mimeType, chunks[0]?.text];
		};
		const page = Buffer.from('<h1>Hi</h1><script>var yak=1</script>');
		assert.deepEqual(await put('a.html', 'text/plain;charset=UTF-8', page), ['text/html', 'Hi']);
		assert.deepEqual(await put('b.md', 'application/json', Buffer.from('# Hi')), ['text/markdown', 'Hi']);
		assert.deepEqual(await put('c', 'text/plain', Buffer.from('Hi')), ['text/plain', 'Hi']);
		assert.deepEqual(await put('d.md', 'application/json', Buffer.from('# Hi'), '&mimeType=text/plain'), [
			'text/plain',
			'# Hi',
		]);
		const russian = Buffer.from('f0d2c9d7c5d4', 'hex');
		assert.deepEqual(await put('e.txt', 'text/plain; charset=koi8-r', russian), ['text/plain', 'Привет']);
		assert.deepEqual(await put('f.txt', 'text/plain', russian, '&charset=koi8-r'), ['text/plain', 'Привет']);
	});

	it('a deletion takes a JSON header without a body', async () => {
		await publish('a.md', '# One');
		const url = '/v1/documents?tenant=t&docId=a.md';
		const headers = { host: 'localhost', 'content-type': 'application/json' };
		assert.equal((await made.http.inject({ method: 'DELETE', url, headers })).statusCode, 202);
	});

	it('finds a document by words of its title, its front matter and its file name', async () => {
		await publish(
			'dir/quarterly-budget.md',
			'---\ntitle: Wombat care\ndescription: Feeding\ntags: [marsupial]\n---\nGive it grass.',
		);
		const titled = await ask(
			'POST',
			'/v1/publish',
			document('x.txt', 'body words', { title: 'Chinchilla handbook' }),
		);
		await jobIs(titled.json.jobId, 'published');
		const found = async (query: string) => {
			const { json } = await ask('POST', '/v1/search', { tenant: 't', query, mode: 'text' });
			return json.results.map(({ docId }: { docId: string }) => docId);
		};
		for (const query of ['wombat', 'feeding', 'marsupials', 'quarterly budgets'])
			assert.deepEqual([...new Set(await found(query))], ['dir/quarterly-budget.md'], query);
		assert.deepEqual(await found('Chinchilla handbook'), ['x.txt']);
	});

	it('put: the body is the file; its type comes by name, header or query', async () => {
		const url = '/v1/documents/content?tenant=t&coalesced=true';
		const metadata = encodeURIComponent('{"team":"x"}');
		const { status, json } = await ask(
			'PUT',
			`${url}&docId=page.html&title=T&metadata=${metadata}`,
			'<h1>Hi</h1>',
		);
		assert.equal(status, 202);
		await jobIs(json.jobId, 'published');
		const { json: page } = await ask('GET', '/v1/documents/state?tenant=t&docId=page.html');
		assert.deepEqual([page.mimeType, page.title, page.metadata], ['text/html', 'T', { team: 'x' }]);
		const named = await ask('PUT', `${url}&docId=page.html&mimeType=text/plain`, '<h1>Hi</h1>');
		await jobIs(named.json.jobId, 'published');
		const { json: chunks } = await ask('GET', '/v1/documents/chunks?tenant=t&docId=page.html');
		assert.equal(chunks.chunks[0].text, '<h1>Hi</h1>', 'read as text');
		const empty = await made.http.inject({
			method: 'PUT',
			url: `${url}&docId=empty.txt`,
			headers: { host: 'localhost' },
		});
		assert.equal((await jobIs(empty.json().jobId, 'published')).detail.added, 0);
	});

	it('chunks: page by page, numbered from one page to the next', async () => {
		const text = Array.from({ length: 12 }, (_, n) => `${n} `.repeat(150)).join('\n\n');
		const { json } = await ask('PUT', '/v1/documents/content?tenant=t&docId=long.txt&coalesced=true', text);
		await jobIs(json.jobId, 'published');
		const url = '/v1/documents/chunks?tenant=t&docId=long.txt';
		const { json: whole } = await ask('GET', url);
		assert.ok(whole.chunks.length > 6 && whole.next === null);
		const found: unknown[] = [];
		for (let after: string | null = ''; after !== null;) {
			const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
			const { json: page } = await ask('GET', `${url}&limit=5${query}`);
			assert.ok(page.chunks.length <= 5);
			found.push(...page.chunks);
			after = page.next;
		}
		assert.deepEqual(found, whole.chunks);
		const wrong = await ask('GET', `${url}&after=5`);
		assert.deepEqual([wrong.status, wrong.json.error.field], [400, 'after']);
	});

	it('put: takes only the bytes that were asked for, and says what it took', async () => {
		const url = '/v1/documents/content?tenant=t&docId=seen.txt';
		const hashOf = (text: string) => hash('sha256', text, 'hex');
		const other = await ask('PUT', `${url}&ifSha256=${hashOf('seen')}`, 'changed');
		assert.deepEqual([other.status, other.json.error.code], [412, 'changed_since']);
		assert.equal((await ask('GET', '/v1/documents/state?tenant=t&docId=seen.txt')).status, 404);
		const taken = await ask('PUT', `${url}&ifSha256=${hashOf('changed')}`, 'changed');
		assert.deepEqual([taken.status, taken.json.sha256], [202, hashOf('changed')]);
		const again = await ask('PUT', url, 'changed');
		assert.deepEqual([again.json.state, again.json.sha256], ['unchanged', hashOf('changed')]);
		const wrong = await ask('PUT', `${url}&ifSha256=ABC`, 'changed');
		assert.deepEqual([wrong.status, wrong.json.error.field], [400, 'ifSha256']);
		const gone = await ask('DELETE', '/v1/documents?tenant=t&docId=seen.txt');
		assert.deepEqual([gone.json.state, gone.json.sha256], ['accepted', undefined]);
	});

	it('tenants: in order, in pages', async () => {
		await ask('POST', '/v1/ingest/batch', {
			documents: ['c', 'a', 'b', 'a'].map((tenant, n) => ({
				tenant,
				docId: `${n}`,
				content: { text: tenant },
			})),
		});
		const first = await ask('GET', '/v1/tenants?limit=2');
		assert.deepEqual(first.json, { tenants: [{ tenant: 'a' }, { tenant: 'b' }], next: 'b' });
		const second = await ask('GET', '/v1/tenants?limit=2&after=b');
		assert.deepEqual(second.json, { tenants: [{ tenant: 'c' }], next: null });
	});

	it('batch: a snapshot deletes what its epoch did not tell, over all tenants, or holds it', async () => {
		let seq = 0;
		const tell = (epoch: string, docs: readonly (readonly [string, string])[], snapshot?: object) =>
			ask('POST', '/v1/ingest/batch', {
				documents: docs.map(([tenant, docId]) => ({
					tenant,
					docId,
					content: { text: docId },
					source: { sourceId: 's', epoch, seq: (seq += 1) },
				})),
				...(snapshot && {
					snapshotComplete: {
						sourceId: 's',
						epoch,
						seq: (seq += 1),
						present: [],
						confirmed: false,
						...snapshot,
					},
				}),
			});
		const known = [0, 1, 2, 3, 4].flatMap((n) => [['t', `a${n}`] as const, ['u', `a${n}`] as const]);
		await tell('one', known);
		const held = await tell('two', [], {});
		assert.deepEqual([held.status, held.json.snapshot], [202, { deleted: 0, held: 10 }]);
		const done = await tell('two', known.slice(0, 7), { present: [{ tenant: 'u', docId: 'a3' }] });
		assert.deepEqual(done.json.snapshot, { deleted: 2, held: 0 });
		const gone = await ask('GET', '/v1/documents/state?tenant=u&docId=a4');
		assert.equal(gone.json.sourceId, 's');
		const bad = await tell('three', [['not a tenant!', 'x']], { confirmed: true });
		assert.deepEqual(
			[bad.json.failed, bad.json.snapshot],
			[1, undefined],
			'not while a document was refused',
		);
	});

	it('documents: pages in order, by prefix and state, wildcards taken as they are', async () => {
		const ids = Array.from({ length: 25 }, (_, n) => `dir/${String(n).padStart(2, '0')}.txt`);
		await ask('POST', '/v1/ingest/batch', {
			documents: [...ids, 'a%b.txt', 'a_b.txt', 'axb.txt', 'zz.txt'].map((docId) => ({
				tenant: 't',
				docId,
				content: { text: docId },
			})),
			coalesced: true,
		});
		await until(
			() => made.docStore.stats(),
			({ documents }) => documents === 29,
		);
		const seen: string[] = [];
		let after = '';
		for (let page = 0; page < 10; page += 1) {
			const query = `tenant=t&prefix=dir/&limit=10${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
			const { json } = await ask('GET', `/v1/documents?${query}`);
			seen.push(...json.documents.map((one: { docId: string }) => one.docId));
			if (json.next === null) break;
			after = json.next;
		}
		assert.deepEqual(seen, ids);
		const withPrefix = async (prefix: string) =>
			(await ask('GET', `/v1/documents?tenant=t&prefix=${encodeURIComponent(prefix)}`)).json.documents.map(
				(one: { docId: string }) => one.docId,
			);
		assert.deepEqual(await withPrefix('a_'), ['a_b.txt']);
		const like = (filter: string, more = '') =>
			ask('GET', `/v1/documents?tenant=t&filter=${encodeURIComponent(filter)}${more}`);
		const { json: first } = await like(
			'{"docId":{"prefix":"dir/"},"not":{"docId":"dir/01.txt"}}',
			'&limit=2',
		);
		assert.deepEqual(
			[first.documents.map((one: { docId: string }) => one.docId), first.next],
			[['dir/00.txt', 'dir/02.txt'], 'dir/02.txt'],
		);
		assert.equal((await like('{}', '&limit=100')).json.documents.length, 29);
		for (const [text, field] of [
			['{"a', 'filter'],
			['[1]', 'filter'],
			['{"a":{"__proto__":1}}', 'filter/a/__proto__'],
		] as const) {
			const { status, json } = await like(text);
			assert.deepEqual([status, json.error.field], [400, field]);
		}
		assert.deepEqual(await withPrefix('a%'), ['a%b.txt']);
		assert.deepEqual(await withPrefix('nothing'), []);
		const gone = await ask('DELETE', '/v1/documents?tenant=t&docId=zz.txt&coalesced=true');
		await jobIs(gone.json.jobId, 'deleted');
		const { json: deleted } = await ask('GET', '/v1/documents?tenant=t&state=deleted');
		assert.deepEqual(
			deleted.documents.map((one: { docId: string }) => one.docId),
			['zz.txt'],
		);
		assert.deepEqual((await ask('GET', '/v1/documents?tenant=u')).json, { documents: [], next: null });
	});

	it('jobs: newest first, by state and document, in pages', async () => {
		const ids: string[] = [];
		for (let n = 0; n < 7; n += 1)
			ids.push((await publish(n % 2 === 0 ? 'even.txt' : 'odd.txt', `${n}`)).jobId);
		const list = async (query: string) =>
			(await ask('GET', `/v1/jobs?${query}`)).json as { jobs: { jobId: string }[]; next: string | null };
		const seen: string[] = [];
		let page = await list('tenant=t&limit=3');
		for (;;) {
			seen.push(...page.jobs.map(({ jobId }) => jobId));
			if (page.next === null) break;
			page = await list(`tenant=t&limit=3&after=${page.next}`);
		}
		assert.deepEqual(seen, ids.toReversed());
		const odd = await list('tenant=t&docId=odd.txt&state=published');
		assert.deepEqual(
			odd.jobs.map(({ jobId }) => jobId),
			ids.filter((_, n) => n % 2 === 1).toReversed(),
		);
		assert.deepEqual((await list('tenant=t&state=failed')).jobs, []);
		const some = [ids[4], '01a2216c-c81b-7014-9f25-ccb5228cf640', ids[1], ids[1]].join(',');
		assert.deepEqual(
			(await list(`ids=${some}`)).jobs.map(({ jobId }) => jobId),
			[ids[4], ids[1], ids[1]],
		);
		for (const query of [
			`ids=${some}&tenant=t`,
			`ids=${some},`,
			'ids=',
			`ids=${Array(101).fill(ids[0]).join()}`,
		]) {
			const refused = await ask('GET', `/v1/jobs?${query}`);
			assert.deepEqual([refused.status, refused.json.error.field], [400, 'ids'], query);
		}
		const { json: history } = await ask('GET', '/v1/documents/history?tenant=t&docId=odd.txt');
		assert.equal(history.jobs.length, 3);
		assert.equal(history.document.state, 'published');
	});

	it('jobs: a waiting one can be withdrawn, a failed one tried again', async () => {
		const waiting = await ask('POST', '/v1/publish', document('binary.txt', 'PK\u0000\u0000'));
		const failed = await jobIs(waiting.json.jobId, 'failed');
		assert.equal(failed.error.code, 'unreadable');
		const again = await ask('POST', `/v1/jobs/${failed.jobId}/retry`);
		assert.deepEqual([again.status, again.json.jobId], [200, failed.jobId]);
		assert.notEqual(again.json.state, 'failed');
		await jobIs(failed.jobId, 'failed');
		await made.close();
		made = await httpInMemory({}, { worker: null });
		const { json: kept } = await ask('POST', '/v1/publish', document('kept.txt', 'x'));
		const canceled = await ask('POST', `/v1/jobs/${kept.jobId}/cancel`);
		assert.deepEqual([canceled.status, canceled.json.state], [200, 'canceled']);
		const twice = await ask('POST', `/v1/jobs/${kept.jobId}/cancel`);
		assert.deepEqual([twice.status, twice.json.error.code], [409, 'conflict']);
		assert.match(twice.json.error.message, /canceled/);
		assert.equal((await made.docStore.stats()).pending, 0);
	});

	it('preview: what publishing would do, and nothing done', async () => {
		await publish('a.md', '# A\n\nfirst\n\n# B\n\nsecond');
		const { status, json } = await ask('POST', '/v1/preview', {
			tenant: 't',
			docId: 'a.md',
			content: { text: '# A\n\nfirst\n\n# B\n\nchanged' },
		});
		assert.deepEqual([status, json.state], [200, 'changed']);
		assert.deepEqual(json.diff, { added: 1, kept: 1, removed: 1, embeddings: 1 });
		assert.deepEqual(
			json.chunks.map((chunk: { change: string }) => chunk.change),
			['kept', 'added'],
		);
		assert.equal((await made.docStore.stats()).pending, 0);
	});

	it('embeddings: numbers or base64, the same vectors, as OpenAI answers', async () => {
		const floats = (await ask('POST', '/v1/embeddings', { input: ['install a library', ''.padEnd(3, 'x')] }))
			.json;
		assert.equal(floats.object, 'list');
		assert.equal(floats.model, 'lexical');
		assert.deepEqual(
			floats.data.map((one: { index: number; object: string }) => [one.index, one.object]),
			[
				[0, 'embedding'],
				[1, 'embedding'],
			],
		);
		const vector: number[] = floats.data[0].embedding;
		assert.equal(vector.length, 256);
		assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5, 'unit length');
		const packed = (
			await ask('POST', '/v1/embeddings', {
				input: 'install a library',
				encoding_format: 'base64',
				model: 'text-embedding-3-small',
				dimensions: 256,
			})
		).json;
		const bytes = Buffer.from(packed.data[0].embedding, 'base64');
		const unpacked = Array.from({ length: 256 }, (_, at) => bytes.readFloatLE(at * 4));
		assert.deepEqual(unpacked, vector);
		assert.ok(packed.usage.prompt_tokens > 0 && packed.usage.total_tokens > 0);
	});

	it('metrics: every number of the table, in the format of Prometheus', async () => {
		await publish('a.txt', 'hello');
		const { body, headers } = await made.http.inject({ url: '/metrics', headers: { host: 'localhost' } });
		assert.match(String(headers['content-type']), /text\/plain; version=0\.0\.4/);
		assert.match(body, /^docdrop_documents 1$/m);
		assert.match(body, /^docdrop_changes_total\{result="accepted"\} 1$/m);
		assert.match(body, /^docdrop_receipts_total\{state="published"\} 1$/m);
		assert.match(body, /^docdrop_breaker_open\{peer="index"\} 0$/m);
		assert.match(body, /docdrop_request_seconds_count\{method="POST",route="\/v1\/publish",status="202"\} 1/);
	});
});
