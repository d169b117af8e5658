import type { DocumentInput } from '../contract/document-schema.ts';
import type { ListRequest } from '../contract/list-schema.ts';
import type { SearchRequest } from '../contract/search-schema.ts';
import {
	type AcceptDeps,
	changeByFilter,
	closeSnapshot,
	createIngress,
	createJobIds,
	createRounds,
	preview,
	type SourceSnapshot,
	createUploadRoom,
	type FilteredChange,
	syncList,
} from './accept/index.ts';
import { type Caller, createAllotment } from './admission/index.ts';
import {
	connectIndex,
	createBlame,
	createBreaker,
	createIndexBreakers,
	createJobNotes,
	createOutageMarkers,
	createPeerFault,
	type Peer,
} from './faults/index.ts';
import { DocDropError } from '../errors.ts';
import { costOfPut, unpaidError } from '../domain/index.ts';
import {
	cachedEmbedStep,
	type ChangedDocument,
	createEmbedStep,
	startWorker,
	type WorkerDeps,
} from './prepare/index.ts';
import { createLanes, type LaneSettings } from './publish/index.ts';
import {
	type AuditedFolder,
	type HealthLimits,
	createCheckRequests,
	startIndexCheck,
	startQueueHealth,
	startSpoolSweep,
	startSweeper,
} from './upkeep/index.ts';
import { embeddings, search } from './search/index.ts';
import type { Claimed, Embedder, Reranker, VectorCache, VectorStore } from '../ports/index.ts';

/**
 * THE FLOW of a change:
 *
 *   accept     check, compare with the newest accepted state, one transaction, answer   accept/checks.ts, contents.ts, ingress.ts
 *   coalesce   the document's row is the queue: a newer change replaces a waiting one   domain/coalesce.ts
 *   claim      what is due, in fair shares of tenants and classes, under a lease        prepare/worker.ts, domain/fair-share.ts
 *   prepare    extract, chunk, plan against the manifest, embed what is new             prepare/prepare.ts, embed.ts, domain/chunk-plan.ts
 *              a large one page by page, through a spool on disk                        prepare/prepare-large.ts, domain/large-chunk-plan.ts
 *   autobatch  prepared documents of one tenant fold into one bulk write                publish/lane.ts, autobatch.ts
 *   publish    intent, new points in, gone points out, manifest and receipt             publish/lane-batch.ts, publish.ts
 *              of a large one slice by slice                                            publish/lane-large.ts, publish-large.ts
 *
 * What goes wrong on the way is decided by faults/retry.ts, and outages are kept at bay by faults/breaker.ts. Beside
 * the flow, upkeep/ verifies the index, sweeps, and measures the queue.
 */
export interface PipelineDeps extends Omit<
	WorkerDeps,
	'embed' | 'breaker' | 'blame' | 'notes' | 'signal' | 'settings' | 'openLane'
> {
	readonly embedder: Embedder;
	/** Null where embedding again costs no more than to look. */
	readonly vectorCache: VectorCache | null;
	/** Null: searches go out in the order of their scores. */
	readonly reranker: {
		readonly reranker: Reranker;
		readonly breaker: Omit<Parameters<typeof createBreaker>[0], 'clock'>;
	} | null;
	readonly indexBreaker: Omit<Parameters<typeof createBreaker>[0], 'clock'>;
	readonly embedderBreaker: Omit<Parameters<typeof createBreaker>[0], 'clock'>;
	readonly accept: AcceptDeps['settings'];
	readonly limiter: AcceptDeps['limiter'];
	readonly healthLimits: HealthLimits;
	/** See accept/close-snapshot.ts. */
	readonly brakeShare: number;
	/** Null: changes are accepted and stored, and another process works on them. */
	readonly worker: (WorkerDeps['settings'] & LaneSettings) | null;
	/** Peers that the last process left as away; see faults/outage-marker.ts. */
	readonly away: readonly Peer[];
	/** See upkeep/index-check.ts; null where nobody verifies the index. */
	readonly indexCheck: {
		readonly everyMs: number;
		readonly lateMs: number;
		/** See upkeep/audits.ts. */
		readonly auditEveryMs: number;
	} | null;
	/** Folders that this process follows; an audit holds them against the manifest. */
	readonly folders: () => readonly AuditedFolder[];
	/** What callers use up together; see admission/allotment.ts. */
	readonly admission: {
		readonly waitMs: number;
		readonly previews: number;
		readonly searches: number;
		/** Longest time of one. */
		readonly searchMs: number;
		/** Longest time of one call for embeddings. */
		readonly embeddingsMs: number;
	};
	readonly embedCalls: { readonly maxTexts: number; readonly maxCalls: number };
	/** See upkeep/sweep.ts. */
	readonly retention: {
		readonly tombstoneMs: number;
		readonly jobMs: number;
		readonly tombstonesFrom: number;
	};
}

export type { AuditedFolder };
export type Pipeline = ReturnType<typeof startPipeline>;

/** The parts in the order of what they need: each is made of those above it, and none names one below. */
export function startPipeline(given: PipelineDeps) {
	const { docStore, extractor, clock, now } = given;
	const stopping = new AbortController();
	const indexCheck = given.worker === null ? null : given.indexCheck;
	const checkRequests = indexCheck === null ? null : createCheckRequests(clock, indexCheck.lateMs);
	const vectorStore = connectIndex(given.vectorStore, () => checkRequests?.checkIndex());
	const notes = createJobNotes();
	const deps = { ...given, vectorStore, notes, signal: stopping.signal };

	const markOutage = createOutageMarkers(deps);
	const marked = <T extends PipelineDeps['indexBreaker']>(peer: Peer, options: T): T => ({
		...options,
		onChange: (state) => (options.onChange?.(state), markOutage(peer, state)),
	});
	const breakers = {
		...createIndexBreakers({
			...deps,
			indexBreaker: { ...marked('index', deps.indexBreaker), control: writeNothing(vectorStore) },
		}),
		embedder: createBreaker({
			...marked('embedder', deps.embedderBreaker),
			...{ clock, control: (signal) => deps.embedder.embed([controlText], signal) },
		}),
	};
	for (const peer of deps.away) breakers[peer].learn('away');

	const common = { ...deps, breaker: breakers.index };
	const embedderFault = createPeerFault('embedder', deps);
	const blame = createBlame();
	const embedAnew = createEmbedStep({
		...{ ...common, ...deps.embedCalls, blame },
		breaker: breakers.embedder,
		lingerMs: 5,
		fault: embedderFault,
	});
	const embed =
		deps.vectorCache === null
			? embedAnew
			: cachedEmbedStep(embedAnew, { ...deps, ...deps.embedder, cache: deps.vectorCache });
	const onPartialWrite = ({ tenant, docId }: Claimed) => checkRequests?.repair(tenant, docId);
	const work =
		deps.worker === null ? null : startWork({ ...common, blame, worker: deps.worker, embed, onPartialWrite });
	const wake = (changed?: readonly ChangedDocument[]) => work?.worker.wake(changed);
	const check =
		checkRequests === null || indexCheck === null
			? null
			: startIndexCheck(checkRequests, {
					...{ ...common, ...indexCheck, embed, wake: () => wake() },
					audit: {
						...{ fingerprintOf: deps.accept.fingerprintOf, folders: deps.folders },
						...{ everyMs: indexCheck.auditEveryMs, isBusy: () => (work?.worker.inWork() ?? 0) > 0 },
					},
				});
	const nextJobId = createJobIds(now);
	const places = (what: string, total: number) =>
		createAllotment({ what, total, waitMs: deps.admission.waitMs }, deps);
	const previews = places('previews at a time', deps.admission.previews);
	const { maxPendingBytes } = deps.accept;
	const uploads = places('bytes of uploads', maxPendingBytes);
	const uploadRoom = createUploadRoom({ docStore, uploads, maxPendingBytes });
	const ingress = createIngress({ ...deps, nextJobId, settings: deps.accept, uploadRoom, wake });
	const reranker = deps.reranker && {
		...deps.reranker,
		breaker: createBreaker({ ...deps.reranker.breaker, clock }),
	};
	const searches = places('searches at a time', deps.admission.searches);
	const embedCalls = places('calls for embeddings at a time', deps.embedCalls.maxCalls);
	const nextRound = createRounds(now);
	const closeAny = (snapshot: SourceSnapshot) =>
		closeSnapshot(snapshot, { ...ingress, docStore, brakeShare: deps.brakeShare });
	const health = startQueueHealth(common);
	startSpoolSweep(common);
	startSweeper({ ...common, ...deps.retention });

	return {
		...ingress,
		breakers,
		/** Of the document limits; null where there are none. */
		limits: () => deps.limiter?.status() ?? null,
		/** Rejects with the reason of `gone` where the caller gave up while it waited for its turn. */
		preview: (document: DocumentInput, caller?: Caller) =>
			preview(ingress.normalise(document), {
				...{ docStore, extractor, previews, fingerprintOf: deps.accept.fingerprintOf },
				...(caller !== undefined && { caller }),
			}),
		/** Of the vector index: what publishing has found, or searches. */
		indexState: () => (breakers.index.state() === 'closed' ? breakers.search : breakers.index).state(),
		/** What the last check of the index has found; null where nobody checks it. */
		indexCheck: () => check?.status() ?? null,
		/** Null where nobody checks the index. */
		audits: check?.audits ?? null,
		/** Rejects with the signal's reason where the caller gave up while it waited for its turn. */
		search: (request: SearchRequest, gone?: AbortSignal) =>
			search(request, {
				...{ ...deps, searches, reranker, searchMs: deps.admission.searchMs },
				...{ embedderBreaker: breakers.embedder, searchBreaker: breakers.search },
				...(gone !== undefined && { gone }),
			}),
		/** Of the reranker; null where there is none. */
		rerankerState: () => reranker?.breaker.state() ?? null,
		/** Vectors of a caller's texts; `tenant` stands for whose turn it takes. */
		embeddings: (texts: readonly string[], tenant: string, caller?: Caller) =>
			embeddings(texts, tenant, {
				...{ embed: embedAnew.embed, embedderBreaker: breakers.embedder, places: embedCalls, clock },
				...{ maxTexts: deps.embedCalls.maxTexts, timeoutMs: deps.admission.embeddingsMs },
				...(caller !== undefined && { caller }),
			}),
		changeByFilter: (asked: FilteredChange) => changeByFilter(asked, { ...ingress, docStore }),
		closeSnapshot: closeAny,
		syncList: (request: ListRequest) => syncList(request, { docStore, closeSnapshot: closeAny, nextRound }),
		cancel: (jobId: string) => docStore.cancel(jobId, now()),
		async retry(jobId: string): Promise<boolean> {
			const result = await docStore.retry(jobId, now());
			if (result === 'unpaid') {
				const job = await docStore.job(jobId);
				const { left } = await docStore.credits(job?.tenant ?? '');
				throw unpaidError(job?.tenant ?? '', { needed: costOfPut, left: left ?? 0 });
			}
			if (result === 'content_gone') {
				throw new DocDropError('conflict', 'the content of this job is gone, to make room for newer ones', {
					hint: 'Send the document again.',
				});
			}
			if (result === 'waiting') wake();
			return result === 'waiting';
		},
		/** What a job in work waits for; null where it does not wait. */
		reasonOf: (jobId: string) => notes.reason(jobId),
		/** What documents wait for of the embedder; null where nothing does. */
		embedderFault: () => embedderFault.current(),
		queueHealth: () => health.look(),
		inWork: () => work?.worker.inWork() ?? 0,
		/** Null where another process works on the changes. */
		lanes: () => work?.lanes.figures() ?? null,
		/** Finishes what is in work, at most for `graceMs`, then leaves the rest to the next start. */
		async stop(graceMs: number): Promise<void> {
			await Promise.race([work?.worker.drain(), clock.sleep(graceMs, stopping.signal).catch(() => {})]);
			stopping.abort(new Error('the process is stopping'));
		},
	};
}

/** What every embedder can embed, whatever it thinks of the documents. */
const controlText = 'hello';

/** A write that changes nothing, of no tenant: an index that only answers questions does not take it. */
const writeNothing = (store: VectorStore) => (signal: AbortSignal) =>
	store.remove('', ['00000000-0000-0000-0000-000000000000'], signal);

/** Claims, prepares and publishes; the worker hands what it has prepared to the lanes. */
function startWork(
	deps: Omit<WorkerDeps, 'settings' | 'openLane'> &
		Omit<Parameters<typeof createLanes>[0], 'settings'> & {
			readonly worker: WorkerDeps['settings'] & LaneSettings;
		},
) {
	const lanes = createLanes({ ...deps, settings: deps.worker });
	return { lanes, worker: startWorker({ ...deps, settings: deps.worker, openLane: lanes.open }) };
}
