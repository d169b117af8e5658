import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

/** S5: who is limited, and that nobody talks himself out of it. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('rate limit', () => {
	let made: Made;
	const start = async (env: Record<string, string> = {}) => {
		made = await httpInMemory({ DOCDROP_RATE_LIMIT_MAX: '2', ...env });
	};
	afterEach(() => made.close());

	const ask = (remoteAddress: string, headers: Record<string, string> = {}, url = '/v1/info') =>
		made.http.inject({ url, remoteAddress, headers: { host: 'localhost', ...headers } });
	/** Statuses of five requests, which are three more than a limited caller has. */
	const five = async (...args: Parameters<typeof ask>) => {
		const statuses: number[] = [];
		for (let nth = 0; nth < 5; nth += 1) statuses.push((await ask(...args)).statusCode);
		return statuses;
	};
	const free = [200, 200, 200, 200, 200];
	const limited = [200, 200, 429, 429, 429];

	it('answers 429 in our words, with Retry-After', async () => {
		await start();
		await five('203.0.113.9');
		const answer = await ask('203.0.113.9');
		assert.equal(answer.statusCode, 429);
		const { error } = answer.json();
		assert.equal(error.code, 'rate_limited');
		assert.equal(error.retryable, true);
		assert.match(error.message, /at most 2 requests a minute/);
		assert.ok(error.hint.length > 0 && error.requestId.length > 0);
		const wait = Number(answer.headers['retry-after']);
		assert.ok(wait >= 1 && wait <= 60, `Retry-After is in seconds, got ${wait}`);
	});

	it('lets local networks through', async () => {
		await start();
		for (const address of [
			'127.0.0.1',
			'127.255.255.254',
			'::1',
			'10.0.0.1',
			'10.255.255.255',
			'172.16.0.1',
			'172.31.255.255',
			'192.168.0.1',
			'192.168.255.255',
			'::ffff:127.0.0.1',
			'::ffff:10.1.2.3',
			'::FFFF:172.20.0.1',
			'::ffff:192.168.7.7',
		]) {
			assert.deepEqual(await five(address), free, address);
		}
	});

	it('limits what only looks local', async () => {
		await start();
		for (const address of [
			'172.32.0.1',
			'172.15.255.255',
			'11.0.0.1',
			'9.255.255.255',
			'192.169.0.1',
			'192.167.255.255',
			'128.0.0.1',
			'126.255.255.255',
			'::ffff:172.32.0.2',
			'::ffff:8.8.8.8',
			'2001:db8::1',
			'::2',
			'fe80::1',
		]) {
			assert.deepEqual(await five(address), limited, address);
		}
	});

	it('counts each address alone', async () => {
		await start();
		assert.deepEqual(await five('203.0.113.1'), limited);
		assert.equal((await ask('203.0.113.2')).statusCode, 200);
	});

	it('does not believe a forged X-Forwarded-For', async () => {
		await start();
		assert.deepEqual(await five('203.0.113.9', { 'x-forwarded-for': '127.0.0.1' }), limited);
		const spread: number[] = [];
		for (let n = 1; n <= 4; n += 1) {
			spread.push((await ask('203.0.113.10', { 'x-forwarded-for': `198.51.100.${n}` })).statusCode);
		}
		assert.deepEqual(spread, [200, 200, 429, 429], 'a new forged address is no new caller');
	});

	for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
		it(`limits what a proxy next door sends on, unless it is trusted (${name})`, async () => {
			await start();
			const value = name === 'forwarded' ? 'for=127.0.0.1' : '127.0.0.1';
			assert.deepEqual(await five('127.0.0.1', { [name]: value }), limited);
		});
	}

	it('takes the forwarded address of a trusted proxy', async () => {
		await start({ DOCDROP_TRUSTED_PROXIES: '10.0.0.5, 192.168.1.0/24' });
		const from = (address: string) => ({ 'x-forwarded-for': address });
		assert.deepEqual(await five('10.0.0.5', from('203.0.113.7')), limited);
		assert.equal(
			(await ask('10.0.0.5', from('203.0.113.8'))).statusCode,
			200,
			'each forwarded address alone',
		);
		assert.deepEqual(await five('10.0.0.5', from('10.9.9.9')), free, 'a local caller behind the proxy');
		assert.deepEqual(await five('192.168.1.9', from('203.0.113.20')), limited);
		assert.deepEqual(
			await five('10.0.0.5', from('127.0.0.1, 203.0.113.30')),
			limited,
			'what stands before the address that the proxy saw is the caller’s own claim',
		);
		assert.deepEqual(await five('10.0.0.5', from('localhost')), limited, 'no address is no local address');
	});

	it('limits a local proxy that is not the trusted one, and one that says nothing of the caller', async () => {
		await start({ DOCDROP_TRUSTED_PROXIES: '10.0.0.5' });
		assert.deepEqual(await five('10.0.0.6', { 'x-forwarded-for': '10.9.9.9' }), limited);
		assert.deepEqual(await five('10.0.0.5', { 'x-real-ip': '10.9.9.9' }), limited);
		assert.deepEqual(await five('10.0.0.7'), free);
	});

	it('counts guesses of a key, and addresses that are none', async () => {
		await start({ DOCDROP_API_KEYS: 'the-right-key' });
		const guesses = [];
		for (const key of ['a', 'b', 'c', 'the-right-key']) {
			guesses.push((await ask('203.0.113.9', { 'x-api-key': key })).statusCode);
		}
		assert.deepEqual(guesses, [401, 401, 429, 429]);
		assert.deepEqual(await five('203.0.113.11', {}, '/nowhere'), [401, 401, 429, 429, 429]);
	});

	it('limits local callers too where that is wanted, and nobody where the limit is 0', async () => {
		await start({ SKIP_RATE_LIMITS_LOCAL: 'false' });
		assert.deepEqual(await five('127.0.0.1'), limited);
		await made.close();
		await start({ DOCDROP_RATE_LIMIT_MAX: '0' });
		assert.deepEqual(await five('203.0.113.9'), free);
	});
});
