import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { percentile } from '../bench/table.ts';
import { startApi } from '../crash/api-process.ts';
import { attacks, largeDocument, type Attack } from './attacks.ts';
import { watchUse } from './use.ts';
import { runVictim, type Victim } from './victim.ts';

/**
 * `npm run hostile -- [--only TEXT] [--seconds N]`: one tenant's key does its worst while another tenant publishes and
 * searches. One row an attack, beside an undisturbed run; the last line is JSON. Exit code 1 where something was lost.
 */
const { values } = parseArgs({
	options: { only: { type: 'string', default: '' }, seconds: { type: 'string', default: '12' } },
});
const seconds = Number(values.seconds);
const names = Object.keys(attacks).filter((name) => name.includes(values.only));
if (names.length === 0) throw new Error(`no attack holds ${JSON.stringify(values.only)}`);

const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-hostile-'));
const api = startApi(dataDir, {
	DOCDROP_API_KEYS: 'evil=evil-key,good=good-key,any-key',
	DOCDROP_MAX_PENDING_MB: '64',
	DOCDROP_LOG_LEVEL: 'error',
});
const url = await api.url;
if (url === null) throw new Error(`the process did not start: ${api.said().rest}`);
const anyTenant = { authorization: 'Bearer any-key' };
const stateOf = async (tenant: string, docId: string) => {
	const query = new URLSearchParams({ tenant, docId });
	const answer = await fetch(`${url}/v1/documents/state?${query.toString()}`, { headers: anyTenant });
	return ((await answer.json()) as { state?: string }).state;
};

async function putLarge(): Promise<void> {
	const text = Array.from(
		{ length: 60_000 },
		(_, n) => `paragraph ${n} of ${n % 97} different things and more\n\n`,
	);
	const query = new URLSearchParams({ ...largeDocument, coalesced: 'true' });
	const body = text.join('');
	const answer = await fetch(`${url}/v1/documents/content?${query.toString()}`, {
		...{ method: 'PUT', headers: anyTenant, body },
	});
	if (answer.status !== 202) throw new Error(`the large document was answered ${answer.status}`);
	while ((await stateOf(largeDocument.tenant, largeDocument.docId)) !== 'published') await sleep(200);
}

async function lostOf({ accepted }: Victim): Promise<number> {
	const states = await Promise.all(accepted.map((docId) => stateOf('good', docId)));
	return states.filter((state) => state !== 'published').length;
}

const figures = ({ publishMs, searchMs }: Victim) => ({
	publishP50Ms: Math.round(percentile(publishMs, 0.5)),
	publishP99Ms: Math.round(percentile(publishMs, 0.99)),
	searchP50Ms: Math.round(percentile(searchMs, 0.5)),
	searchP99Ms: Math.round(percentile(searchMs, 0.99)),
});

/** Null: nobody attacks. */
async function measure(name: string | null, pid: number) {
	const use = watchUse(pid, dataDir);
	const attack: Attack = { name: name ?? '', url: url ?? '', key: 'evil-key' };
	const attacker =
		name === null ? null : new Worker(new URL('./attacks.ts', import.meta.url), { workerData: attack });
	const end = performance.now() + seconds * 1_000;
	const victim = await runVictim(url ?? '', () => performance.now() > end);
	await attacker?.terminate();
	const row = { attack: name ?? 'none', ...figures(victim), ...use.take(), lost: await lostOf(victim) };
	use.stop();
	const { publishP50Ms, publishP99Ms, searchP50Ms, searchP99Ms, rssMb, diskMb, lost } = row;
	const cells = [publishP50Ms, publishP99Ms, searchP50Ms, searchP99Ms, rssMb, diskMb, lost];
	console.log(row.attack.padEnd(28) + cells.map((cell) => String(cell).padStart(12)).join(''));
	return row;
}

const headings = ['publish p50', 'publish p99', 'search p50', 'search p99', 'RSS MB', 'disk MB', 'lost'];
const rows: Awaited<ReturnType<typeof measure>>[] = [];
try {
	await putLarge();
	console.log('attack (ms)'.padEnd(28) + headings.map((heading) => heading.padStart(12)).join(''));
	const undisturbed = await measure(null, api.pid);
	for (const name of names) {
		rows.push(await measure(name, api.pid));
		// What the attack has left behind is worked off, or hung up on.
		await sleep(2_000);
	}
	console.log(JSON.stringify({ rows, undisturbed }));
} finally {
	api.stop();
	await api.ended;
	await rm(dataDir, { recursive: true, force: true });
}
process.exitCode = rows.every(({ lost }) => lost === 0) ? 0 : 1;
