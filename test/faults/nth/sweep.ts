import { createBench, type IndexKind } from './bench.ts';
import { variants, type Mode } from './gate.ts';
import { runNth } from './run.ts';

/** Runs for n = `from`, `from` + `step`, … until one is clean. The variants take turns, beginning with any. */
export interface SweepOptions {
	readonly index: IndexKind;
	readonly mode: Mode;
	readonly from: number;
	readonly step: number;
	/** The first one's place among the variants; with all of them in turn every call has met every variant. */
	readonly offset: number;
}

export interface SweepResult {
	readonly runs: number;
	/** Calls that failed, in all runs. */
	readonly struck: number;
	/** Of the clean run. */
	readonly calls: number;
	readonly faults: readonly string[];
	/** Of the injected clock: the longest run, waits for leases and breakers included. */
	readonly longestSeconds: number;
}

export async function sweep({ index, mode, from, step, offset }: SweepOptions): Promise<SweepResult> {
	const bench = await createBench();
	const faults: string[] = [];
	const sums = { runs: 0, struck: 0, longestSeconds: 0 };
	try {
		for (let n = from; ; n += step) {
			const variant = variants[(n + offset) % variants.length] ?? 'before';
			const result = await runNth(bench, index, { n, variant, mode });
			sums.runs += 1;
			sums.struck += result.struck.length;
			sums.longestSeconds = Math.max(sums.longestSeconds, result.seconds);
			const where = `call ${n}, ${result.struck[0] ?? 'none'}, ${variant}, ${mode}, ${index}`;
			faults.push(...result.faults.map((fault) => `${where}: ${fault}`));
			const isClean = result.struck.length === 0;
			if (isClean) return { ...sums, calls: result.calls.length, faults };
		}
	} finally {
		await bench.close();
	}
}
