import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '../crash/api-process.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import { limits } from '../../api/contract/limits.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { chunked, field, file, formBytes, formHead, manifest, partBytes, sendForm } from '../support/form.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { sendRaw } from '../support/raw-http.ts';
import { snapshot } from '../support/refusal.ts';
import { until } from '../support/settled.ts';

const large = (word: string, bytes = 200_000) => word.repeat(Math.ceil(bytes / word.length)).slice(0, bytes);

/** Senders that end in the middle, on real sockets: nothing of what they sent stays. */
describe('an upload that is cut off', () => {
	const first = partBytes(file('first.txt', large('one ')));
	const second = partBytes(file('second.txt', large('two ')));
	const whole = formBytes([
		field('tenant', 'acme'),
		file('first.txt', large('one ')),
		file('second.txt', large('two ')),
		manifest({ documents: [{ docId: 'm', content: { part: 0 } }] }),
	]);
	const start = whole.indexOf(first);
	const places: [where: string, at: number][] = [
		['before its body', 0],
		['in the first boundary', 5],
		['in the headers of a file', start + 60],
		['in a small piece of a file', start + 1_000],
		['in a file that is on the disk', start + 150_000],
		['between two files', start + first.length],
		['in the second file', start + first.length + 100_000],
		['in the manifest', start + first.length + second.length + 100],
		['one byte before its end', whole.length - 3],
	];

	describe('by its sender', () => {
		let app: TestApp;
		let closed = 0;
		before(async () => {
			app = await startApp({ DOCDROP_WORKERS: '0' });
			const { pipeline } = app.app;
			const { openUpload } = pipeline;
			pipeline.openUpload = async (...args) => {
				const upload = await openUpload(...args);
				return { ...upload, close: () => upload.close().finally(() => (closed += 1)) };
			};
		});
		after(() => app.close());
		const blobs = () => readdir(join(app.dataDir, 'blobs'));

		for (const [where, at] of places) {
			for (const isChunked of [false, true]) {
				it(`${where}, ${isChunked ? 'without' : 'with'} a length`, async () => {
					const before = await snapshot(app, ['acme', 'default']);
					const sent = whole.subarray(0, at);
					const body = isChunked && at > 0 ? chunked(sent) : sent;
					const head = formHead('/v1/files', isChunked ? null : whole.length);
					const seen = closed;
					assert.equal(await sendRaw(app.port, [head, body], { hangUp: true }), null);
					await until(
						async () => closed,
						(count) => count > seen,
					);
					assert.deepEqual(await blobs(), []);
					assert.deepEqual(await snapshot(app, ['acme', 'default']), before);
				});
			}
		}

		it('is taken when it comes whole', async () => {
			const answer = await sendRaw(app.port, [formHead('/v1/files', whole.length), whole]);
			assert.deepEqual([answer?.status, (await blobs()).length], [202, 2]);
			assert.deepEqual(
				JSON.parse(answer?.body ?? '').results.map(
					(one: { receipt: { docId: string } }) => one.receipt.docId,
				),
				['m', 'second.txt'],
			);
			assert.doesNotMatch(app.logged(), /"level":50/);
		});
	});

	it('by the end of the process leaves nothing for the next one', async function () {
		this.timeout(60_000);
		const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-upload-'));
		const blobs = () => readdir(join(dataDir, 'blobs'));
		const settings = { DOCDROP_LOG_LEVEL: 'warn', DOCDROP_WORKERS: '0' };
		let api = startApi(dataDir, settings);
		try {
			const port = Number(new URL((await api.url) ?? assert.fail('it did not start')).port);
			const socket = connect(port, '127.0.0.1').on('error', () => {});
			socket.write(formHead('/v1/files', whole.length));
			socket.write(whole.subarray(0, start + first.length + 150_000));
			const names = await until(blobs, (all) => all.length === 2);
			assert.equal(names.filter((name) => name.endsWith('.tmp')).length, 1, 'one file whole, one under way');
			api.kill();
			await api.ended;
			assert.equal((await blobs()).length, 2);
			api = startApi(dataDir, settings);
			const url = (await api.url) ?? assert.fail('it did not start again');
			assert.deepEqual(await blobs(), []);
			const status = (await call(url, { path: '/v1/status' })).json;
			assert.deepEqual([status.documents, status.pending, status.pendingBytes], [0, 0, 0]);
			const { json } = await sendForm(url, '/v1/files', [file('a.txt', large('a ')), file('b.txt')]);
			assert.equal(json.accepted, 2);
		} finally {
			api.kill();
			await api.ended;
			await rm(dataDir, { recursive: true, force: true });
		}
	});
});

describe('the room and the time of uploads', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let port: number;
	let blobs: Set<string>;
	const clock = fakeClock();
	const sockets: Socket[] = [];

	beforeEach(async () => {
		const memory = createMemoryDocStore();
		blobs = new Set();
		const docStore = {
			...memory,
			async writeBlob(bytes: AsyncIterable<Uint8Array>) {
				const written = await memory.writeBlob(bytes);
				blobs.add(written.blob);
				return written;
			},
			async dropBlob(blob: string) {
				blobs.delete(blob);
				await memory.dropBlob(blob);
			},
		};
		const accept = {
			...{ windowMs: 0, maxWaitMs: 0, maxPending: 100, maxPendingBytes: 800_000 },
			...{ maxFileBytes: 500_000, maxBufferedBytes: 500_000, streamable: [], fingerprintOf: () => 'f' },
			...{ mimeTypes: ['text/plain'], mimeTypeOf, refusedTypes: new Map() },
		};
		made = await httpInMemory({}, { docStore, worker: null, accept }, clock);
		await made.http.listen({ host: '127.0.0.1', port: 0 });
		({ port } = made.http.server.address() as AddressInfo);
	});
	afterEach(async () => {
		for (const socket of sockets.splice(0)) socket.destroy();
		await made.close();
	});

	const send = (parts: Parameters<typeof formBytes>[0], path = '/v1/files?tenant=t') => {
		const bytes = formBytes(parts);
		return sendRaw(port, [formHead(path, bytes.length), bytes]);
	};
	const statuses = (answer: Awaited<ReturnType<typeof send>>) =>
		JSON.parse(answer?.body ?? '').results.map((one: { status: number }) => one.status);

	it('room is taken before a form comes, and given back when it ends, however it ends', async () => {
		const half = formBytes([file('a.txt', large('a', 450_000))]);
		const refused = await send([file('a.txt', large('a', 450_000)), file('b.txt', large('b', 450_000))]);
		assert.deepEqual([refused?.status, blobs.size], [503, 0]);
		assert.match(refused?.body ?? '', /queue_full/);
		const head = formHead('/v1/files?tenant=t', half.length);
		for (let times = 0; times < 3; times += 1) {
			const cut = await sendRaw(port, [head, half.subarray(0, 300_000)], { hangUp: true });
			assert.equal(cut, null);
		}
		await until(
			async () => (await send([file('a.txt', large('a', 450_000))]))?.status,
			(status) => status === 202,
		);
		assert.equal(blobs.size, 1);
		assert.equal((await send([file('b.txt', large('b', 450_000))]))?.status, 503, 'what is kept counts');
		assert.equal((await send([file('c.txt', large('c', 100_000))]))?.status, 202);
		assert.equal(blobs.size, 2);
	});

	it('a form that does not say its length has a quarter of the room, and what goes beyond it is refused alone', async () => {
		const parts = [
			file('1.txt', large('1', 150_000)),
			file('2.txt', large('2', 100_000)),
			file('3.txt', 'small'),
		];
		const answer = await sendRaw(port, [
			formHead('/v1/files?tenant=t', null),
			...[chunked(formBytes(parts)), '0\r\n\r\n'],
		]);
		assert.deepEqual(statuses(answer), [202, 503, 202]);
		assert.equal(blobs.size, 1);
	});

	it('files of one form share a transaction with its bounds: what finds no place is refused, and dropped', async () => {
		// One tenant may have three quarters of the 100 that may wait.
		const parts = Array.from({ length: 75 }, (_, at) => file(`${at}.txt`));
		const answer = await send([...parts, file('last.txt', large('last', 100_000))]);
		assert.deepEqual(statuses(answer), [...parts.map(() => 202), 503]);
		assert.equal(blobs.size, 0);
	});

	/** Writes a piece, and waits until the server has it. */
	async function begin(
		bytes: number,
	): Promise<{ socket: Socket; received: () => string; write: (piece: string) => Promise<void> }> {
		const accepted = new Promise<Socket>((resolve) => made.http.server.once('connection', resolve));
		const socket = connect(port, '127.0.0.1').on('error', () => {});
		sockets.push(socket);
		let text = '';
		let sent = 0;
		socket.on('data', (piece) => (text += String(piece)));
		const served = await accepted;
		const write = async (piece: string) => {
			socket.write(piece);
			sent += Buffer.byteLength(piece);
			await until(
				async () => served.bytesRead,
				(read) => read >= sent,
			);
			await clock.advance(0);
		};
		const start = partBytes(file('slow.txt', 'x')).subarray(0, -2).toString();
		await write(formHead('/v1/files?tenant=t', bytes));
		await write(start);
		return { socket, received: () => text, write };
	}

	it('a form may take any time that gets on, and none that does not', async () => {
		const good = await begin(400_000);
		for (let nth = 0; nth < 4; nth += 1) {
			await clock.advance(limits.streamedMs - 5_000);
			await good.write('x'.repeat(limits.streamedBytes));
		}
		assert.equal(good.received(), '');
		good.socket.destroy();
		const slow = await begin(400_000);
		await slow.write('x'.repeat(100_000));
		await clock.advance(limits.streamedMs + 20_000);
		await until(
			async () => slow.received(),
			(text) => text.includes('\r\n\r\n'),
		);
		assert.match(slow.received(), /^HTTP\/1.1 408 /);
		await until(
			async () => blobs.size,
			(size) => size === 0,
		);
		assert.equal((await made.docStore.jobs({ limit: 10 })).length, 0);
	});
});
