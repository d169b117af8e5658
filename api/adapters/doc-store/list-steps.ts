import type { DocStore, DocumentFilter, DocumentState, Job, JobFilter } from '../../ports/index.ts';

/**
 * Lists in bounded steps. The store has one thread, and every accept, claim and renewal waits for it: a list that has
 * to look at many rows for those that it shows looks at a few at a time, and lets the others in between.
 */
export interface ListStep<T> {
	readonly found: T[];
	/** The `from` of the next step; null at the end of the list. */
	readonly next: string | null;
}

export type ListSteps = {
	/** `from`: how far an earlier step of the same list has looked; null: the first. */
	jobsStep(filter: JobFilter, from: string | null): ListStep<Job>;
	documentsStep(filter: DocumentFilter, from: string | null): ListStep<DocumentState>;
};

/** Rows that one step looks at, at most. */
const rowsAStep = 200;
const fewest = 50;

/** Rows to look at for so many more that are wanted: most of them match. */
export const stepRows = (limit: number): number => Math.min(rowsAStep, Math.max(fewest, limit));

type Later<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;

/** The lists of the port over calls of their steps. */
export function wholeLists(steps: {
	readonly [K in keyof ListSteps]: Later<ListSteps[K]>;
}): Pick<DocStore, 'jobs' | 'documents'> {
	return {
		jobs: (filter) => whole(filter, steps.jobsStep),
		documents: (filter) => whole(filter, steps.documentsStep),
	};
}

async function whole<F extends { readonly limit: number }, T>(
	filter: F,
	step: (filter: F, from: string | null) => Promise<ListStep<T>>,
): Promise<T[]> {
	const all: T[] = [];
	let from: string | null = null;
	do {
		const { found, next }: ListStep<T> = await step({ ...filter, limit: filter.limit - all.length }, from);
		all.push(...found);
		from = next;
	} while (from !== null && all.length < filter.limit);
	return all;
}
