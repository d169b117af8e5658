/** Runs many scenarios of the model side by side, because each of them mostly waits, and says what failed how. */
import fc from 'fast-check';
import { play, scenario, type Scenario } from './model.ts';

export interface Failure {
	/** Make it again with these. */
	readonly seed: number;
	readonly path: string;
	readonly shrinks: number;
	readonly scenario: Scenario;
	readonly message: string;
}

export interface ModelOptions {
	readonly runs: number;
	/** Of the first lane; each further one has the next number. */
	readonly seed: number;
	readonly lanes: number;
	/** To begin where one failure was; with one lane. */
	readonly path?: string;
	readonly onRun?: () => void;
	/** Called for each failure when it is found, and again when it is as small as it gets. */
	readonly onFailure: (failure: Failure) => void;
}

/** Shrinking plays scenarios again, one after the other; this long at most, ms. */
const SHRINK = 60_000;
/** More are told as they were found. */
const SHRUNK = 3;

/** Each lane is a fast-check run of its own with its own seed. Resolves with the number of lanes that failed. */
export async function runModel({ runs, seed, lanes, path, onRun, onFailure }: ModelOptions): Promise<number> {
	async function check(settings: fc.Parameters<[Scenario]>): Promise<Failure | null> {
		const property = fc.asyncProperty(scenario, async (it) => {
			await play(it);
			onRun?.();
		});
		const found = await fc.check(property, settings);
		const [counterexample] = found.counterexample ?? [];
		if (counterexample === undefined) return null;
		const { errorInstance: error, counterexamplePath, numShrinks: shrinks } = found;
		const message = error instanceof Error ? error.message : String(error);
		const failure = {
			seed: found.seed,
			path: counterexamplePath ?? '',
			shrinks,
			scenario: counterexample,
			message,
		};
		onFailure(failure);
		return failure;
	}
	const share = (number: number) => Math.floor(runs / lanes) + (number < runs % lanes ? 1 : 0);
	const all = Array.from({ length: lanes }, async (_, number) => {
		const begin = { seed: seed + number, endOnFailure: true, ...(path !== undefined && { path }) };
		return share(number) === 0 ? null : check({ ...begin, numRuns: share(number) });
	});
	const failures = (await Promise.all(all)).filter((failure) => failure !== null);
	for (const failure of failures.slice(0, SHRUNK))
		await check({ seed: failure.seed, path: failure.path, interruptAfterTimeLimit: SHRINK });
	return failures.length;
}

/** For people: the scenario, and how to see it again. What depends on timing may take several tries. */
export function describeFailure({ seed, path, shrinks, scenario: it, message }: Failure): string {
	const lines = it.steps.map((step) => `    ${JSON.stringify(step).replace(/x{9,}/, 'xxx…')}`);
	return [
		`seed ${seed}, shrunk ${shrinks} times: ${message}`,
		'  steps:',
		...lines,
		`  fates of hints: ${JSON.stringify(it.fates)}`,
		`  answers: ${JSON.stringify(it.answers)}`,
		`  replay: npm run model -- --runs 1 --seed ${seed} --path "${path}"`,
	].join('\n');
}
