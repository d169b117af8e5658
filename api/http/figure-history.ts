import type { OverviewHistory } from '../contract/overview-schema.ts';

/**
 * The figures of the last hour and of the last day, in memory: a sample every ten seconds, and every four minutes one
 * that is made of those. 720 small objects; a restart begins anew.
 */
export type Sample = OverviewHistory['hour'][number];

export const sampleEveryMs = 10_000;
const samplesKept = 360;
/** Of the hour, for one of the day. */
const foldedTogether = 24;

export interface FigureHistory {
	add(sample: Sample): void;
	view(): OverviewHistory;
}

export function createFigureHistory(): FigureHistory {
	const hour: Sample[] = [];
	const day: Sample[] = [];
	let unfolded: Sample[] = [];
	const keep = (series: Sample[], sample: Sample) => {
		series.push(sample);
		if (series.length > samplesKept) series.shift();
	};
	return {
		add(sample) {
			keep(hour, sample);
			unfolded.push(sample);
			if (unfolded.length < foldedTogether) return;
			keep(day, foldSamples(unfolded));
			unfolded = [];
		},
		// What is not folded yet is the newest point of the day.
		view: () => ({
			hour: [...hour],
			day: unfolded.length === 0 ? [...day] : [...day, foldSamples(unfolded)],
		}),
	};
}

/** A rate is a mean; what must not be overlooked is the most that there was. */
export function foldSamples(samples: readonly Sample[]): Sample {
	const most = (of: (sample: Sample) => number) => Math.max(0, ...samples.map(of));
	const sum = samples.reduce((total, { perMinute }) => total + perMinute, 0);
	return {
		at: samples.at(-1)?.at ?? 0,
		perMinute: samples.length === 0 ? 0 : Math.round((sum * 10) / samples.length) / 10,
		pending: most(({ pending }) => pending),
		failed: most(({ failed }) => failed),
		memoryBytes: most(({ memoryBytes }) => memoryBytes),
	};
}
