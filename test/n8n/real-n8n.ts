import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installN8n } from './install.ts';

/**
 * The real n8n in a process of its own, with our packed package, an owner and a session: what a person has after
 * installing the package and signing in. One user folder outlives several lives of the process.
 */
export interface RealN8n {
	readonly url: string;
	/** Its database, SQLite. */
	readonly database: string;
	/** Of the process that runs now. */
	pid(): number;
	/** A call of the editor's own API, signed in. Fails with n8n's message. */
	rest<T>(method: string, path: string, body?: unknown): Promise<T>;
	/** Signed in: `name=value` for a browser. */
	cookie(): string;
	start(): Promise<void>;
	/**
	 * In queue mode: a process that runs executions, from the same user folder. It ends with `stop` of its own. To a
	 * blind one that folder is an empty volume (Linux, as root).
	 */
	startWorker(blindTo?: string): Promise<RealWorker>;
	/** SIGTERM waits for n8n's own shutdown; SIGKILL is a crash. */
	stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
	/** Ends every process of it, those that are still starting too. */
	close(): Promise<void>;
	/** Everything that it printed, over all its lives. */
	log(): string;
}

export interface RealWorker {
	stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export const owner = {
	email: 'owner@docdrop.invalid',
	firstName: 'Doc',
	lastName: 'Drop',
	password: 'Docdrop-1234',
};
const packageName = 'n8n-nodes-docdrop';

export async function createRealN8n(options: {
	/** Becomes N8N_USER_FOLDER; made where it is missing. */
	readonly userFolder: string;
	/** Folders that workflows may read. */
	readonly folders: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** Default: any that is free. */
	readonly port?: number;
}): Promise<RealN8n> {
	const { userFolder } = options;
	const installed = installN8n();
	const port = options.port ?? (await freePort());
	const url = `http://127.0.0.1:${port}`;
	const logFile = join(userFolder, 'n8n.log');
	mkdirSync(userFolder, { recursive: true });
	placePackage(userFolder);
	let child: ChildProcess | null = null;
	let exited: Promise<void> = Promise.resolve();
	const running = new Map<ChildProcess, Promise<unknown>>();
	let cookie = '';
	let hasOwner = false;

	const env: NodeJS.ProcessEnv = {
		...process.env,
		N8N_USER_FOLDER: userFolder,
		N8N_ENCRYPTION_KEY: 'docdrop-under-test',
		N8N_PORT: String(port),
		N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_RESTRICT_FILE_ACCESS_TO: options.folders.join(';'),
		N8N_SECURE_COOKIE: 'false',
		N8N_LOG_LEVEL: 'info',
		// Nothing here may call the world.
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
		...options.env,
	};

	async function rest<T>(method: string, path: string, body?: unknown): Promise<T> {
		const response = await fetch(`${url}/rest${path}`, {
			method,
			headers: { 'content-type': 'application/json', 'browser-id': 'docdrop', cookie },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		if (!response.ok)
			throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
		const set = response.headers.getSetCookie().find((one) => one.startsWith('n8n-auth='));
		if (set !== undefined) cookie = set.split(';')[0] ?? '';
		return (text === '' ? undefined : (JSON.parse(text) as { data: T }).data) as T;
	}

	const signIn = () => rest('POST', '/login', { emailOrLdapLoginId: owner.email, password: owner.password });

	/** Resolves when the process says at `url` that it is ready. */
	async function launch(
		command: string,
		at: string,
		more: NodeJS.ProcessEnv = {},
		blindTo?: string,
	): Promise<ChildProcess> {
		const log = openSync(logFile, 'a');
		const line = [process.execPath, join(installed, 'node_modules/n8n/bin/n8n'), command];
		const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', blindTo ?? ''];
		const [program = '', ...args] = blindTo === undefined ? line : [...hidden, ...line];
		const started = spawn(program, args, {
			env: { ...env, ...more },
			stdio: ['ignore', log, log],
		});
		closeSync(log);
		running.set(
			started,
			once(started, 'exit').finally(() => running.delete(started)),
		);
		const isReady = () =>
			fetch(`${at}/healthz/readiness`).then(
				({ ok }) => ok,
				() => false,
			);
		while (!(await isReady())) {
			if (started.exitCode !== null) throw new Error(`n8n ended at its start: ${tail(logFile)}`);
			await sleep(100);
		}
		return started;
	}

	async function startWorker(blindTo?: string): Promise<RealWorker> {
		const health = await freePort();
		const more = {
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(health),
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		};
		const worker = await launch('worker', `http://127.0.0.1:${health}`, more, blindTo);
		const ended = new Promise((done) => worker.once('exit', done));
		return {
			async stop(signal = 'SIGTERM') {
				worker.kill(signal);
				if (worker.exitCode === null && worker.signalCode === null) await ended;
			},
		};
	}

	async function start(): Promise<void> {
		const started = await launch('start', url);
		child = started;
		exited = new Promise((done) => started.once('exit', () => done()));
		// Sign in once the routes are there; the owner of an earlier life is there still.
		for (let tries = 0; ; tries += 1) {
			try {
				if (hasOwner) await signIn();
				else await rest('POST', '/owner/setup', owner);
				hasOwner = true;
				return;
			} catch (error) {
				// A user folder that was kept has one.
				if (/already setup/.test(String(error))) hasOwner = true;
				else if (tries >= 100) throw error;
				await sleep(200);
			}
		}
	}

	return {
		url,
		database: join(userFolder, '.n8n/database.sqlite'),
		pid: () => child?.pid ?? 0,
		rest,
		cookie: () => cookie,
		start,
		startWorker,
		async stop(signal = 'SIGTERM') {
			child?.kill(signal);
			await exited;
			child = null;
		},
		async close() {
			for (const one of running.keys()) one.kill('SIGKILL');
			await Promise.all(running.values());
		},
		log: () => readFileSync(logFile, 'utf8'),
	};

	function tail(file: string): string {
		return readFileSync(file, 'utf8').slice(-2000);
	}
}

/** The packed package, where an installation from npm leaves it: the type names are then those of production. */
function placePackage(userFolder: string): void {
	const project = resolve(import.meta.dirname, '../..');
	const nodes = join(userFolder, '.n8n/nodes');
	const target = join(nodes, 'node_modules', packageName);
	rmSync(target, { recursive: true, force: true });
	mkdirSync(target, { recursive: true });
	const packed = execFileSync(
		'npm',
		['pack', '--ignore-scripts', '--silent', '--pack-destination', userFolder],
		{
			cwd: project,
			encoding: 'utf8',
		},
	).trim();
	execFileSync('tar', ['-xzf', join(userFolder, packed), '--strip-components=1', '-C', target]);
	writeFileSync(join(nodes, 'package.json'), JSON.stringify({ name: 'installed-nodes', private: true }));
	appendFileSync(join(userFolder, 'n8n.log'), '');
}

export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const { port } = server.address() as AddressInfo;
	await new Promise((done) => server.close(done));
	return port;
}
