import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { until } from '../support/settled.ts';
import { containerLines } from './container-lines.ts';
import { installN8n } from './install.ts';
import { freePort, owner } from './real-n8n.ts';

const run = promisify(execFile);
const nobody = 65_534;

interface Service {
	readonly command?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
}

/**
 * docker-compose.yml without an engine: every command of its images in plain folders, and its services as they are started
 * there, the index embedded where they would ask Qdrant.
 */
describe('the containers', function () {
	this.timeout(600_000);
	let dir: string;
	let services: Readonly<Record<string, Service>>;
	const api = containerLines('docker/api.Dockerfile');
	const n8n = containerLines('docker/n8n.Dockerfile');
	const started: ChildProcess[] = [];
	/** A container's path is one in this test's folder. */
	const here = (text: string) =>
		text.replaceAll(/(^|[\s:"=])\/(app|src|tmp|data|keys|inbox|opt\/docdrop)\b/g, `$1${dir}/$2`);

	before(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-compose-'));
		await chmod(dir, 0o755);
		({ services } = parse(await readFile('docker-compose.yml', 'utf8')) as { services: typeof services });
		for (const name of ['src', 'app', 'tmp', 'keys', 'inbox', 'opt']) await mkdir(join(dir, name));
		const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
		for (const file of stdout.trim().split('\n')) {
			await mkdir(join(dir, 'src', dirname(file)), { recursive: true });
			await cp(file, join(dir, 'src', file));
		}
	});
	after(async () => {
		for (const child of started) child.kill('SIGKILL');
		await rm(dir, { recursive: true, force: true, maxRetries: 5 });
	});

	const path = () => [dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
	function start(
		command: readonly string[],
		env: Readonly<Record<string, string>>,
		uid?: number,
	): ChildProcess {
		const [program = '', ...args] = command;
		const child = spawn(program, args, {
			env: { HOME: dir, TMPDIR: join(dir, 'tmp'), ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
			...(uid !== undefined && { uid, gid: uid }),
		});
		for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += String(text)));
		started.push(child);
		return child;
	}
	let said = '';

	it('are a file that Compose takes', () => {
		execFileSync('docker-compose', ['--file', 'docker-compose.yml', 'config', '--quiet']);
	});

	it('are made by commands that work', async () => {
		const made = new Set<string>();
		for (const line of [...api.run, ...n8n.run].filter((one) => !made.has(one))) {
			made.add(line);
			const command = here(line).replaceAll('node:node', `${nobody}:${nobody}`);
			await run('sh', ['-c', command], { cwd: join(dir, 'src'), env: { ...process.env, PATH: path() } });
		}
		await cp(join(dir, 'app'), join(dir, 'opt/docdrop'), { recursive: true });
		await cp('docker/start-n8n.sh', join(dir, 'opt/docdrop/start-n8n.sh'));
	});

	it('follow a folder once the first workflow is published', async function () {
		// Another user than root is what the images run as.
		if (process.getuid?.() !== 0) this.skip();
		const port = await freePort();
		const url = `http://127.0.0.1:${port}`;
		const keys = (services['keys']?.command ?? []).map(here);
		await once(start(keys, { PATH: path() }), 'exit');

		const apiEnv = { ...api.env, ...services['api']?.environment };
		assert.equal(apiEnv['DOCDROP_QDRANT_URL'], 'http://qdrant:6333');
		const settings = Object.entries(apiEnv).filter(
			([name]) => !['PATH', 'DOCDROP_QDRANT_URL'].includes(name),
		);
		const env = {
			...Object.fromEntries(settings.map(([name, value]) => [name, here(value)])),
			PATH: `${dir}/app/node_modules/.bin:${path()}`,
			DOCDROP_PORT: String(port),
		};
		const serving = start(api.command, env, nobody);
		const health = api.health.map((part) => part.replace(':8765', `:${port}`));
		await until(
			() =>
				run(health[0] ?? '', health.slice(1), { env }).then(
					() => true,
					() => false,
				),
			Boolean,
			60_000,
		);

		await startN8n(url);
		await writeFile(join(dir, 'inbox/otter.md'), '# Otters\n\nThey hold hands while they sleep.\n');
		const authorization = `Bearer ${(await readFile(join(dir, 'keys/api-keys'), 'utf8')).trim()}`;
		const search = async () => {
			const body = JSON.stringify({ tenant: 'default', query: 'hold hands', mode: 'text' });
			const headers = { authorization, 'content-type': 'application/json' };
			const answer = await fetch(`${url}/v1/search`, { method: 'POST', headers, body });
			return ((await answer.json()) as { results?: { docId: string }[] }).results ?? [];
		};
		const found = await until(search, (results) => results.length > 0, 60_000);
		assert.equal(found[0]?.docId, 'otter.md');
		serving.kill('SIGTERM');
		const [code] = (await once(serving, 'exit')) as [number];
		assert.equal(code, 0, said.slice(-2_000));
	});

	/** As its container starts, and then as a person does: an account, the credential looked at, the workflow published. */
	async function startN8n(apiUrl: string): Promise<void> {
		const port = await freePort();
		const inPlace = async (name: string, text: string, other: string) => {
			const file = join(dir, 'opt/docdrop', name);
			await writeFile(file, (await readFile(file, 'utf8')).replace(text, other));
		};
		await inPlace('workflow.json', '"/inbox"', `"${dir}/inbox"`);
		await inPlace('credential.json', 'http://api:8765', apiUrl);
		const own = Object.entries(services['n8n']?.environment ?? {}).map(([name, value]) => [
			name,
			here(value),
		]);
		const env: Record<string, string> = {
			...(Object.fromEntries(own) as Record<string, string>),
			PATH: `${join(installN8n(), 'node_modules/.bin')}:${path()}`,
			N8N_USER_FOLDER: dir,
			DOCDROP_FROM: join(dir, 'opt/docdrop'),
			N8N_PORT: String(port),
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		};
		start(n8n.command.map(here), env);
		let cookie = '';
		const rest = async (method: string, at: string, body?: object) => {
			const answer = await fetch(`http://127.0.0.1:${port}/rest${at}`, {
				method,
				headers: { 'content-type': 'application/json', 'browser-id': 'docdrop', cookie },
				...(body !== undefined && { body: JSON.stringify(body) }),
			});
			cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
			return { ok: answer.ok, ...((await answer.json()) as { data?: Record<string, unknown> }) };
		};
		await until(
			() => rest('POST', '/owner/setup', owner).catch(() => ({ ok: false })),
			({ ok }) => ok,
			420_000,
		);
		const [workflowRow] = (await rest('GET', '/workflows')).data as unknown as {
			id: string;
			versionId: string;
		}[];
		const [credential] = (await rest('GET', '/credentials')).data as unknown as {
			id: string;
			name: string;
		}[];
		assert.equal(credential?.name, 'DocDrop');
		const tested = await rest('POST', '/credentials/test', {
			credentials: {
				id: credential.id,
				name: credential.name,
				type: 'docDropApi',
				data: { baseUrl: apiUrl },
			},
		});
		assert.equal(tested.data?.['status'], 'OK', `${JSON.stringify(tested)} at ${apiUrl}`);
		const { id = '', versionId } = workflowRow ?? {};
		const published = await rest('POST', `/workflows/${id}/activate`, { versionId });
		assert.ok(published.ok, JSON.stringify(published));
	}
});
