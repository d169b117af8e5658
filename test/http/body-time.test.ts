import assert from 'node:assert/strict';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** Slow callers, on a real socket, with time that the test owns. */
describe('the time that a body may take', () => {
	const second = 1_000;
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let clock: FakeClock;
	/** Timers that are there where nobody sends anything. */
	let atRest: number;
	let caller: Socket;
	let received: string;
	/** The server's end of the connection. */
	let served: Socket;
	let sentBytes: number;

	beforeEach(async () => {
		clock = fakeClock();
		made = await httpInMemory({}, { worker: null }, clock);
		await made.http.listen({ host: '127.0.0.1', port: 0 });
		const accepted = new Promise<Socket>((resolve) => made.http.server.once('connection', resolve));
		received = '';
		sentBytes = 0;
		caller = connect((made.http.server.address() as AddressInfo).port, '127.0.0.1');
		caller.on('data', (piece) => (received += String(piece)));
		// Whether the server closes or resets the connection is not what is looked at.
		caller.on('error', () => {});
		served = await accepted;
		await clock.advance(0);
		atRest = clock.pending();
	});
	afterEach(async () => {
		caller.destroy();
		await made.close();
	});

	/** Sends a piece, and waits until the server has it. */
	async function send(piece: string): Promise<void> {
		caller.write(piece);
		sentBytes += Buffer.byteLength(piece);
		await until(
			async () => served.bytesRead,
			(bytes) => bytes >= sentBytes,
		);
		await clock.advance(0);
	}
	const answered = async (status: number) => {
		await until(
			async () => received,
			(text) => text.includes('\r\n\r\n'),
		);
		assert.match(received, new RegExp(`^HTTP/1.1 ${status} `));
	};
	const head = (start: string, length: number, type: string) =>
		`${start} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
	const put = (length: number) =>
		head('PUT /v1/documents/content?tenant=t&docId=a.txt', length, 'text/plain');

	it('leaves the whole request no limit of Node’s, but its head', () => {
		assert.equal(made.http.server.requestTimeout, 0);
		assert.ok(made.http.server.headersTimeout > 0 && made.http.server.headersTimeout <= 60 * second);
	});

	it('is any, for a stream that gets on', async () => {
		const piece = 'x'.repeat(66_000);
		await send(put(12 * piece.length));
		for (let nth = 0; nth < 12; nth += 1) {
			await clock.advance(50 * second);
			await send(piece);
		}
		await answered(202);
		assert.equal((await made.docStore.document('t', 'a.txt'))?.state, 'accepted');
	});

	it('ends for a stream that trickles', async () => {
		await send(put(200_000));
		for (let nth = 0; nth < 7; nth += 1) {
			await clock.advance(10 * second);
			caller.write('ten bytes ');
		}
		await answered(408);
	});

	for (const [what, begun] of [
		['in memory', 'begun'],
		['in a file', 'x'.repeat(100_000)],
	] as const) {
		it(`ends for a stream that stands still, and nothing of it stays: ${what}`, async () => {
			await send(put(200_000));
			await send(begun);
			await clock.advance(59 * second);
			assert.equal(received, '');
			await clock.advance(20 * second);
			await answered(408);
			await until(
				async () => served.destroyed,
				(isDestroyed) => isDestroyed,
			);
			assert.equal(await made.docStore.document('t', 'a.txt'), null);
			assert.equal(clock.pending(), atRest);
		});
	}

	it('is two minutes for a body that is taken as a whole, however it gets on', async () => {
		await send(head('POST /v1/publish', 1_000, 'application/json'));
		for (let nth = 0; nth < 11; nth += 1) {
			await clock.advance(10 * second);
			await send('{');
		}
		assert.equal(received, '');
		await clock.advance(10 * second);
		await answered(408);
	});

	it('is limited where nobody reads the body, too', async () => {
		await send(head('POST /v1/publish', 1_000, 'application/json').replace('localhost', 'example.com'));
		await answered(403);
		await send('{');
		await clock.advance(130 * second);
		await until(
			async () => served.destroyed,
			(isDestroyed) => isDestroyed,
		);
		assert.equal(received.match(/HTTP\/1.1/g)?.length, 1, 'one request has one answer');
	});

	it('is none for a request without a socket, as the command line makes them', async () => {
		const answer = await made.http.inject({
			method: 'POST',
			url: '/v1/publish',
			headers: { host: 'localhost' },
			payload: { tenant: 't', docId: 'a.txt', content: { text: 'x' } },
		});
		assert.equal(answer.statusCode, 202);
		assert.equal(clock.pending(), atRest);
	});

	it('says nothing of the time that the answer takes', async () => {
		const { accept } = made.docStore;
		const asked = Promise.withResolvers<void>();
		const gate = Promise.withResolvers<void>();
		Object.assign(made.docStore, {
			async accept(...args: Parameters<typeof accept>) {
				asked.resolve();
				await gate.promise;
				return accept(...args);
			},
		});
		await send(put(3));
		await send('abc');
		await asked.promise;
		await clock.advance(600 * second);
		gate.resolve();
		await answered(202);
		assert.equal(clock.pending(), atRest);
	});
});
