import type { LanesView } from '../contract/work-schema.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { StoreStats } from '../ports/index.ts';

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

/** How long the document has waited that was accepted first; `now`: store time, ms. */
export const oldestPendingSeconds = (
	{ oldestPendingAt }: Pick<StoreStats, 'oldestPendingAt'>,
	now: number,
): number => (oldestPendingAt === null ? 0 : Math.max(0, now - oldestPendingAt) / 1000);

export function embedderFaultOf(pipeline: Pick<Pipeline, 'embedderFault'>) {
	const fault = pipeline.embedderFault();
	return fault === null ? null : { ...fault, since: new Date(fault.since).toISOString() };
}
