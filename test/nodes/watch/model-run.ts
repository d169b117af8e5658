/**
 * `npm run model -- --runs N [--seed S] [--lanes N] [--path P]`: random scenarios against the model of a watched
 * folder, on all cores. A failure is printed with its seed and its shrunk scenario. Ends with one line of JSON;
 * exit code 1 on any failure.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { describeFailure, runModel, type Failure, type ModelOptions } from './model-lanes.ts';

/** What one process has to do. */
type Share = Omit<ModelOptions, 'onRun' | 'onFailure'>;
type Report = { readonly run: true } | { readonly failure: Failure } | { readonly failed: number };

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function inProcess(options: Share): Promise<void> {
	const tell = (report: Report) => void process.send?.(report);
	const onRun = () => tell({ run: true });
	tell({ failed: await runModel({ ...options, onRun, onFailure: (failure) => tell({ failure }) }) });
	process.disconnect();
}

function whole(name: string, text: string, least: number): number {
	const number = Number(text);
	if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} must be a whole number`);
	return number;
}

/** One process a core: a scenario waits for half of its time, and the other half is file system and SQLite. */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			runs: { type: 'string', default: '100' },
			seed: { type: 'string' },
			lanes: { type: 'string', default: '12' },
			path: { type: 'string' },
		},
	});
	const runs = whole('runs', values.runs, 1);
	const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed, 0);
	const { path } = values;
	const processes = path === undefined ? Math.min(availableParallelism(), runs) : 1;
	const lanes = path === undefined ? whole('lanes', values.lanes, 1) : 1;
	const started = performance.now();
	let done = 0;
	let failed = 0;

	const shares = Array.from({ length: processes }, async (_, number) => {
		const options: Share = {
			runs: Math.floor(runs / processes) + (number < runs % processes ? 1 : 0),
			seed: seed + number * lanes,
			lanes,
			...(path !== undefined && { path }),
		};
		const child = fork(import.meta.filename, [JSON.stringify(options)], { execArgv: process.execArgv });
		child.on('message', (report: Report) => {
			if ('failure' in report) print(describeFailure(report.failure));
			else if ('failed' in report) failed += report.failed;
			else if ((done += 1) % 100 === 0) print(`${done} scenarios`);
		});
		return new Promise<void>((resolve, reject) => {
			child.once('error', reject);
			child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))));
		});
	});
	await Promise.all(shares);
	const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
	print(JSON.stringify({ runs, failed, seed, seconds }));
	process.exitCode = failed === 0 ? 0 : 1;
}

const [given] = process.argv.slice(2);
if (process.send !== undefined && given !== undefined) await inProcess(JSON.parse(given) as Share);
else await main();
