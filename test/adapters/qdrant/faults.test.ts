import assert from 'node:assert/strict';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { all, collection, dimensions, docWrite, idOf, point, rig, type Rig } from './fixture.ts';

describe('the Qdrant store when Qdrant or the network fails', () => {
	let ctx: Rig;
	const put = (name = 'a', signal?: AbortSignal) => ctx.store.put([docWrite('d1', [point(name)])], signal);
	const caught = async (promise: Promise<unknown>) => {
		const error: unknown = await promise.then(
			() => assert.fail('was expected to reject'),
			(reason: unknown) => reason,
		);
		assert.ok(isDocDropError(error), String(error));
		return error;
	};

	beforeEach(async () => {
		ctx = await rig();
		await ctx.store.open();
	});
	afterEach(() => ctx.dispose());

	it('takes the whole Retry-After header, at any call, where the client takes its first character', async () => {
		const calls: (() => Promise<unknown>)[] = [
			() => put(),
			() => ctx.store.remove('acme', [idOf('a')]),
			() => ctx.store.count(null),
			() => ctx.store.ping(),
			() => all(ctx.store.scan(null)),
			() => ctx.store.search({ tenant: 'acme', vector: null, terms: ['x'], limit: 1 }),
			() => ctx.store.vectors('acme', [idOf('a')]),
		];
		for (const call of calls) {
			ctx.double.faults.answers.push({ status: 429, retryAfter: '37' });
			const { code, retryAfterMs, peerStatus } = await caught(call());
			assert.deepEqual(
				{ code, retryAfterMs, peerStatus },
				{ code: 'index_throttled', retryAfterMs: 37_000, peerStatus: 429 },
			);
		}
	});

	it('never invents a time for a throttled open, whose client hides the header', async () => {
		ctx.double.faults.answers.push({ status: 429, retryAfter: '37' });
		const { code, retryAfterMs } = await caught(ctx.store.open());
		assert.deepEqual([code, retryAfterMs], ['index_throttled', undefined]);
	});

	const statuses: [number, string, string][] = [
		[400, 'Wrong input: bad', 'index_rejected'],
		[400, 'Wrong input: Vector dimension error: expected dim: 4, got 5', 'index_mismatch'],
		[401, 'Invalid API key or JWT', 'index_forbidden'],
		[403, 'Forbidden: Write access is required', 'index_forbidden'],
		[403, 'Storage locked: recovery', 'index_unavailable'],
		[404, 'Not found: No point with id 1', 'index_rejected'],
		[404, "Not found: Collection `docs` doesn't exist!", 'index_unavailable'],
		[408, 'Timeout: slow', 'index_unavailable'],
		[413, 'too large', 'index_rejected'],
		[422, 'Validation error', 'index_rejected'],
		[429, 'Write rate limit exceeded, please try to split your request', 'index_rejected'],
		[500, 'Service internal error: broken', 'index_unavailable'],
		[500, 'Service internal error: No space left on device', 'disk_full'],
		[503, 'Shard temporarily unavailable', 'index_unavailable'],
		[507, 'Insufficient storage: quota', 'disk_full'],
	];
	for (const [status, error, code] of statuses) {
		it(`answers ${status} "${error}" with ${code}, from a write and from open`, async () => {
			ctx.double.faults.answers.push({ status, error });
			assert.equal((await caught(put())).code, code);
			ctx.double.faults.answers.push({ status, error });
			const opening = await caught(ctx.store.open());
			if (status !== 429) assert.equal(opening.code, code);
		});
	}

	it('takes an answer that is no Qdrant answer for an outage, even with status 200', async () => {
		for (const status of [200, 302, 502]) {
			ctx.double.faults.answers.push({ status, html: '<html>proxy</html>' });
			assert.equal((await caught(put())).code, 'index_unavailable', String(status));
		}
	});

	it('says nothing of the machine, and little of the peer', async () => {
		ctx.double.faults.answers.push({ status: 400, error: `bad\n${'x'.repeat(5_000)}` });
		const { message } = await caught(put());
		assert.ok(message.length < 300 && !message.includes('\n'));
		await ctx.double.down();
		const refused = await caught(put());
		// A pooled connection may be the first to notice.
		assert.match(refused.message, /\((ECONNREFUSED|ECONNRESET|EPIPE)\)$/);
		assert.ok(!refused.message.includes('127.0.0.1'));
		assert.equal((await caught(ctx.store.open())).code, 'index_unavailable');
	});

	it('works again as soon as the server is back, on the same store', async () => {
		await put('a');
		await ctx.double.down();
		assert.equal((await caught(put('b'))).code, 'index_unavailable');
		assert.equal((await caught(ctx.store.ping())).code, 'index_unavailable');
		await ctx.double.up();
		await ctx.store.ping();
		await put('b');
		assert.equal(await ctx.store.count('acme'), 2);
		ctx.double.faults.dark = 'closed';
		assert.equal((await caught(put('c'))).code, 'index_unavailable');
		ctx.double.faults.dark = 'unavailable';
		assert.equal((await caught(put('c'))).code, 'index_unavailable');
		ctx.double.faults.dark = null;
		await put('c');
	});

	it('completes a write whose acknowledgement was lost, or that stopped half way, when it is sent again', async () => {
		const write = docWrite('d1', [point('a'), point('b'), point('c')]);
		for (const fault of ['loseAcks', 'partial'] as const) {
			await ctx.store.remove('acme', [idOf('a'), idOf('b'), idOf('c')]);
			ctx.double.faults[fault] = 1;
			assert.equal((await caught(ctx.store.put([write]))).code, 'index_unavailable');
			assert.equal(await ctx.store.count('acme'), fault === 'partial' ? 2 : 3);
			await ctx.store.put([write]);
			assert.equal(await ctx.store.count('acme'), 3);
		}
		const kept = [
			docWrite('d1', [], { kept: [idOf('a')], reordered: [{ id: idOf('b'), order: 'z' }] }),
			docWrite('d1', [], { reordered: [{ id: idOf('c'), order: 'zz' }] }),
		];
		ctx.double.faults.partial = 1;
		assert.equal((await caught(ctx.store.put(kept))).code, 'index_unavailable');
		await ctx.store.put(kept);
		const orders = (await all(ctx.store.scan('acme'))).map((p) => p.order).sort();
		assert.deepEqual(orders, ['o-a', 'z', 'zz']);
	});

	it('refuses the batch that holds a poison document, and takes it without', async () => {
		ctx.double.faults.rejectContent = 'poison';
		const good = docWrite('d1', [point('a')]);
		const bad = docWrite('d2', [point('b', { content: 'a poison text' })]);
		assert.equal((await caught(ctx.store.put([good, bad]))).code, 'index_rejected');
		assert.equal(await ctx.store.count('acme'), 0);
		await ctx.store.put([good]);
		assert.equal((await caught(ctx.store.put([bad]))).code, 'index_rejected');
	});

	it('does not settle a failed put while another of its requests is on its way', async () => {
		const store = createQdrantStore({
			url: ctx.double.url,
			collection,
			dimensions,
			clock: systemClock,
			maxPointsPerRequest: 1,
		});
		ctx.double.faults.delayMs = 20;
		ctx.double.faults.answers.push({ status: 500 });
		const points = Array.from({ length: 9 }, (_, n) => point(`p${n}`));
		assert.equal((await caught(store.put([docWrite('d1', points)]))).code, 'index_unavailable');
		const settled = ctx.double.points(collection).size;
		assert.ok(settled <= 3, 'stops soon after the failure');
		ctx.double.faults.delayMs = 0;
		await store.ping();
		assert.equal(ctx.double.points(collection).size, settled);
		await store.close();
	});

	it('gives up after its time, by its own clock, and cuts the connection', async () => {
		const clock = fakeClock();
		const store = createQdrantStore({
			url: ctx.double.url,
			collection,
			dimensions,
			clock,
			timeoutMs: 15_000,
		});
		ctx.double.faults.hang = true;
		const before = ctx.double.requests.length;
		const failed = caught(store.count(null));
		while (ctx.double.requests.length === before) await new Promise((resolve) => setImmediate(resolve));
		await clock.advance(14_999);
		assert.equal(clock.pending(), 1);
		await clock.advance(1);
		const { code, message } = await failed;
		assert.equal(code, 'index_unavailable');
		assert.match(message, /within 15000 ms/);
		assert.equal(clock.pending(), 0);
		ctx.double.faults.hang = false;
		await store.ping();
		assert.equal(clock.pending(), 0, 'an answered call leaves no timer');
		await store.close();
	});

	it("rejects with the signal's reason, before and during a call", async () => {
		const reason = new Error('enough');
		const before = ctx.double.requests.length;
		await assert.rejects(put('a', AbortSignal.abort(reason)), reason);
		await assert.rejects(ctx.store.ping(AbortSignal.abort(reason)), reason);
		assert.equal(ctx.double.requests.length, before);
		for (const call of [
			(signal: AbortSignal) => put('a', signal),
			(signal: AbortSignal) => ctx.store.remove('acme', [idOf('a')], signal),
			(signal: AbortSignal) => ctx.store.ping(signal),
		]) {
			const controller = new AbortController();
			ctx.double.faults.hang = true;
			const seen = ctx.double.requests.length;
			const failed = assert.rejects(call(controller.signal), reason);
			while (ctx.double.requests.length === seen) await new Promise((resolve) => setImmediate(resolve));
			controller.abort(reason);
			await failed;
			ctx.double.faults.hang = false;
		}
		assert.equal(await ctx.store.count('acme'), 0);
	});

	it('asks for the key everywhere, and names a wrong one', async () => {
		const guarded = await rig({ apiKey: 'secret' }, { apiKey: 'secret', readOnlyKey: 'look' });
		await guarded.store.open();
		await guarded.store.put([docWrite('d1', [point('a')])]);
		const options = { url: guarded.double.url, collection, dimensions, clock: systemClock };
		const reader = createQdrantStore({ ...options, apiKey: 'look' });
		await reader.open();
		assert.equal(await reader.count(null), 1);
		assert.equal((await caught(reader.put([docWrite('d1', [point('b')])]))).code, 'index_forbidden');
		for (const store of [createQdrantStore(options), createQdrantStore({ ...options, apiKey: 'wrong' })]) {
			const errors = [
				await caught(store.ping()),
				await caught(store.open()),
				await caught(store.count(null)),
			];
			assert.ok(
				errors.every((error) => error.code === 'index_forbidden' && !error.message.includes('wrong')),
			);
			await store.close();
		}
		await reader.close();
		await guarded.dispose();
	});

	it('knows a collection that was dropped from one that never was', async () => {
		await fetch(`${ctx.double.url}/collections/${collection}`, { method: 'DELETE' });
		assert.equal((await caught(put())).code, 'index_unavailable');
		assert.equal((await caught(ctx.store.ping())).code, 'index_unavailable');
		await ctx.store.open();
		await put();
	});
});
