import { isToldBefore, type ManifestChunk, type ManifestEntry } from '../../domain/index.ts';
import { limits } from '../../contract/limits.ts';
import type { ChunkPage, DocumentState, Job, SourceDocument, SourcePage } from '../../ports/index.ts';
import { documentsStep } from './document-list.ts';
import type { EngineState } from './engine-state.ts';
import { jobsStep } from './job-list.ts';
import type { ListSteps } from './list-steps.ts';
import { anyJobView, documentView } from './row-views.ts';
import { epochOrderOf } from './source-epochs.ts';

const firstPage: ChunkPage = { after: null, limit: limits.pageRows };

/** What the document store shows: documents, jobs, manifests. Derived from rows and leases; changes nothing. */
export function createViews(engine: EngineState) {
	const { tables } = engine;
	const steps: ListSteps = {
		jobsStep: (filter, from) => jobsStep(engine, filter, from),
		documentsStep: (filter, from) => documentsStep(engine, filter, from),
	};
	return {
		...steps,

		job(jobId: string): Job | null {
			const job = tables.job(jobId);
			return job === undefined ? null : anyJobView(engine, job);
		},

		document(tenant: string, docId: string): DocumentState | null {
			const row = tables.findDoc(tenant, docId);
			return row === undefined ? null : documentView(engine, row);
		},

		sourceDocuments({ sourceId, epoch, belowSeq, after, limit }: SourcePage): SourceDocument[] {
			const epochOrder = epochOrderOf(tables, { sourceId, epoch }, Infinity);
			const asked = { epoch, epochOrder, belowSeq: belowSeq ?? 0 };
			return tables.docsOfSource(sourceId, after, limit).map(({ key, tenant, docId, state }) => ({
				doc: key,
				tenant,
				docId,
				isEarlier: isToldBefore(state, asked),
			}));
		},

		tenants: ({ after, limit }: { readonly after: string; readonly limit: number }) =>
			tables.listTenants(after, limit),

		chunks(tenant: string, docId: string, page: ChunkPage = firstPage): ManifestChunk[] {
			const row = tables.findDoc(tenant, docId);
			return row === undefined ? [] : tables.chunks(row.key, !row.state.mayHaveOrphans, page);
		},

		manifest(tenant: string, docId: string): ManifestEntry[] {
			const row = tables.findDoc(tenant, docId);
			return row === undefined ? [] : tables.manifest(row.key, !row.state.mayHaveOrphans);
		},
	};
}
