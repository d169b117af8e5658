import { type FilterableDoc, filterableDoc, readMeta, satisfies } from '../../domain/index.ts';
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
	const { state, filter: like } = filter;
	// Of what a filter finds nothing is known before: each step looks at as many as it may.
	const limit = stepRows(like === undefined ? filter.limit : Infinity);
	const after = from ?? filter.after ?? '';
	const page =
		state === 'processing'
			? leased(engine, filter, after).slice(0, limit)
			: engine.tables.listDocs({ ...filter, after, standing: state ?? null, limit });
	return {
		found: page
			.map((row) => documentView(engine, row))
			.filter((shown) => (state ?? shown.state) === shown.state)
			.filter((shown) => like === undefined || satisfies(filterable(shown), like))
			.slice(0, filter.limit),
		next: page.length < limit ? null : (page.at(-1)?.docId ?? null),
	};
}

/** What a filter sees of the document: its newest accepted state. */
export const filterableView = (engine: EngineState, row: DocRow): FilterableDoc =>
	filterable(documentView(engine, row));

function filterable({ docId, meta, published }: DocumentState): FilterableDoc {
	const { path, title, mimeType, metadata: extra } = readMeta(meta);
	return filterableDoc(docId, {
		...{ path, extra, title: title ?? published?.title ?? null, mimeType: meta === '' ? null : mimeType },
		publishedAt: published === null ? null : new Date(published.at).toISOString(),
	});
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
