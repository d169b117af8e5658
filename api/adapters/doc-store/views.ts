import { isPending, isToldBefore, type ManifestChunk, versionOf } from '../../domain/index.ts';
import type {
	DocumentFilter,
	DocumentState,
	Job,
	JobFilter,
	SourceDocument,
	SourcePage,
} from '../../ports/index.ts';
import { withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { refusedJob, refusedJobOf } from './refusal-receipts.ts';
import type { DocRow, JobRow } from './tables.ts';

/** What the document store shows: documents, jobs, manifests. Derived from rows and leases; changes nothing. */
export function createViews(engine: EngineState) {
	const { tables } = engine;

	function view(job: JobRow, row: DocRow): Job {
		const state = withLease(engine, row);
		const isLeased = state.lease?.jobId === job.jobId;
		const isNewest = state.wanted.jobId === job.jobId;
		const derived =
			job.state !== 'accepted'
				? job.state
				: isLeased
					? 'processing'
					: isNewest && (state.attempts > 0 || row.error !== null)
						? 'retrying'
						: 'accepted';
		const { doc: _none, previous: _nothing, ...shown } = job;
		return {
			...shown,
			tenant: row.tenant,
			docId: row.docId,
			state: derived,
			attempts: job.state === 'accepted' && isNewest ? state.attempts : job.attempts,
			error: job.error ?? (job.state === 'accepted' && isNewest ? row.error : null),
			refused: false,
		};
	}

	const countOrphans = ({ key, state }: DocRow): number =>
		state.mayHaveOrphans ? tables.countUncertain(key) : 0;

	function documentView(row: DocRow): DocumentState {
		const state = withLease(engine, row);
		const at = state.failed
			? 'failed'
			: state.lease !== null
				? 'processing'
				: isPending(state)
					? state.attempts > 0 || row.error !== null
						? 'retrying'
						: 'accepted'
					: state.published === null
						? 'deleted'
						: 'published';
		const { tenant, docId, error } = row;
		const { sourceId, readyAt, attempts, published } = state;
		const { jobId, meta, acceptedAt } = state.wanted;
		return {
			...{ tenant, docId, sourceId, jobId, meta, acceptedAt, readyAt, attempts, error, published },
			version: versionOf(state),
			state: at,
			orphans: countOrphans(row),
		};
	}

	function jobsOfDocument(filter: JobFilter): Job[] {
		const { tenant = '', docId = '', after, states, limit } = filter;
		const row = tables.findDoc(tenant, docId);
		const found: Job[] = [];
		const add = (shown: Job) => {
			const isInPage = after === undefined || shown.jobId < after;
			if (isInPage && (states === undefined || states.includes(shown.state))) found.push(shown);
		};
		let refused = refusedJobOf(tables, tenant, docId);
		let id: string | null = row?.lastJob ?? null;
		while (row !== undefined && id !== null && found.length < limit) {
			const job = tables.job(id);
			if (job === undefined) break;
			if (refused !== null && refused.jobId > job.jobId) {
				add(refused);
				refused = null;
			}
			add(view(job, row));
			id = job.previous;
		}
		if (refused !== null) add(refused);
		return found.slice(0, limit);
	}

	/** Null where it is of a document that is gone. */
	function viewAny(job: JobRow): Job | null {
		const row = tables.docByKey(job.doc);
		return row === undefined ? refusedJob(tables, job) : view(job, row);
	}

	return {
		job(jobId: string): Job | null {
			const job = tables.job(jobId);
			return job === undefined ? null : viewAny(job);
		},

		jobs(filter: JobFilter): Job[] {
			if (filter.docId !== undefined) return jobsOfDocument(filter);
			const found: Job[] = [];
			const single = filter.states?.length === 1 ? filter.states[0] : undefined;
			const durable =
				single === undefined ? null : single === 'processing' || single === 'retrying' ? 'accepted' : single;
			let after = filter.after ?? null;
			// Pages of rows until the filter's limit is met: the filter looks at derived states, the index at durable ones.
			for (;;) {
				const page = tables.listJobs(after, durable, 500);
				for (const job of page) {
					after = job.jobId;
					const shown = viewAny(job);
					if (shown === null || (filter.tenant !== undefined && shown.tenant !== filter.tenant)) continue;
					if (filter.states !== undefined && !filter.states.includes(shown.state)) continue;
					found.push(shown);
					if (found.length >= filter.limit) return found;
				}
				if (page.length < 500) return found;
			}
		},

		document(tenant: string, docId: string): DocumentState | null {
			const row = tables.findDoc(tenant, docId);
			return row === undefined ? null : documentView(row);
		},

		sourceDocuments({ sourceId, epoch, belowSeq, after, limit }: SourcePage): SourceDocument[] {
			const asked = { epoch, epochRank: tables.epochRank(sourceId, epoch, null), belowSeq: belowSeq ?? 0 };
			return tables.docsOfSource(sourceId, after, limit).map(({ key, tenant, docId, state }) => ({
				doc: key,
				tenant,
				docId,
				isEarlier: isToldBefore(state, asked),
			}));
		},

		tenants: ({ after, limit }: { readonly after: string; readonly limit: number }) =>
			tables.listTenants(after, limit),

		documents(filter: DocumentFilter): DocumentState[] {
			const found: DocumentState[] = [];
			let after = filter.after;
			for (;;) {
				const page = tables.listDocs({ ...filter, ...(after !== undefined && { after }), limit: 500 });
				for (const row of page) {
					after = row.docId;
					const shown = documentView(row);
					if (filter.state !== undefined && shown.state !== filter.state) continue;
					found.push(shown);
					if (found.length >= filter.limit) return found;
				}
				if (page.length < 500) return found;
			}
		},

		chunks(tenant: string, docId: string): ManifestChunk[] {
			const row = tables.findDoc(tenant, docId);
			return row === undefined ? [] : tables.chunks(row.key, !row.state.mayHaveOrphans);
		},
	};
}
