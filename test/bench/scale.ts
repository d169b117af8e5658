import { openSqliteDocStore } from '../../api/adapters/sqlite/index.ts';
import { changeOf } from '../support/leased-documents.ts';
import type { Bench, Result } from './bench.ts';
import { type DocDrop, startDocDrop } from './docdrop-process.ts';
import { buildStore, type Scale } from './scale-store.ts';
import { percentile, printTable, round } from './table.ts';

/**
 * What grows with the store: a start, and the calls that everybody makes, at a million documents and receipts of
 * 100,000 tenants, beside a pipeline that works on one waiting document of each tenant.
 *
 *   npm run bench -- scale [PART]     a PART of 0.1 is a tenth of everything
 */
const full = { documents: 1_000_000, jobs: 1_000_000, tenants: 100_000, pending: 100_000 };
const asked = 300;
const bounds = { DOCDROP_MAX_PENDING: '10000000', DOCDROP_MAX_PENDING_MB: '1000000' };

export async function run(bench: Bench): Promise<Result> {
	const scale = scaled(process.argv[3]);
	const dir = await bench.temp();
	buildStore(dir, scale);
	const startedAt = performance.now();
	const server = await startDocDrop(bench, ['serve'], dir, bounds);
	const startSeconds = (performance.now() - startedAt) / 1_000;
	const faults = new Set<string>();
	const before = (await server.status()).pending;
	const checkedFrom = { seconds: await checkSeconds(server), at: performance.now() };
	const served = await measureServer(server, scale, faults);
	const after = (await server.status()).pending;
	if (after >= before) faults.add(`the pipeline did not work: ${before} documents waited, then ${after}`);
	const minutes = (performance.now() - checkedFrom.at) / 60_000;
	const checkSecondsPerMinute = round(((await checkSeconds(server)) - checkedFrom.seconds) / minutes, 2);
	await server.stop();
	const claim = await measureClaims(dir);
	const p99Ms = { accept: served['accept'], claim, ...served };
	printTable([
		['documents', scale.documents, `receipts ${scale.jobs}, tenants ${scale.tenants}`],
		['start', round(startSeconds, 1), 's after an end in order; goal: 3'],
		['index check', checkSecondsPerMinute, 's of a minute at work; goal: 6'],
		...Object.entries(p99Ms).map(
			([call, ms]) => [call, ms ?? Number.NaN, `ms, p99 of ${asked}; goal: 50`] as const,
		),
	]);
	const { documents, jobs, tenants } = scale;
	return {
		figures: { documents, jobs, tenants, startSeconds: round(startSeconds, 2), p99Ms, checkSecondsPerMinute },
		faults: [...faults],
	};
}

const checkSeconds = async (server: DocDrop) => (await server.metrics())('docdrop_index_check_seconds_total');

function scaled(text = '1'): Scale {
	const part = Number(text);
	if (!(part > 0 && part <= 1)) throw new Error(`PART must be above 0 and at most 1, got ${text}`);
	const of = (count: number) => Math.max(1, Math.round(count * part));
	const { documents, jobs, tenants, pending } = full;
	return { documents: of(documents), jobs: of(jobs), tenants: of(tenants), pending: of(pending) };
}

/** Each call in turn, so that each meets the pipeline at every moment of its work. */
async function measureServer(server: DocDrop, { tenants }: Scale, faults: Set<string>) {
	const calls: Record<string, (n: number) => Promise<{ status: number }>> = {
		accept: (n) =>
			server.post('/v1/publish', {
				...{ tenant: `tenant-${(n * 7_919) % tenants}`, docId: `new/${n}.md` },
				content: { text: `# New ${n}` },
			}),
		status: () => server.get('/v1/status'),
		ready: () => server.get('/health/ready'),
		jobsOfTenant: (n) => server.get(`/v1/jobs?tenant=${encodeURIComponent(`tenant-${n % tenants}`)}`),
		documentsByState: (n) =>
			server.get(`/v1/documents?state=failed&tenant=${encodeURIComponent(`tenant-${n % tenants}`)}`),
	};
	const times = Object.fromEntries(Object.keys(calls).map((name) => [name, [] as number[]]));
	for (let n = 0; n < asked; n += 1) {
		for (const [name, call] of Object.entries(calls)) {
			const start = performance.now();
			const { status } = await call(n);
			times[name]?.push(performance.now() - start);
			if (status >= 300) faults.add(`${name} was answered with ${status}`);
		}
	}
	return Object.fromEntries(
		Object.entries(times).map(([name, all]) => [name, round(percentile(all, 0.99), 1)]),
	);
}

/** As the worker claims: one place at a time, beside commits of what was claimed and changes that arrive. */
async function measureClaims(dir: string): Promise<number> {
	const store = await openSqliteDocStore({ dir });
	const now = Date.now();
	const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
	const times: number[] = [];
	for (let n = 0; n < asked; n += 1) {
		const start = performance.now();
		const claimed = await store.claim({
			now,
			limit: 1 + (n % 32),
			maxBytes: 1e8,
			leaseMs: 60_000,
			inWork: [],
		});
		times.push(performance.now() - start);
		await Promise.all([
			store.commit(
				claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
				now,
			),
			store.accept([changeOf(`claimed/${n}`, 'x')], now, noLimits),
		]);
	}
	await store.close();
	return round(percentile(times, 0.99), 1);
}
