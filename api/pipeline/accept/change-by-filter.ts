/**
 * One change of every document that is like a filter. Called by POST /v1/documents/delete and /v1/documents/patch.
 *
 * Documents are named page by page, in the order of their ids, and each page is changed before the next one is named.
 * Whether a document is like the filter is asked once more in the step that takes its change: what has become another
 * one meanwhile is left alone. Nothing is remembered between requests: whoever asks again from `next` on goes on there,
 * and whoever asks again from the beginning changes nothing twice.
 */
import type { DocumentInput, Receipt } from '../../contract/document-schema.ts';
import type { Priority } from '../../contract/job-schema.ts';
import { limits } from '../../contract/limits.ts';
import { type Filter, parseFilter } from '../../domain/index.ts';
import { DocDropError } from '../../errors.ts';
import type { DocStore } from '../../ports/index.ts';
import type { Ingress } from './ingress.ts';

export interface FilteredChange {
	readonly tenant: string;
	/** As the caller wrote it. */
	readonly filter: unknown;
	/** Null: delete them. */
	readonly metadata: Readonly<Record<string, unknown>> | null;
	readonly dryRun: boolean;
	readonly takeOver: boolean;
	readonly priority: Priority;
	readonly after: string;
	readonly limit: number;
}

export interface FilteredResult {
	matched: number;
	accepted: number;
	unchanged: number;
	failed: number;
	/** The first of them. */
	readonly failures: { readonly docId: string; readonly error: DocDropError }[];
	next: string | null;
	/** Of a change that could be taken later, and behind which none was. */
	stopped: DocDropError | null;
}

const pageSize = 200;

interface FilterDeps extends Pick<Ingress, 'accept' | 'check'> {
	readonly docStore: Pick<DocStore, 'documents'>;
}

export async function changeByFilter(asked: FilteredChange, deps: FilterDeps): Promise<FilteredResult> {
	const filter = demandedFilter(asked.filter);
	// What is wrong with the patch is wrong with each of them.
	const sample = deps.check(documentOf('any', asked));
	if (sample instanceof Error) throw sample;
	if ('error' in sample) throw sample.error;
	const result: FilteredResult = {
		...{ matched: 0, accepted: 0, unchanged: 0, failed: 0, failures: [] },
		...{ next: asked.after, stopped: null },
	};
	for (let seen = 0; seen < asked.limit && result.next !== null && result.stopped === null;) {
		const limit = Math.min(pageSize, asked.limit - seen);
		const { tenant } = asked;
		const page = await deps.docStore.documents({ tenant, filter, after: result.next, limit });
		seen += page.length;
		const names = page.filter(({ meta }) => meta !== '').map(({ docId }) => docId);
		const end = page.length < limit ? null : (page.at(-1)?.docId ?? null);
		if (asked.dryRun) result.matched += names.length;
		else await changePage(names, filter, asked, result, deps);
		if (result.stopped === null) result.next = end;
	}
	return result;
}

function demandedFilter(given: unknown): Filter {
	const filter = parseFilter(given);
	if (filter !== null) return filter;
	throw new DocDropError(
		'invalid',
		'filter must name at least one field: an empty one is like every document',
		{ field: 'filter', hint: 'Nothing was changed. Write which documents are meant.' },
	);
}

const documentOf = (docId: string, { tenant, metadata, takeOver }: FilteredChange): DocumentInput => ({
	...(metadata === null ? { op: 'delete' } : { op: 'patch', metadata: { ...metadata } }),
	...{ tenant, docId, ...(takeOver && { takeOver }) },
});

/** Counts what became of each, and where it stopped. */
async function changePage(
	names: readonly string[],
	where: Filter,
	asked: FilteredChange,
	result: FilteredResult,
	deps: FilterDeps,
): Promise<void> {
	const { priority } = asked;
	const answers = await deps.accept(
		names.map((docId) => deps.check(documentOf(docId, asked))),
		{ priority, skipWindow: true, where },
	);
	for (const [place, answer] of answers.entries()) {
		const docId = names[place] ?? '';
		if (answer instanceof Error && answer.retryable) {
			if (result.accepted + result.unchanged + result.failed === 0) throw answer;
			result.stopped = answer;
			return;
		}
		count(docId, answer, result);
		result.next = docId;
	}
}

function count(docId: string, answer: Receipt | DocDropError, result: FilteredResult): void {
	if (answer instanceof Error && answer.field === 'filter') return;
	result.matched += 1;
	if (!(answer instanceof Error)) {
		result[answer.state === 'accepted' ? 'accepted' : 'unchanged'] += 1;
		return;
	}
	result.failed += 1;
	if (result.failures.length < limits.filteredFailures) result.failures.push({ docId, error: answer });
}
