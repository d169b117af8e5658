import type { DocumentInput } from '../contract/document-schema.ts';
import type { SearchRequest } from '../contract/search-schema.ts';
import {
	type AcceptDeps,
	closeSnapshot,
	createIngress,
	createJobIds,
	preview,
	type Snapshot,
} from './accept/index.ts';
import {
	connectIndex,
	createBreaker,
	createIndexBreakers,
	createOutageMarkers,
	type Peer,
} from './faults/index.ts';
import { costOfPut, unpaidError } from '../domain/index.ts';
import { createEmbedStep, startWorker, type WorkerDeps } from './prepare/index.ts';
import { createLanes, type LaneSettings } from './publish/index.ts';
import {
	type HealthLimits,
	type IndexCheckDeps,
	startIndexCheck,
	startQueueHealth,
	startSpoolSweep,
	startSweeper,
} from './upkeep/index.ts';
import { search } from './search/index.ts';
import type { Claimed } from '../ports/work-claims.ts';
import type { Embedder } from '../ports/embedder.ts';

/**
 * THE FLOW of a change:
 *
 *   accept     validate, compare with the newest accepted state, one durable transaction, answer   accept.ts
 *   coalesce   the document's row is the queue: a newer change replaces the one that waits         coalesce.ts
 *   claim      what is due, in fair shares of tenants and classes, under a lease                   worker.ts, fair-share.ts
 *   prepare    extract, chunk, plan against the manifest, embed what is new                        prepare.ts, chunk-plan.ts, embed.ts
 *              a large one page by page, through a spool on disk                                   prepare-large.ts, large-chunk-plan.ts
 *   autobatch  prepared documents of one tenant fold into one bulk write                           lane.ts, autobatch.ts
 *   publish    intent, new points in, gone points out, manifest and receipt                        publish.ts
 *              of a large one slice by slice                                                       publish-large.ts
 *
 * What goes wrong on the way is decided by retry.ts, and outages are kept at bay by breaker.ts.
 */
export interface PipelineDeps extends Omit<
	WorkerDeps,
	'embed' | 'breaker' | 'signal' | 'settings' | 'openLane'
> {
	readonly embedder: Embedder;
	readonly indexBreaker: Omit<Parameters<typeof createBreaker>[0], 'clock'>;
	readonly embedderBreaker: Omit<Parameters<typeof createBreaker>[0], 'clock'>;
	readonly accept: AcceptDeps['settings'];
	readonly limiter: AcceptDeps['limiter'];
	readonly healthLimits: HealthLimits;
	/** See close-snapshot.ts. */
	readonly brakeShare: number;
	/** Null: changes are accepted and stored, and another process works on them. */
	readonly worker: (WorkerDeps['settings'] & LaneSettings) | null;
	/** Peers that the last process left as away; see outage-marker.ts. */
	readonly away: readonly Peer[];
	/** See index-check.ts; null where nobody holds the index against the manifest. */
	readonly indexCheck: Pick<IndexCheckDeps, 'everyMs' | 'lateMs'> | null;
	readonly embedCalls: { readonly maxTexts: number; readonly maxCalls: number };
	readonly retention: { readonly tombstoneMs: number; readonly jobMs: number };
}

export type Pipeline = ReturnType<typeof startPipeline>;

export function startPipeline(given: PipelineDeps) {
	const vectorStore = connectIndex(given.vectorStore, () => check?.request());
	const deps = { ...given, vectorStore };
	const { docStore, extractor, clock, log, now } = deps;
	const stopping = new AbortController();
	const noteOutage = createOutageMarkers(deps);
	const noted = <T extends PipelineDeps['indexBreaker']>(peer: Peer, options: T): T => ({
		...options,
		onChange: (state) => (options.onChange?.(state), noteOutage(peer, state)),
	});
	const breakers = {
		...createIndexBreakers({ ...deps, indexBreaker: noted('index', deps.indexBreaker) }),
		embedder: createBreaker({ ...noted('embedder', deps.embedderBreaker), clock }),
	};
	for (const peer of deps.away) breakers[peer].learn('away');
	const common = { ...deps, signal: stopping.signal, breaker: breakers.index };
	const onWait = (error: unknown) => log.warn({ error }, 'documents wait for the embedder');
	const embed = createEmbedStep({
		...common,
		...deps.embedCalls,
		breaker: breakers.embedder,
		lingerMs: 5,
		onWait,
	});
	const onPartialWrite = ({ tenant, docId }: Claimed) => check?.mend(tenant, docId);
	const lanes =
		deps.worker === null ? null : createLanes({ ...common, settings: deps.worker, onPartialWrite });
	const worker =
		deps.worker === null || lanes === null
			? null
			: startWorker({ ...common, embed, settings: deps.worker, openLane: lanes.open });
	const check =
		deps.indexCheck === null || worker === null
			? null
			: startIndexCheck({ ...common, ...deps.indexCheck, embed, wake: () => worker.wake() });
	const door = createIngress({
		...deps,
		nextJobId: createJobIds(now),
		settings: deps.accept,
		wake: () => worker?.wake(),
	});
	const health = startQueueHealth(common);
	startSpoolSweep(common);
	startSweeper({ ...common, ...deps.retention });

	return {
		...door,
		breakers,
		/** Of the document limits; null where there are none. */
		limits: () => deps.limiter?.status() ?? null,
		preview: (document: DocumentInput) =>
			preview(door.normalise(document), { docStore, extractor, fingerprint: deps.accept.fingerprint }),
		/** Of the vector index: what publishing has found, or searches. */
		indexState: () => (breakers.index.state() === 'closed' ? breakers.search : breakers.index).state(),
		/** What the index was last held against; null where nobody does. */
		indexCheck: () => check?.status() ?? null,
		search: (request: SearchRequest) =>
			search(request, { ...deps, embedderBreaker: breakers.embedder, searchBreaker: breakers.search }),
		closeSnapshot: (snapshot: Snapshot) =>
			closeSnapshot(snapshot, { ...door, docStore, brakeShare: deps.brakeShare }),
		cancel: (jobId: string) => docStore.cancel(jobId, now()),
		async retry(jobId: string): Promise<boolean> {
			const result = await docStore.retry(jobId, now());
			if (result === 'unpaid') {
				const job = await docStore.job(jobId);
				const { left } = await docStore.credits(job?.tenant ?? '');
				throw unpaidError(job?.tenant ?? '', { needed: costOfPut, left: left ?? 0 });
			}
			if (result === 'waiting') worker?.wake();
			return result === 'waiting';
		},
		queueHealth: () => health.look(),
		inWork: () => worker?.inWork() ?? 0,
		/** Null where another process works on the changes. */
		lanes: () => lanes?.figures() ?? null,
		/** Finishes what is in work, at most for `graceMs`, then leaves the rest to the next start. */
		async stop(graceMs: number): Promise<void> {
			await Promise.race([worker?.drain(), clock.sleep(graceMs, stopping.signal).catch(() => {})]);
			stopping.abort(new Error('the process is stopping'));
		},
	};
}
