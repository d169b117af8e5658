import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFaultKinds, type WatchFault, type WatchFaultKind } from './watch-judge.ts';
import { watchKillPlaces } from './watch-kills.ts';
import { watchRun, type WatchRunResult } from './watch-run.ts';

/** Many runs of `docdrop watch` under a storm, one after the other, and what they add up to. */
export interface WatchCampaignOptions {
	readonly runs: number;
	/** Number of the first run. */
	readonly from: number;
	readonly seed: number;
	/** Gets one line of JSON for each run, appended as it ends. */
	readonly report: string | null;
	readonly print: (line: string) => void;
}

export type WatchSummary = {
	readonly runs: number;
	readonly kills: number;
	readonly operations: number;
	readonly seed: number;
	readonly failedRuns: number;
} & Readonly<Record<WatchFaultKind, number>>;

/** Of each kind; one cause often has hundreds of faults. */
const shownFaults = 4;

export async function watchCampaign(options: WatchCampaignOptions): Promise<WatchSummary> {
	const { runs, from, seed, report, print } = options;
	const cacheDir = await mkdtemp(join(tmpdir(), 'docdrop-crash-cache-'));
	const results: WatchRunResult[] = [];
	try {
		for (let run = from; run < from + runs; run += 1) {
			const result = await watchRun({ seed, run, cacheDir });
			results.push(result);
			print(lineOf(result));
			for (const kind of watchFaultKinds) {
				const own = result.faults.filter((fault) => fault.kind === kind);
				for (const { message } of own.slice(0, shownFaults)) print(`  ${kind}: ${message}`);
				if (own.length > shownFaults) print(`  ${kind}: ${own.length - shownFaults} more`);
			}
			if (result.faults.length > 0) {
				print(`  replay: npm run crash -- watch --runs 1 --from ${run} --seed ${seed}`);
				print(`  its files: ${result.home}`);
			}
			const line = JSON.stringify({ ...result, home: undefined, faults: tally(result.faults) });
			if (report !== null) await appendFile(report, `${line}\n`);
		}
	} finally {
		await rm(cacheDir, { recursive: true, force: true });
	}
	for (const line of table(results)) print(line);
	return {
		runs,
		kills: results.reduce((sum, { kills }) => sum + kills.length, 0),
		operations: results.reduce((sum, { operations }) => sum + operations, 0),
		...tally(results.flatMap(({ faults }) => faults)),
		failedRuns: results.filter(({ faults }) => faults.length > 0).length,
		seed,
	};
}

function tally(faults: readonly WatchFault[]): Record<WatchFaultKind, number> {
	const count = (kind: WatchFaultKind) => faults.filter((fault) => fault.kind === kind).length;
	return Object.fromEntries(watchFaultKinds.map((kind) => [kind, count(kind)])) as Record<
		WatchFaultKind,
		number
	>;
}

function lineOf({ run, seed, kills, operations, files, untouched, seconds, faults }: WatchRunResult): string {
	const places = kills.map(({ planned, place }) => (place === 'late' ? `(${planned})` : planned)).join(' ');
	const verdict = faults.length === 0 ? 'ok' : `${faults.length} FAULTS`;
	return `run ${run}  seed ${seed}  ${kills.length} kills: ${places}  ${operations} operations  ${files} files, ${untouched} untouched over a kill  ${seconds.toFixed(1)} s  ${verdict}`;
}

/** Kills by the place they hit; `late` ones came when the work was done already. */
function table(results: readonly WatchRunResult[]): string[] {
	const places = results.flatMap(({ kills }) => kills.map(({ place }) => place));
	const rows = [...watchKillPlaces, 'late' as const].map((place): [string, number] => [
		`killed: ${place}`,
		places.filter((one) => one === place).length,
	]);
	rows.push(...Object.entries(tally(results.flatMap(({ faults }) => faults))));
	return ['', ...rows.map(([name, count]) => `${name.padEnd(30)}${String(count).padStart(8)}`), ''];
}
