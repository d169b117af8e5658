import { createFairShare } from '../../domain/index.ts';
import type { DocStore } from '../../ports/index.ts';
import { acceptChanges } from './accept-changes.ts';
import { claim } from './claim-documents.ts';
import { createCredits } from './credit-ledger.ts';
import { dropBlob } from './doc-bodies.ts';
import { commitOne, deadLetterOne, releaseOne, renewOne } from './end-lease.ts';
import type { BlobFiles, EngineState, OpenTransaction } from './engine-state.ts';
import { inTransaction } from './engine-transaction.ts';
import type { ListSteps, wholeLists } from './list-steps.ts';
import { entries, forget, orphans, recordOneIntent, reorder, tidyEntries } from './lease-entries.ts';
import { createPointTallies } from './point-tallies.ts';
import { createProgress } from './progress-counts.ts';
import { createQueues } from './queues.ts';
import { countRefusals, standingRefusals } from './refusal-receipts.ts';
import { endHold, entriesOf, hold, isHeldKey, tally, texts } from './repair-holds.ts';
import { leaveSummary, takeSummary } from './start-summary.ts';
import { leaveFuture } from './leave-future.ts';
import { stats } from './store-stats.ts';
import { sweep } from './sweep-rows.ts';
import type { Tables } from './tables.ts';
import { createViews } from './views.ts';
import { cancelJob, retryJob } from './waiting-jobs.ts';

/**
 * The document store over any synchronous tables: loads rows, moves them as domain/doc-state.ts says, writes them back
 * with their jobs. The SQLite thread and the memory adapter call it, one call at a time, and each call inside
 * `transaction`.
 */
export type DocEngine = {
	readonly [
		K in Exclude<keyof DocStore, 'writeBlob' | 'blobSize' | 'close' | keyof ReturnType<typeof wholeLists>>
	]: (...args: Parameters<DocStore[K]>) => Awaited<ReturnType<DocStore[K]>>;
} & ListSteps & {
		transaction<T>(run: () => T): T;
		/** After the last call, outside of a transaction: the next start need not count. */
		end(): void;
	};

interface EngineDeps {
	readonly tables: Tables;
	readonly blobs: BlobFiles;
	/** A tenant's share of the work relative to the others'. */
	readonly weightOf?: (tenant: string) => number;
	/** Contents that dead letters keep for a retry, bytes; absent: all. */
	readonly maxFailedBytes?: number;
}

export function createDocEngine(deps: EngineDeps): DocEngine {
	const engine = openState(deps);
	const { tables, queues, progress, points, credits } = engine;
	return {
		transaction: (run) => inTransaction(engine, run),
		accept: (changes, now, limits) => acceptChanges(engine, changes, now, limits),
		dropBlob: (blob) => dropBlob(engine, blob),

		nextDueAt: () => queues.nextReadyAt(),
		claim: (request) => claim(engine, request),
		renew: (leases, until) => leases.map((lease) => renewOne(engine, lease, until)),
		recordIntent: (intents) => intents.map((intent) => recordOneIntent(engine, intent)),
		entries: (lease, after, limit) => entries(engine, lease, after, limit),
		orphans: (lease) => orphans(engine, lease),
		forget: (lease, ids) => forget(engine, lease, ids),
		reorder: (lease, order) => reorder(engine, lease, order),
		commit: (commits, now) => commits.map((one) => commitOne(engine, one, now)),
		release: (releases, now) => releases.map((one) => releaseOne(engine, one, now)),
		deadLetter: (deadLetters, now) => deadLetters.map((one) => deadLetterOne(engine, one, now)),
		tidyEntries: (doc, after, limit) => tidyEntries(engine, doc, after, limit),

		cancel: (jobId, now) => cancelJob(engine, jobId, now),
		retry: (jobId, now) => retryJob(engine, jobId, now),

		credits: (tenant) => credits.view(tenant),
		grantCredits: (request) => credits.grant(request),
		creditLedgers: (request) => credits.list(request),

		...createViews(engine),
		stats: () => stats(engine),
		pendingBytes: () => engine.counts.pendingBytes,
		refusals: (tenant) => standingRefusals(tables, tenant),
		progress: (tenant, now) => progress.view(tenant, now),

		tally: (tenants) => tenants.map((tenant) => tally(engine, tenant)),
		hold: (tenant, docId) => hold(engine, tenant, docId),
		endHold: (tenant, docId) => endHold(engine, tenant, docId),
		entriesOf: (doc, after, limit) => entriesOf(engine, doc, after, limit),
		texts: (doc, pointIds) => texts(engine, doc, pointIds),
		marker: (name) => tables.marker(name),
		setMarker: (name, value) => tables.setMarker(name, value),

		sweep: (request) => sweep(engine, request),
		leaveFuture: (now) => leaveFuture(engine, now),
		highestTime: () => tables.highestTime(),
		end: () =>
			leaveSummary(tables, {
				counts: engine.counts,
				progress: progress.figures(),
				points: points.stored(),
			}),
	};
}

function openState({
	tables,
	blobs,
	weightOf = () => 1,
	maxFailedBytes = Infinity,
}: EngineDeps): EngineState {
	const transaction: OpenTransaction = { undoSteps: [], doomedBlobs: [], wasRecounted: false };
	const leases: EngineState['leases'] = { byDoc: new Map(), pinnedBlobs: new Map(), nextToken: 1 };
	const holds = new Set<string>();
	const leasedUntil = (doc: number) =>
		isHeldKey({ tables, holds }, doc) ? Infinity : (leases.byDoc.get(doc)?.until ?? null);
	const { counts, progress: counted, points } = takeSummary(tables);
	const onUndo = (step: () => void) => void transaction.undoSteps.push(step);
	return {
		...{ tables, blobs, transaction, leases, holds, maxFailedBytes },
		counts,
		refusals: countRefusals(tables),
		queues: createQueues({ tables, share: createFairShare(weightOf), leasedUntil, onUndo }),
		progress: createProgress({ counted, onUndo }),
		points: createPointTallies({ counted: points, onUndo }),
		credits: createCredits({ tables, onUndo }),
		sweep: { epochsAfter: 0 },
	};
}
