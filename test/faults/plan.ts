import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ProxyFault } from './proxy.ts';
import type { FaultRow, Seen } from './row.ts';
import { collection, type World } from './world.ts';

/** The fault plan: every row that `npm run faults` carries out, in order. */
const run = promisify(execFile);

const wasMet = ({ struck }: Seen) => (struck === 0 ? 'the fault was never met' : null);
const neverOpened = (seen: Seen) => wasMet(seen) ?? (seen.breakerOpened ? 'a breaker opened' : null);
const opened = (seen: Seen) => wasMet(seen) ?? (seen.breakerOpened ? null : 'no breaker opened');
/** Knocks are few while a peer is away: a breaker's probes are a second apart and more. */
const fewAttempts = (most: number) => (seen: Seen) =>
	opened(seen) ?? (seen.attempts > most ? `${seen.attempts} attempts` : null);
const wasRetried = (code: string) => (seen: Seen) =>
	seen.retries[code] === undefined ? `nothing was tried again for ${code}` : null;

type Peer = 'index' | 'embedding' | 'callers';
const onTheWay = (name: string, peer: Peer, fault: ProxyFault, more: Partial<FaultRow> = {}): FaultRow => ({
	name,
	...(peer === 'embedding' && { embedder: 'openai' as const }),
	...(peer === 'callers' && { throughCallersProxy: true }),
	demand: wasMet,
	...more,
	strike: (world) => world[peer].set(fault),
	lift: (world) => world[peer].set(null),
});

const qdrantSays = (error: string) => JSON.stringify({ status: { error }, time: 0 });
const embedderSays = (message: string) => JSON.stringify({ error: { message } });

const network: readonly FaultRow[] = [
	onTheWay('index: connection refused', 'index', { kind: 'refused' }, { demand: ({ breakerOpened }) => (breakerOpened ? null : 'no breaker opened') }),
	onTheWay('index: connections reset', 'index', { kind: 'reset' }, { demand: opened }),
	onTheWay('index: half open', 'index', { kind: 'half-open' }, { lastsMs: 15_000, demand: fewAttempts(40) }),
	onTheWay('index: every piece 150 ms late', 'index', { kind: 'delay', ms: 150 }, { demand: neverOpened }),
	onTheWay('index: slow body', 'index', { kind: 'slow', way: 'up', bytes: 4_096, everyMs: 40 }),
	onTheWay('index: slow answer', 'index', { kind: 'slow', way: 'down', bytes: 16, everyMs: 30 }),
	onTheWay('index: cut in the request', 'index', { kind: 'cut', way: 'up', after: 3_000 }),
	onTheWay('index: cut in the answer', 'index', { kind: 'cut', way: 'down', after: 100 }),
	onTheWay('index: acknowledgement lost after the commit', 'index', { kind: 'ack-lost' }),
	onTheWay('index: 429 storm', 'index', { kind: 'answer', status: 429, share: 1, retryAfter: '1', body: qdrantSays('Write rate limit exceeded') }, { demand: neverOpened }),
	onTheWay('index: 503 storm', 'index', { kind: 'answer', status: 503, share: 1, body: qdrantSays('Shard temporarily unavailable') }, { demand: opened }),
	onTheWay('index: 507 disk full', 'index', { kind: 'answer', status: 507, share: 1, body: qdrantSays('Insufficient storage: no space left') }, { demand: neverOpened }),
	{
		name: 'index: name not resolved',
		strike: async (world) => {
			await world.tell({ isNameGone: true });
			await world.index.set({ kind: 'reset' });
		},
		lift: async (world) => {
			await world.index.set(null);
			await world.tell({ isNameGone: false });
		},
		demand: ({ breakerOpened }) => (breakerOpened ? null : 'no breaker opened'),
	},
	onTheWay('embedder: 429 half the time', 'embedding', { kind: 'answer', status: 429, share: 0.5, retryAfter: '0.2', body: embedderSays('slow down') }, { demand: neverOpened }),
	onTheWay('embedder: 503', 'embedding', { kind: 'answer', status: 503, share: 1, body: embedderSays('overloaded') }, { demand: opened }),
	onTheWay('embedder: slow', 'embedding', { kind: 'slow', way: 'down', bytes: 600, everyMs: 25 }),
	onTheWay('embedder: connections reset', 'embedding', { kind: 'reset' }, { demand: opened }),
	onTheWay('callers: connections reset', 'callers', { kind: 'reset' }),
	onTheWay('callers: half open', 'callers', { kind: 'half-open' }),
	onTheWay('callers: cut in the request', 'callers', { kind: 'cut', way: 'up', after: 700 }),
	onTheWay('callers: acknowledgement lost after the commit', 'callers', { kind: 'ack-lost' }),
	onTheWay('callers: every piece 50 ms late', 'callers', { kind: 'delay', ms: 50 }),
]; // prettier-ignore

const inQdrant: readonly FaultRow[] = [
	{
		name: 'index: writes answered wait_timeout',
		strike: async ({ qdrant }) => void (qdrant.faults.writeStatus = 'wait_timeout'),
		lift: async ({ qdrant }) => void (qdrant.faults.writeStatus = 'completed'),
		demand: wasRetried('index_unavailable'),
	},
	{
		name: 'index: batches stop half way',
		strike: async ({ qdrant }) => void (qdrant.faults.partial = 25),
		lift: async ({ qdrant }) => void (qdrant.faults.partial = 0),
		demand: ({ attempts }) => (attempts > 0 ? null : 'nothing was asked'),
	},
];

/** Wall clock and process; nothing of these may be seen at all. */
const hour = 3_600_000;
const clock = (name: string, wallOffsetMs: number): readonly FaultRow[] => [
	{
		name: `wall clock ${name}, while running`,
		strike: (world) => world.tell({ wallOffsetMs }),
		lift: async () => {},
	},
	{
		name: `wall clock ${name}, across a restart`,
		strike: async (world) => {
			await world.stop();
			await world.tell({ wallOffsetMs });
			await world.start();
		},
		lift: async () => {},
	},
];
const inProcess: readonly FaultRow[] = [
	...clock('an hour forward', hour),
	...clock('an hour back', -hour),
	{
		name: 'process stopped for longer than a lease',
		settings: { DOCDROP_LEASE_MS: '1000' },
		strike: async (world) => {
			world.process().signal('SIGSTOP');
			await sleep(3_500);
			world.process().signal('SIGCONT');
		},
		lift: async () => {},
	},
];

const filler = (dir: string) => join(dir, 'filler');
async function fill(dir: string): Promise<void> {
	const piece = Buffer.alloc(65_536, 1);
	for (let number = 0; ; number += 1) {
		try {
			await writeFile(`${filler(dir)}.${number}`, Buffer.alloc(1_048_576, 1));
		} catch {
			break;
		}
	}
	// The last bytes too: a file of a megabyte that did not fit has taken what there was, or most of it.
	await writeFile(`${filler(dir)}.last`, piece).catch(() => {});
}
async function empty(dir: string): Promise<void> {
	for (const name of await readdir(dir)) if (name.startsWith('filler')) await rm(join(dir, name));
}
const smallDisk = {
	mount: async (dir: string) => void (await run('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', dir])),
	unmount: async (dir: string) => void (await run('umount', [dir])),
	async skip(): Promise<string | null> {
		if (process.getuid?.() !== 0) return 'mounting a small file system needs root';
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-mount-'));
		try {
			await smallDisk.mount(dir);
			await smallDisk.unmount(dir);
			return null;
		} catch {
			return 'a small file system cannot be mounted here';
		} finally {
			await rmdir(dir);
		}
	},
	strike: ({ dataDir }: World) => fill(dataDir),
	lift: ({ dataDir }: World) => empty(dataDir),
	demand: ({ answers }: Seen) => ((answers['507'] ?? 0) > 0 ? null : 'nobody was answered 507'),
};
const disk: readonly FaultRow[] = [
	{ name: 'state: disk full, Qdrant', ...smallDisk },
	{ name: 'state: disk full, embedded index', index: 'sqlite-vec', ...smallDisk },
];

/** The index loses what it had acknowledged. Found out when it answers again after it did not, or at the start. */
const wasMended = ({ repaired }: Seen) => (repaired.written > 0 ? null : 'nothing was written again');
const askedAt = new WeakMap<World, number>();
/** A check that began after everything was published has found nothing, or mended it. */
const isChecked = async (world: World): Promise<boolean> => {
	const url = world.url();
	if (url === null) return false;
	// Two checks: the first one that ends may have begun before.
	if (!askedAt.has(world)) askedAt.set(world, Date.now() + 1_500);
	const answer = await fetch(`${url}/v1/status`);
	const { index } = (await answer.json()) as { index: { check: { state: string; checkedAt: string } } };
	const isLater = Date.parse(index.check.checkedAt) > (askedAt.get(world) ?? Infinity);
	return isLater && index.check.state === 'sound';
};
const older = {
	demand: wasMended,
	isRecovered: isChecked,
	settings: { DOCDROP_INDEX_CHECK_SECONDS: '1' },
} as const;
const restores = new WeakMap<World, () => void>();
const restored: readonly FaultRow[] = [
	{
		...older,
		name: 'index: put back from a snapshot',
		async strike(world) {
			restores.set(world, world.qdrant.snapshot(collection));
		},
		async lift(world) {
			await world.index.set({ kind: 'reset' });
			await sleep(300);
			restores.get(world)?.();
			await world.index.set(null);
		},
	},
	{
		...older,
		name: 'index: all points of one tenant gone',
		// The load would publish them anew before a check finds them gone.
		isQuiet: true,
		async strike({ qdrant }) {
			const points = qdrant.points(collection);
			const tenantOf = (payload: Record<string, unknown>) =>
				(payload['metadata'] as { tenant?: unknown } | undefined)?.tenant;
			const byTenant = Map.groupBy([...points], ([, { payload }]) => tenantOf(payload));
			const [most = []] = [...byTenant.values()].toSorted((a, b) => b.length - a.length);
			for (const [id] of most) points.delete(id);
		},
		lift: async () => {},
	},
	{
		...older,
		name: 'index: collection deleted',
		async strike({ qdrant }) {
			await fetch(`${qdrant.url}/collections/${collection}`, { method: 'DELETE' });
		},
		lift: async () => {},
	},
	{
		...older,
		name: 'index: writes silently not written',
		strike: async ({ qdrant }) => void (qdrant.faults.dropUpserts = 10),
		lift: async ({ qdrant }) => void (qdrant.faults.dropUpserts = 0),
	},
	{
		...older,
		name: 'index: vectors.db removed',
		index: 'sqlite-vec',
		async strike(world) {
			await world.stop();
			for (const end of ['', '-wal', '-shm'])
				await rm(join(world.dataDir, `vectors.db${end}`), { force: true });
			await world.start();
		},
		lift: async () => {},
	},
];

export const plan: readonly FaultRow[] = [...network, ...inQdrant, ...restored, ...inProcess, ...disk];

/** For `npm run test:slow`: one of each sort. */
export const shortPlan: readonly FaultRow[] = plan.filter(({ name }) =>
	[
		'index: cut in the request',
		'embedder: 429 half the time',
		'callers: acknowledgement lost after the commit',
		'index: put back from a snapshot',
	].includes(name),
);
