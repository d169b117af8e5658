import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { call } from '../support/call.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { first, second, type Pair } from '../support/certificates.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { until } from '../support/settled.ts';

describe('TLS', function () {
	this.timeout(120_000);
	let dir: string;
	let cert: string;
	let key: string;
	const write = (pair: Pair) => {
		writeFileSync(cert, pair.cert);
		writeFileSync(key, pair.key);
	};
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-tls-'));
		cert = join(dir, 'tls.crt');
		key = join(dir, 'tls.key');
		write(first);
	});
	afterEach(() => rmSync(dir, { recursive: true }));

	/** Whose certificate a new connection is shown. */
	async function shown(port: number): Promise<string> {
		const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
		await once(socket, 'secureConnect');
		const { subject } = socket.getPeerX509Certificate() ?? {};
		socket.destroy();
		return subject ?? '';
	}

	async function ask(port: number, path: string) {
		const asked = request({ port, host: '127.0.0.1', path, rejectUnauthorized: false });
		const [answer] = await once(asked.end(), 'response');
		answer.resume();
		return { status: answer.statusCode, headers: answer.headers };
	}

	describe('of a running API', () => {
		let app: TestApp;
		beforeEach(async () => {
			app = await startApp({ DOCDROP_TLS_CERT: cert, DOCDROP_TLS_KEY: key, DOCDROP_WORKERS: '0' });
		});
		afterEach(() => app.close());
		const status = async () =>
			(await app.app.http.inject({ url: '/v1/status', headers: { host: 'localhost' } })).json();

		it('is all that it answers, and tells browsers to come so again', async () => {
			assert.match(app.url, /^https:/);
			const { status, headers } = await ask(app.port, '/health/live');
			assert.equal(status, 200);
			assert.match(headers['strict-transport-security'], /^max-age=\d{8}$/);
			await assert.rejects(call(app.url.replace('https:', 'http:'), { path: '/health/live' }));
			const old = connect({
				port: app.port,
				host: '127.0.0.1',
				rejectUnauthorized: false,
				maxVersion: 'TLSv1.1',
				minVersion: 'TLSv1',
			});
			const [error] = await once(old, 'error');
			assert.ok(error instanceof Error);
		});

		it('shows another certificate once its files are other ones, without a restart', async () => {
			assert.match(await shown(app.port), /first/);
			const kept = connect({ port: app.port, host: '127.0.0.1', rejectUnauthorized: false });
			await once(kept, 'secureConnect');
			write(second);
			await until(
				() => shown(app.port),
				(name) => name.includes('second'),
				60_000,
			);
			kept.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
			const [answer] = await once(kept, 'data');
			assert.match(String(answer), /^HTTP\/1\.1 200/, 'a connection from before goes on');
			kept.destroy();
			const { certificate } = await status();
			assert.deepEqual(certificate, {
				expiresAt: new X509Certificate(second.cert).validToDate.toISOString(),
				fault: null,
			});
		});

		it('keeps the certificate while the files do not fit each other, and says so', async () => {
			writeFileSync(key, second.key);
			const fault = await until(
				async () => (await status()).certificate.fault as string | null,
				(told) => told !== null,
				60_000,
			);
			assert.match(fault ?? '', /^DOCDROP_TLS_KEY must be the private key of DOCDROP_TLS_CERT/);
			assert.match(await shown(app.port), /first/);
			writeFileSync(cert, second.cert);
			await until(
				() => shown(app.port),
				(name) => name.includes('second'),
				60_000,
			);
			assert.equal((await status()).certificate.fault, null);
			assert.ok(!app.logged().includes(dir) && !app.logged().includes('PRIVATE KEY'));
		});
	});

	it('is refused at the start where a file is missing, is none, or is alone', async () => {
		const refused = (env: Record<string, string>, message: RegExp) =>
			assert.rejects(startApp({ DOCDROP_WORKERS: '0', ...env }), { code: 'config_invalid', message });
		const both = { DOCDROP_TLS_CERT: cert, DOCDROP_TLS_KEY: key };
		await refused({ DOCDROP_TLS_CERT: cert }, /^DOCDROP_TLS_KEY must be set where DOCDROP_TLS_CERT is/);
		await refused({ DOCDROP_TLS_KEY: key }, /^DOCDROP_TLS_CERT must be set where DOCDROP_TLS_KEY is/);
		await refused({ ...both, DOCDROP_TLS_KEY: join(dir, 'none') }, /^DOCDROP_TLS_KEY must be .* \(ENOENT\)$/);
		writeFileSync(cert, first.key);
		await refused(both, /^DOCDROP_TLS_CERT must be a certificate in PEM/);
		write({ cert: first.cert, key: second.key });
		await refused(both, /^DOCDROP_TLS_KEY must be the private key of DOCDROP_TLS_CERT/);
	});

	it('is spoken by the commands, which believe the certificate of the settings and no other', async () => {
		const env = { DOCDROP_PORT: '0', DOCDROP_TLS_CERT: cert, DOCDROP_TLS_KEY: key };
		const server = startCli(['serve'], { cwd: dir, env });
		try {
			await server.shows(/API and its description: https:/);
			const status = await runCli(['status'], { cwd: dir, env });
			assert.match(status.out, /running on https:/, status.err);
			const without = await runCli(['status'], { cwd: dir });
			assert.match(without.err, /DOCDROP_TLS_CERT must name the certificate of the process/);
			const other = join(dir, 'other.crt');
			writeFileSync(other, second.cert);
			const wrong = await runCli(['status'], { cwd: dir, env: { ...env, DOCDROP_TLS_CERT: other } });
			assert.match(wrong.err, /DOCDROP_TLS_CERT must name the certificate of the process/);
		} finally {
			server.child.kill('SIGTERM');
			await server.ended;
		}
	});
});
