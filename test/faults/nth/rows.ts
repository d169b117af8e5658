import type { IndexKind } from './bench.ts';
import { modes, type Mode } from './gate.ts';
import type { InProcessRow, RowResult } from '../row.ts';
import { sweep } from './sweep.ts';

/**
 * The n-th call of a port fails, n = 1, 2, … until a run is clean. In each row every n meets one variant, another one
 * with the next seed: four seeds in a row are all of them.
 */
async function carryOut(name: string, index: IndexKind, mode: Mode, seed: number): Promise<RowResult> {
	const started = performance.now();
	const { runs, struck, calls, faults, longestSeconds } = await sweep({
		...{ index, mode, offset: seed, from: 1, step: 1 },
	});
	const count = (...kinds: readonly string[]) =>
		faults.filter((fault) => kinds.some((kind) => fault.includes(`: ${kind}: `))).length;
	return {
		name,
		skipped: null,
		seen: null,
		told: `${runs} runs until a clean one of ${calls} calls; ${struck} calls failed; the longest run took ${longestSeconds.toFixed(0)} s of its own time`,
		changes: 0,
		lost: count('lost'),
		leaked: count('duplicated', 'leaked', 'stale'),
		recoverySeconds: null,
		seconds: (performance.now() - started) / 1000,
		faults,
		home: null,
	};
}

export const nthRows: readonly InProcessRow[] = (['sqlite-vec', 'qdrant'] as const).flatMap((index) =>
	modes.map((mode) => {
		const name = `call n fails ${mode}, ${index === 'qdrant' ? 'Qdrant' : 'embedded index'}`;
		return { name, carryOut: (seed: number) => carryOut(name, index, mode, seed) };
	}),
);
