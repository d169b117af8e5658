import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nthRows } from './nth/rows.ts';
import { plan } from './plan.ts';
import type { RowResult, Seen } from './row.ts';
import { runRow } from './run-row.ts';

/**
 * `npm run faults -- [--only TEXT] [--seed S]`: carries out the fault plan on the real process, one fault at a time
 * under load, and prints what happened, what was lost (nothing) and how long recovery took. The last line is JSON;
 * exit code 1 on any fault. `--only` takes the rows whose name holds the text.
 */
const { values } = parseArgs({
	options: { only: { type: 'string', default: '' }, seed: { type: 'string' } },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed must be a whole number');
const rows = [...plan, ...nthRows].filter(({ name }) => name.includes(values.only));
if (rows.length === 0) throw new Error(`no row of the plan holds ${JSON.stringify(values.only)}`);

const tally = (counts: Readonly<Record<string, number>>) =>
	Object.entries(counts)
		.map(([key, count]) => `${key} ${count}`)
		.join(', ');

function told(seen: Seen): string {
	const { breakerOpened, attempts, probes, retries, answers, unanswered, repaired } = seen;
	return [
		breakerOpened ? `breaker opened, ${probes} probes` : 'breaker closed',
		`${attempts} attempts`,
		...(Object.keys(retries).length > 0 ? [`retries: ${tally(retries)}`] : []),
		`answers: ${tally(answers)}`,
		...(unanswered > 0 ? [`${unanswered} unanswered`] : []),
		...(repaired.written + repaired.removed > 0
			? [`repaired: ${repaired.written} written, ${repaired.removed} removed`]
			: []),
	].join('; ');
}

const width = Math.max(...rows.map(({ name }) => name.length), 5);
const line = (name: string, lost: string, leaked: string, recovery: string, what: string) =>
	console.log(
		`${name.padEnd(width)}  ${lost.padStart(4)}  ${leaked.padStart(6)}  ${recovery.padStart(10)}  ${what}`,
	);
const cacheDir = await mkdtemp(join(tmpdir(), 'docdrop-faults-cache-'));
const results: RowResult[] = [];
try {
	line('fault', 'lost', 'leaked', 'recovery s', 'what happened');
	for (const row of rows) {
		const result = 'carryOut' in row ? await row.carryOut(seed) : await runRow(row, seed, cacheDir);
		results.push(result);
		const { name, skipped, seen, lost, leaked, recoverySeconds, faults, home } = result;
		const what =
			skipped !== null ? `skipped: ${skipped}` : seen !== null ? told(seen) : (result.told ?? 'did not end');
		line(name, String(lost), String(leaked), recoverySeconds?.toFixed(1) ?? '-', what);
		for (const fault of faults.slice(0, 6)) console.log(`  ${fault}`);
		if (faults.length > 6) console.log(`  ${faults.length - 6} more`);
		if (home !== null)
			console.log(`  its files: ${home}; again: npm run faults -- --only '${name}' --seed ${seed}`);
	}
} finally {
	await rm(cacheDir, { recursive: true });
}
const sum = (of: (result: RowResult) => number) => results.reduce((total, result) => total + of(result), 0);
const failed = results.filter(({ faults }) => faults.length > 0).length;
console.log(
	JSON.stringify({
		seed,
		rows: results.length,
		skipped: results.filter(({ skipped }) => skipped !== null).length,
		failed,
		lost: sum(({ lost }) => lost),
		leaked: sum(({ leaked }) => leaked),
		changes: sum(({ changes }) => changes),
		longestRecoverySeconds: Math.max(0, ...results.map(({ recoverySeconds }) => recoverySeconds ?? 0)),
		cases: results.map(({ name, lost, leaked, recoverySeconds, skipped, seconds }) => ({
			name,
			lost,
			leaked,
			recoverySeconds,
			skipped,
			seconds: Math.round(seconds),
		})),
	}),
);
process.exitCode = failed === 0 ? 0 : 1;
