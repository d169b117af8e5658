import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readKeyring } from '../api/config/index.ts';
import { createTelemetry } from '../api/telemetry.ts';

/** What watches DocDrop asks for figures that there are. promtool reads the same files in monitoring.slow.test.ts. */
interface Rule {
	readonly alert: string;
	readonly expr: string;
	readonly labels: { readonly severity: string };
	readonly annotations: { readonly summary: string; readonly description: string };
}

describe('monitoring', () => {
	const read = (name: string) => readFileSync(join('docker/monitoring', name), 'utf8');
	const { groups } = parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] };
	const rules = groups.flatMap((group) => group.rules);
	const dashboard = JSON.parse(read('grafana/docdrop.json')) as {
		panels: { id: number; title: string; targets: { expr: string }[] }[];
	};
	/** By its name: histograms under the names of their parts. */
	let metrics: Set<string>;
	before(async () => {
		const lines = (await createTelemetry().render()).split('\n').filter((line) => line.startsWith('# TYPE'));
		metrics = new Set(
			lines.flatMap((line) => {
				const [, , name = '', kind] = line.split(' ');
				return kind === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => name + part) : [name];
			}),
		);
	});
	const named = (expr: string) => expr.match(/docdrop_\w+/g) ?? [];

	it('asks for metrics that the API has', () => {
		const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
		for (const expr of [...rules.map((rule) => rule.expr), ...queries])
			for (const name of named(expr)) assert.ok(metrics.has(name), `${name} of ${expr}`);
		assert.ok(queries.every((expr) => named(expr).length > 0));
	});

	it('names each alert once, with how urgent it is and what to do', () => {
		assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
		for (const { alert, labels, annotations } of rules) {
			assert.match(alert, /^DocDrop[A-Z]\w+$/);
			assert.ok(['page', 'ticket'].includes(labels.severity), alert);
			assert.ok(annotations.summary.length > 10 && annotations.description.length > 30, alert);
		}
		assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
	});

	it('names settings and routes that there are', () => {
		const settings = readFileSync('.env.example', 'utf8');
		for (const [name] of read('alerts.yml').matchAll(/DOCDROP_\w+/g))
			assert.ok(settings.includes(`${name}=`), name);
	});

	it('has a key in the containers that sees figures and no document', () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-make-keys-'));
		try {
			const make = () => execFileSync(process.execPath, ['docker/make-keys.mjs', dir]);
			const file = (name: string) => readFileSync(join(dir, name), 'utf8');
			make();
			const keyring = file('keyring.json');
			const [n8n, prometheus, ...others] = readKeyring(join(dir, 'keyring.json'));
			const hash = (key: string) => createHash('sha256').update(key).digest('hex');
			assert.deepEqual(others, []);
			assert.deepEqual(prometheus?.rights, ['admin']);
			assert.equal(prometheus?.sha256, hash(file('prometheus-key')));
			assert.deepEqual(n8n?.rights, ['read', 'write']);
			assert.equal(n8n?.sha256, hash(JSON.parse(file('n8n-credential.json')).docDropApi.apiKey));
			assert.match(file('api-keys'), /^[\w-]{43}\n$/);
			make();
			assert.equal(file('keyring.json'), keyring, 'once');
		} finally {
			rmSync(dir, { recursive: true });
		}
	});

	it('is read by the service of the compose file, by the names and paths that stand there', () => {
		const { services } = parse(readFileSync('docker-compose.yml', 'utf8')) as {
			services: Record<string, { profiles?: string[]; volumes?: string[] }>;
		};
		for (const name of ['prometheus', 'grafana']) assert.deepEqual(services[name]?.profiles, ['monitoring']);
		const mounted = [services['prometheus'], services['grafana']].flatMap((one) => one?.volumes ?? []);
		for (const from of mounted.map((one) => one.split(':')[0] ?? '').filter((one) => one.startsWith('./')))
			assert.ok(execFileSync('git', ['ls-files', '--cached', '--others', from]).length > 0, from);
		const { scrape_configs: scrapes } = parse(read('prometheus.yml')) as {
			scrape_configs: { job_name: string; authorization: { credentials_file: string } }[];
		};
		assert.deepEqual(
			scrapes.map(({ job_name, authorization }) => [job_name, authorization.credentials_file]),
			[['docdrop', '/keys/prometheus-key']],
		);
	});
});
