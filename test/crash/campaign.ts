import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killPlaces } from './kills.ts';
import { faultKinds, type Fault, type FaultKind } from './oracle.ts';
import { crashRun, type IndexKind, type RunResult } from './run.ts';

/** Many runs, one after the other, and what they add up to. */
export interface CampaignOptions {
	readonly runs: number;
	/** Number of the first run. */
	readonly from: number;
	readonly seed: number;
	readonly index: IndexKind;
	/** Gets one line of JSON for each run, appended as it ends. */
	readonly report: string | null;
	readonly print: (line: string) => void;
}

export type Summary = {
	readonly runs: number;
	readonly kills: number;
	readonly changes: number;
	readonly seed: number;
	readonly index: IndexKind;
	readonly failedRuns: number;
} & Readonly<Record<FaultKind, number>>;

/** Of each kind; one cause often has hundreds of faults. */
const shownFaults = 4;

export async function campaign(options: CampaignOptions): Promise<Summary> {
	const { runs, from, seed, index, report, print } = options;
	const cacheDir = await mkdtemp(join(tmpdir(), 'docdrop-crash-cache-'));
	const results: RunResult[] = [];
	try {
		for (let run = from; run < from + runs; run += 1) {
			const result = await crashRun({ seed, run, index, cacheDir });
			results.push(result);
			print(lineOf(result));
			for (const kind of faultKinds) {
				const own = result.faults.filter((fault) => fault.kind === kind);
				for (const { message } of own.slice(0, shownFaults)) print(`  ${kind}: ${message}`);
				if (own.length > shownFaults) print(`  ${kind}: ${own.length - shownFaults} more`);
			}
			if (result.faults.length > 0) {
				print(`  replay: npm run crash -- --runs 1 --from ${run} --seed ${seed} --index ${index}`);
				print(`  its files: ${result.dataDir}`);
			}
			if (report !== null)
				await appendFile(
					report,
					`${JSON.stringify({ ...result, dataDir: undefined, faults: tally(result.faults) })}\n`,
				);
		}
	} finally {
		await rm(cacheDir, { recursive: true, force: true });
	}
	for (const line of table(results)) print(line);
	return {
		runs,
		kills: results.reduce((sum, { kills }) => sum + kills.length, 0),
		changes: results.reduce((sum, { changes }) => sum + changes, 0),
		...tally(results.flatMap(({ faults }) => faults)),
		failedRuns: results.filter(({ faults }) => faults.length > 0).length,
		seed,
		index,
	};
}

function tally(faults: readonly Fault[]): Record<FaultKind, number> {
	const count = (kind: FaultKind) => faults.filter((fault) => fault.kind === kind).length;
	return Object.fromEntries(faultKinds.map((kind) => [kind, count(kind)])) as Record<FaultKind, number>;
}

function lineOf({ run, seed, kills, changes, seconds, faults }: RunResult): string {
	const places = kills.map(({ planned, place }) => (place === 'late' ? `(${planned})` : planned)).join(' ');
	const verdict = faults.length === 0 ? 'ok' : `${faults.length} FAULTS`;
	return `run ${run}  seed ${seed}  ${kills.length} kills: ${places}  ${changes} changes  ${seconds.toFixed(1)} s  ${verdict}`;
}

/** Kills by the place they hit; `late` ones came when the work was done already. */
function table(results: readonly RunResult[]): string[] {
	const places = results.flatMap(({ kills }) => kills.map(({ place }) => place));
	const rows = [...killPlaces, 'late' as const].map((place): [string, number] => [
		`killed: ${place}`,
		places.filter((one) => one === place).length,
	]);
	const lostAnswers = results.reduce((sum, { requestsWithoutAnswer }) => sum + requestsWithoutAnswer, 0);
	rows.push(['requests without an answer', lostAnswers]);
	rows.push(...Object.entries(tally(results.flatMap(({ faults }) => faults))));
	return ['', ...rows.map(([name, count]) => `${name.padEnd(30)}${String(count).padStart(8)}`), ''];
}
