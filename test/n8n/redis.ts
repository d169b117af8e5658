import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './real-n8n.ts';

/** Redis in a process of its own, on a free port, with nothing on the disk. For n8n's queue mode. */
export async function startRedis(): Promise<{ readonly port: number; stop(): Promise<void> }> {
	const port = await freePort();
	const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
	const redis = spawn('redis-server', [...args, '--dir', tmpdir()], { stdio: 'ignore' });
	let missing: Error | null = null;
	redis.once('error', (error) => (missing = error));
	const ended = new Promise((done) => redis.once('exit', done));
	while (!(await answers(port))) {
		// Left out in silence, n8n's queue mode would count as tested.
		if (missing !== null)
			throw new Error('redis-server is needed for this test: apt-get install redis-server', {
				cause: missing,
			});
		if (redis.exitCode !== null) throw new Error(`redis-server ended at its start: ${redis.exitCode}`);
		await sleep(50);
	}
	return {
		port,
		async stop() {
			redis.kill('SIGKILL');
			await ended;
		},
	};
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
		socket.once('data', (data) => {
			socket.destroy();
			resolve(String(data).startsWith('+PONG'));
		});
		socket.once('error', () => resolve(false));
	});
}
