import type { LanesView } from '../contract/work-schema.ts';
import type { Pipeline } from '../pipeline/index.ts';

/** How the work on changes goes, in the words of api/contract/work-schema.ts. */
const mostContended = 20;

export function lanesOf(pipeline: Pick<Pipeline, 'lanes'>): LanesView | null {
	const lanes = pipeline.lanes();
	if (lanes === null) return null;
	const tenth = (value: number) => Math.round(value * 10) / 10;
	return {
		level: lanes.level,
		waitMeanMs: tenth(lanes.waitMeanMs),
		waitMaxMs: tenth(lanes.waitMaxMs),
		processingMeanMs: tenth(lanes.processingMeanMs),
		documentsPerSecond: tenth(lanes.documentsPerSecond),
		contended: lanes.contended
			.slice(0, mostContended)
			.map((one) => ({ ...one, waitMeanMs: tenth(one.waitMeanMs) })),
	};
}

export function embedderFaultOf(pipeline: Pick<Pipeline, 'embedderFault'>) {
	const fault = pipeline.embedderFault();
	return fault === null ? null : { ...fault, since: new Date(fault.since).toISOString() };
}
