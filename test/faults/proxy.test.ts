import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFaultProxy, type FaultProxy } from './proxy.ts';

describe('the fault proxy', () => {
	let proxy: FaultProxy;
	let server: http.Server;
	/** Bytes of each request that the server has read to its end. */
	let served: number[];
	let agent: http.Agent;

	beforeEach(async () => {
		served = [];
		server = http.createServer((request, response) => {
			let bytes = 0;
			request.on('data', (piece: Buffer) => (bytes += piece.length));
			request.on('end', () => {
				served.push(bytes);
				response.end('y'.repeat(20_000));
			});
			request.on('error', () => {});
		});
		await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
		proxy = await startFaultProxy({ port: (server.address() as AddressInfo).port });
		agent = new http.Agent({ keepAlive: true });
	});
	afterEach(async () => {
		agent.destroy();
		await proxy.close();
		server.closeAllConnections();
		await new Promise<void>((resolve) => void server.close(() => resolve()));
	});

	/** The status and the length of the answer, or the code of the error. */
	const ask = (body = 'x'.repeat(5_000), signal?: AbortSignal) =>
		new Promise<string>((resolve) => {
			const { host, port } = proxy;
			const request = http.request({ host, port, method: 'PUT', agent, ...(signal && { signal }) });
			const fail = (error: Error & { code?: string }) => resolve(error.code ?? error.message);
			request.on('error', fail);
			request.on('response', (response) => {
				let bytes = 0;
				response.on('data', (piece: Buffer) => (bytes += piece.length));
				response.on('error', fail);
				response.on('end', () => resolve(`${response.statusCode} ${bytes}`));
			});
			request.end(body);
		});

	it('passes everything while there is no fault, over connections that stay', async () => {
		for (let n = 0; n < 3; n += 1) assert.equal(await ask(), '200 20000');
		assert.equal(proxy.connections(), 1);
		assert.deepEqual(served, [5_000, 5_000, 5_000]);
	});

	it('resets and refuses, kept connections too, and passes again afterwards', async () => {
		assert.equal(await ask(), '200 20000');
		await proxy.set({ kind: 'reset' });
		assert.equal(await ask(), 'ECONNRESET');
		await proxy.set({ kind: 'refused' });
		assert.equal(await ask(), 'ECONNREFUSED');
		await proxy.set(null);
		assert.equal(await ask(), '200 20000');
		assert.deepEqual(served, [5_000, 5_000]);
	});

	it('swallows what comes while it is half open', async () => {
		assert.equal(await ask(), '200 20000');
		await proxy.set({ kind: 'half-open' });
		const given = new AbortController();
		const answer = ask('x', given.signal);
		while (proxy.struck() === 0) await new Promise((resolve) => setImmediate(resolve));
		given.abort();
		assert.equal(await answer, 'ABORT_ERR');
		await proxy.set(null);
		assert.equal(await ask(), '200 20000');
		assert.equal(served.length, 2);
	});

	it('cuts either way after so many bytes', async () => {
		await proxy.set({ kind: 'cut', way: 'up', after: 2_000 });
		assert.equal(await ask(), 'ECONNRESET');
		assert.deepEqual(served, []);
		await proxy.set({ kind: 'cut', way: 'down', after: 7_000 });
		assert.equal(await ask(), 'ECONNRESET');
		assert.deepEqual(served, [5_000], 'the request was done');
	});

	it('lets a request be done and loses its answer', async () => {
		await proxy.set({ kind: 'ack-lost' });
		assert.equal(await ask(), 'ECONNRESET');
		assert.deepEqual(served, [5_000]);
	});

	it('answers a share of the requests itself', async () => {
		await proxy.set({ kind: 'answer', status: 429, share: 0.5, retryAfter: '1', body: '{}' });
		const answers = [await ask(), await ask(), await ask(), await ask()];
		assert.deepEqual(answers, ['200 20000', '429 2', '200 20000', '429 2']);
		assert.equal(proxy.struck(), 2);
	});

	it('delays and slows down without losing or mixing a byte', async () => {
		await proxy.set({ kind: 'delay', ms: 5 });
		assert.equal(await ask(), '200 20000');
		await proxy.set({ kind: 'slow', way: 'up', bytes: 1_000, everyMs: 1 });
		assert.equal(await ask(), '200 20000');
		await proxy.set({ kind: 'slow', way: 'down', bytes: 5_000, everyMs: 1 });
		assert.equal(await ask(), '200 20000');
		assert.ok(proxy.struck() > 0);
		assert.deepEqual(served, [5_000, 5_000, 5_000]);
	});
});
