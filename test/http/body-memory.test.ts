import assert from 'node:assert/strict';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { file, formBytes, formType } from '../support/form.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { sendRaw } from '../support/raw-http.ts';
import { until } from '../support/settled.ts';

/** Bodies that are begun and not ended, on real sockets: what they may take of everybody's memory. */
describe('the memory that bodies may take', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let clock: FakeClock;
	let port: number;
	const slow: Socket[] = [];

	beforeEach(async () => {
		clock = fakeClock();
		const env = {
			DOCDROP_API_KEYS: 'evil=evil-key,good=good-key',
			DOCDROP_MAX_BODY_MB: '1',
			DOCDROP_MAX_BODIES_MB: '1',
			DOCDROP_ADMISSION_WAIT_MS: '3000',
		};
		made = await httpInMemory(env, { worker: null }, clock);
		await made.http.listen({ host: '127.0.0.1', port: 0 });
		({ port } = made.http.server.address() as AddressInfo);
	});
	afterEach(async () => {
		for (const socket of slow.splice(0)) socket.destroy();
		await made.close();
	});

	const head = (tenant: string, ...length: string[]) =>
		[
			'POST /v1/publish HTTP/1.1',
			'host: localhost',
			`authorization: Bearer ${tenant}-key`,
			'content-type: application/json',
			'connection: close',
			...length,
			'\r\n',
		].join('\r\n');
	/** Says that so many bytes come, and sends few of them; resolves when the server has read those. */
	async function begin(tenant: string, ...length: string[]): Promise<Socket> {
		const accepted = new Promise<Socket>((resolve) => made.http.server.once('connection', resolve));
		const socket = connect(port, '127.0.0.1');
		slow.push(socket);
		socket.on('error', () => {});
		const sent = `${head(tenant, ...length)}{`;
		socket.write(sent);
		const served = await accepted;
		await until(
			async () => served.bytesRead,
			(bytes) => bytes >= sent.length,
		);
		await clock.advance(0);
		return socket;
	}
	const publish = (tenant: string, bytes = 0) => {
		const text = 'x'.repeat(bytes);
		const body = JSON.stringify({ tenant, docId: 'a.txt', content: { text } });
		return sendRaw(port, [head(tenant, `content-length: ${body.length}`), body]);
	};

	it('is bounded, and one caller has three quarters of it at most', async () => {
		await begin('evil', 'content-length: 600000');
		const refused = publish('evil', 500_000);
		assert.equal((await publish('good', 100_000))?.status, 202, 'another caller is let in meanwhile');
		await until(
			async () => clock.pending(),
			(timers) => timers >= 3,
		);
		await clock.advance(3_000);
		const answer = await refused;
		assert.equal(answer?.status, 429);
		assert.ok(Number(answer.headers['retry-after']) >= 1);
		assert.match(answer.body, /"code":"rate_limited".*request bodies/);
	});

	it('is free again when the body ends, its sender hangs up, or was answered', async () => {
		const first = await begin('evil', 'content-length: 1000000');
		const waits = publish('evil', 900_000);
		first.destroy();
		assert.equal((await waits)?.status, 202);
		assert.equal((await publish('evil', 900_000))?.status, 200, 'unchanged');
	});

	it('counts of a form what it may keep of itself, however long it is', async () => {
		const form = async (tenant: string, length: number, body: string | null = null) => {
			const lines = head(tenant, `content-length: ${length}`)
				.replace('/v1/publish', '/v1/files')
				.replace('application/json', formType);
			if (body !== null) return sendRaw(port, [lines, body]);
			const accepted = new Promise<Socket>((resolve) => made.http.server.once('connection', resolve));
			const socket = connect(port, '127.0.0.1').on('error', () => {});
			slow.push(socket);
			socket.write(lines);
			const served = await accepted;
			await until(
				async () => served.bytesRead,
				(bytes) => bytes >= lines.length,
			);
			await clock.advance(0);
			return null;
		};
		await form('evil', 700_000);
		const small = formBytes([file('small.txt')]).toString();
		assert.equal((await form('good', small.length, small))?.status, 202);
		for (const socket of slow.splice(0)) socket.destroy();
		// Of all of it not more is kept than there is memory for.
		await form('evil', 5_000_000);
		const waits = form('good', small.length, small);
		await until(
			async () => clock.pending(),
			(timers) => timers >= 3,
		);
		await clock.advance(3_000);
		assert.equal((await waits)?.status, 429);
	});

	it('counts a body that does not say its length as the largest', async () => {
		await begin('evil', 'transfer-encoding: chunked');
		const refused = publish('good');
		await until(
			async () => clock.pending(),
			(timers) => timers >= 3,
		);
		await clock.advance(3_000);
		assert.equal((await refused)?.status, 429);
	});
});
