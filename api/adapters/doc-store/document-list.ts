import type { DocumentFilter, DocumentState } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { type ListStep, stepRows } from './list-steps.ts';
import { documentView } from './row-views.ts';
import type { DocRow } from './tables.ts';

/** A tenant's documents by state and name: from an index, or, where a lease is the state, from the leases. */
export function documentsStep(
	engine: EngineState,
	filter: DocumentFilter,
	from: string | null,
): ListStep<DocumentState> {
	const { state } = filter;
	const limit = stepRows(filter.limit);
	const after = from ?? filter.after ?? '';
	const page =
		state === 'processing'
			? leased(engine, filter, after).slice(0, limit)
			: engine.tables.listDocs({ ...filter, after, standing: state ?? null, limit });
	return {
		found: page
			.map((row) => documentView(engine, row))
			.filter((shown) => (state ?? shown.state) === shown.state)
			.slice(0, filter.limit),
		next: page.length < limit ? null : (page.at(-1)?.docId ?? null),
	};
}

function leased(
	{ tables, leases }: EngineState,
	{ tenant, prefix = '' }: DocumentFilter,
	after: string,
): DocRow[] {
	const rows = Array.from(leases.byDoc.keys(), (key) => tables.docByKey(key));
	return rows
		.filter((row) => row !== undefined)
		.filter((row) => row.tenant === tenant && row.docId > after && row.docId.startsWith(prefix))
		.sort((a, b) => (a.docId < b.docId ? -1 : 1));
}
