import { dueAt, isPending, type KnownEpoch, queueClass } from '../../api/domain/index.ts';
import { isLargeWork } from '../../api/domain/large-work.ts';
import { queueKeyName } from '../../api/domain/fair-share.ts';
import type { DocKey } from '../../api/ports/work-claims.ts';
import type { ManifestChunk, ManifestEntry } from '../../api/domain/manifest.ts';
import type {
	Body,
	Counts,
	DocRow,
	EndedAt,
	JobRow,
	LedgerRow,
	RefusalRow,
	Standing,
	Tables,
} from '../../api/adapters/doc-store/tables.ts';

type EpochRow = KnownEpoch & { readonly name: string | null };
type Certainty = 'published' | 'fresh' | 'uncertain';

/** Tables in memory, for tests and models. A transaction that throws is undone by restoring a copy. */
export function createMemoryTables(): Tables {
	let docs = new Map<DocKey, DocRow>();
	let keys = new Map<string, DocKey>();
	let bodies = new Map<number, Body>();
	let jobs = new Map<string, JobRow>();
	let chunks = new Map<DocKey, Map<string, ManifestChunk & { readonly at: Certainty }>>();
	let epochs = new Map<string, EpochRow>();
	let lastEpoch = 0;
	let ledgers = new Map<string, LedgerRow>();
	let refusals = new Map<string, RefusalRow>();
	let markers = new Map<string, string>();
	let nextId = 1;
	const keyOf = (tenant: string, docId: string) => `${tenant.length}:${tenant}${docId}`;
	const leased = (row: DocRow) => ({ ...row.state, lease: null });
	const waiting = () => [...docs.values()].filter((row) => isPending(leased(row)));
	const standingOf = ({ state, error }: DocRow): Standing => {
		if (state.failed) return 'failed';
		if (isPending(state)) return state.attempts > 0 || error !== null ? 'retrying' : 'accepted';
		return state.published === null ? 'deleted' : 'published';
	};
	const ordered = (rows: DocRow[]) =>
		rows.sort(
			(a, b) => dueAt(leased(a)) - dueAt(leased(b)) || a.state.readyAt - b.state.readyAt || a.key - b.key,
		);
	const inOrder = (a: Pick<ManifestEntry, 'order'>, b: Pick<ManifestEntry, 'order'>) =>
		a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
	const chunksOf = (doc: DocKey) => [...(chunks.get(doc)?.values() ?? [])];

	return {
		transaction(run) {
			const copy = {
				docs: new Map(docs),
				keys: new Map(keys),
				bodies: new Map(bodies),
				jobs: new Map(jobs),
				chunks: new Map([...chunks].map(([doc, map]) => [doc, new Map(map)])),
				epochs: new Map(epochs),
				lastEpoch,
				ledgers: new Map(ledgers),
				refusals: new Map(refusals),
				markers: new Map(markers),
			};
			try {
				return run();
			} catch (error) {
				({ docs, keys, bodies, jobs, chunks, epochs, lastEpoch, ledgers, refusals, markers } = copy);
				throw error;
			}
		},
		epochOrder: (sourceId, epoch) => epochs.get(keyOf(sourceId, epoch))?.epochOrder,
		nextEpochOrder: () => lastEpoch + 1,
		insertEpoch(epoch, name) {
			lastEpoch += 1;
			epochs.set(keyOf(epoch.sourceId, epoch.epoch), { ...epoch, name, key: lastEpoch });
		},
		nameEpoch(sourceId, epoch, name) {
			const known = epochs.get(keyOf(sourceId, epoch));
			if (known !== undefined) epochs.set(keyOf(sourceId, epoch), { ...known, name });
		},
		sourceName: (sourceId, epoch) => epochs.get(keyOf(sourceId, epoch))?.name ?? null,
		newestEpochs: (sourceId, limit) =>
			[...epochs.values()]
				.filter((one) => one.sourceId === sourceId)
				.sort((a, b) => b.epochOrder - a.epochOrder)
				.slice(0, limit),
		epochsPage: (after, limit) =>
			[...epochs.values()]
				.filter(({ key }) => key > after)
				.sort((a, b) => a.key - b.key)
				.slice(0, limit),
		isEpochUsed: (key) =>
			[...docs.values()].some(({ state }) => epochs.get(keyOf(state.sourceId, state.epoch))?.key === key),
		removeEpoch(key) {
			for (const [name, one] of epochs) if (one.key === key) epochs.delete(name);
		},
		findDoc: (tenant, docId) => docs.get(keys.get(keyOf(tenant, docId)) ?? -1),
		docByKey: (key) => docs.get(key),
		insertDoc(row) {
			const key = nextId++;
			docs.set(key, { ...row, key });
			keys.set(keyOf(row.tenant, row.docId), key);
			return key;
		},
		updateDoc: (row) => void docs.set(row.key, row),
		removeDoc(key) {
			const row = docs.get(key);
			if (row !== undefined) keys.delete(keyOf(row.tenant, row.docId));
			docs.delete(key);
			chunks.delete(key);
		},
		mendDoc: () => {},
		isUnreadable: () => false,
		progress() {
			const found = new Map<string, ReturnType<Tables['progress']>[number]>();
			for (const row of docs.values()) {
				const pending = isPending(leased(row));
				const { failed, published, wanted } = row.state;
				if (published === null && !pending && !failed) continue;
				const { tenant } = row;
				const before = found.get(tenant) ?? { tenant, documents: 0, pending: 0, pendingBytes: 0, failed: 0 };
				found.set(tenant, {
					tenant,
					documents: before.documents + 1,
					pending: before.pending + (pending ? 1 : 0),
					pendingBytes: before.pendingBytes + (pending && row.body !== null ? wanted.size : 0),
					failed: before.failed + (failed && !pending ? 1 : 0),
				});
			}
			return [...found.values()];
		},
		queues() {
			const found = new Map<string, ReturnType<Tables['queues']>[number]>();
			for (const row of ordered(waiting())) {
				const isLarge = isLargeWork(row.state);
				const key = { tenant: row.tenant, class: queueClass(leased(row)), isLarge };
				const name = `${Number(isLarge)}${queueKeyName(key)}`;
				const queue = found.get(name) ?? { ...key, pending: 0, due: dueAt(leased(row)) };
				found.set(name, { ...queue, pending: queue.pending + 1 });
			}
			return [...found.values()];
		},
		waiting: ({ tenant, class: at, isLarge }, limit) =>
			ordered(
				waiting()
					.filter((row) => row.tenant === tenant && queueClass(leased(row)) === at)
					.filter((row) => isLargeWork(row.state) === isLarge),
			)
				.slice(0, limit)
				.map((row) => ({ doc: row.key, due: dueAt(leased(row)), readyAt: row.state.readyAt })),
		moveSourcesOf: (successor) => [...docs.values()].filter(({ state }) => state.movedTo?.doc === successor),
		docsOfSource: (sourceId, after, limit) =>
			[...docs.values()]
				.filter(({ key, state }) => key > after && state.sourceId === sourceId && state.wanted.op === 'put')
				.sort((a, b) => a.key - b.key)
				.slice(0, limit),
		listTenants: (after, limit) =>
			[...new Set([...docs.values()].map(({ tenant }) => tenant))]
				.filter((tenant) => tenant > after)
				.sort()
				.slice(0, limit),
		listDocs: ({ tenant, prefix = '', after = '', standing, limit }) =>
			[...docs.values()]
				.filter((row) => row.tenant === tenant && row.docId.startsWith(prefix) && row.docId > after)
				.filter((row) => standing === null || standingOf(row) === standing)
				.sort((a, b) => (a.docId < b.docId ? -1 : 1))
				.slice(0, limit),
		retryingJobs: (tenant, below, limit) =>
			[...docs.values()]
				.filter((row) => standingOf(row) === 'retrying' && (tenant === null || row.tenant === tenant))
				.map((row) => row.state.wanted.jobId)
				.filter((jobId) => below === null || jobId < below)
				.sort((a, b) => (a < b ? 1 : -1))
				.slice(0, limit),
		insertBody(body) {
			const id = nextId++;
			if (typeof body === 'string') bodies.set(id, { kind: 'bytes', bytes: new TextEncoder().encode(body) });
			else if ('blob' in body) bodies.set(id, { kind: 'blob', blob: body.blob });
			else bodies.set(id, { kind: 'bytes', bytes: Uint8Array.from(body) });
			return id;
		},
		body: (id) => bodies.get(id),
		removeBody(id) {
			const body = bodies.get(id);
			bodies.delete(id);
			return body?.kind === 'blob' ? body.blob : null;
		},
		compactBodies: () => {},
		hasBlob: (blob) => [...bodies.values()].some((body) => body.kind === 'blob' && body.blob === blob),
		blobs: () => new Set([...bodies.values()].flatMap((body) => (body.kind === 'blob' ? body.blob : []))),
		insertJob: (job) => void jobs.set(job.jobId, job),
		updateJob: (job) => void jobs.set(job.jobId, job),
		job: (jobId) => jobs.get(jobId),
		listJobs: ({ tenant, state, below, limit }) =>
			[...jobs.values()]
				.filter((job) => (below === null || job.jobId < below) && (state === null || job.state === state))
				.filter((job) => tenant === null || job.tenant === tenant)
				.sort((a, b) => (a.jobId < b.jobId ? 1 : -1))
				.slice(0, limit),
		removeJob: (jobId) => void jobs.delete(jobId),
		insertRefusal: (row) => void refusals.set(row.jobId, row),
		refusal: (jobId) => refusals.get(jobId),
		refusalOf: (tenant, docId) =>
			[...refusals.values()].find((row) => row.tenant === tenant && row.docId === docId),
		oldestRefusal: (tenant) =>
			[...refusals.values()]
				.filter((row) => tenant === null || row.tenant === tenant)
				.reduce<RefusalRow | undefined>(
					(oldest, row) => (oldest === undefined || row.jobId < oldest.jobId ? row : oldest),
					undefined,
				),
		removeRefusal: (jobId) => void refusals.delete(jobId),
		standingRefusals(of) {
			const found = [...refusals.values()].filter(({ jobId, tenant, docId }) => {
				const row = [...docs.values()].find((one) => one.tenant === tenant && one.docId === docId);
				return (of === null || of === tenant) && (row === undefined || row.lastJob < jobId);
			});
			const newest =
				found
					.map(({ jobId }) => jobId)
					.sort()
					.at(-1) ?? null;
			return { count: found.length, newest };
		},
		refusalCounts() {
			const counts = new Map<string, number>();
			for (const { tenant } of refusals.values()) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
			return counts;
		},
		entries(doc) {
			const all = chunksOf(doc);
			const idsAt = (at: Certainty) => all.filter((chunk) => chunk.at === at).map((chunk) => chunk.pointId);
			return {
				manifest: all
					.filter((chunk) => chunk.at === 'published')
					.sort(inOrder)
					.map(({ pointId, hash, order }) => ({ pointId, hash, order })),
				fresh: idsAt('fresh'),
				uncertain: idsAt('uncertain'),
			};
		},
		hasMoreEntries: (doc, limit) => chunksOf(doc).length > limit,
		entriesPage: (doc, after, limit) =>
			chunksOf(doc)
				.filter(({ pointId }) => after === null || pointId > after)
				.sort((a, b) => (a.pointId < b.pointId ? -1 : 1))
				.slice(0, limit)
				.map(({ pointId, hash, order, at }) => ({ pointId, hash, order, isCertain: at === 'published' })),
		forget: (doc, ids) => ids.filter((id) => chunks.get(doc)?.delete(id) === true).length,
		reorder(doc, entries) {
			const map = chunks.get(doc);
			for (const { pointId, order } of entries) {
				const chunk = map?.get(pointId);
				if (chunk !== undefined) map?.set(pointId, { ...chunk, order });
			}
		},
		countEntries: (doc) => chunksOf(doc).length,
		countUncertain: (doc) => chunksOf(doc).filter(({ at }) => at !== 'published').length,
		tidyEntries(doc, after, limit) {
			const page = chunksOf(doc)
				.filter(({ pointId }) => after === null || pointId > after)
				.sort((a, b) => (a.pointId < b.pointId ? -1 : 1))
				.slice(0, limit ?? Infinity);
			for (const chunk of page) chunks.get(doc)?.set(chunk.pointId, { ...chunk, at: 'published' });
			return limit === null || page.length < limit ? null : (page.at(-1)?.pointId ?? null);
		},
		manifest: (doc, isTidy) =>
			chunksOf(doc)
				.filter((chunk) => isTidy || chunk.at !== 'fresh')
				.sort(inOrder)
				.map(({ pointId, hash, order }) => ({ pointId, hash, order })),
		chunks(doc, isTidy, { after, limit, isBackwards = false }) {
			const sorted = chunksOf(doc)
				.filter((chunk) => isTidy || chunk.at !== 'fresh')
				.sort((a, b) => inOrder(a, b) || (a.pointId < b.pointId ? -1 : 1));
			const isBehind = ({ order, pointId }: ManifestChunk) =>
				after === null || order > after.order || (order === after.order && pointId > after.pointId);
			const isBefore = (chunk: ManifestChunk) => !isBehind(chunk) && chunk.pointId !== after?.pointId;
			const found = isBackwards ? sorted.filter(isBefore).reverse() : sorted.filter(isBehind);
			return found.slice(0, limit).map(({ at: _at, ...chunk }) => chunk);
		},
		chunksOf: (doc, isTidy, pointIds) => {
			const wanted = new Set(pointIds);
			return chunksOf(doc)
				.filter((chunk) => (isTidy || chunk.at !== 'fresh') && wanted.has(chunk.pointId))
				.map(({ at: _at, ...chunk }) => chunk);
		},
		oldestDeadLetter: () =>
			[...docs.values()]
				.filter((row) => row.state.failed && row.body !== null)
				.sort((a, b) => a.state.wanted.acceptedAt - b.state.wanted.acceptedAt || a.key - b.key)[0],
		points() {
			const found = new Map<string, ReturnType<Tables['points']>[number]>();
			for (const { key, tenant, state } of docs.values()) {
				const { published, mayHaveOrphans } = state;
				if (published === null && !mayHaveOrphans) continue;
				const own = found.get(tenant) ?? { tenant, least: 0, most: 0, latest: 0, latestAt: 0 };
				const chunks = published?.chunks ?? 0;
				const isLatest = published !== null && published.at >= own.latestAt;
				found.set(tenant, {
					tenant,
					least: own.least + (mayHaveOrphans ? 0 : chunks),
					most: own.most + (mayHaveOrphans ? chunksOf(key).length : chunks),
					latest: isLatest ? key : own.latest,
					latestAt: isLatest ? published.at : own.latestAt,
				});
			}
			return [...found.values()];
		},
		marker: (name) => markers.get(name) ?? null,
		setMarker: (name, value) => void (value === null ? markers.delete(name) : markers.set(name, value)),
		addOrphans(doc, added) {
			const map = chunks.get(doc) ?? new Map<string, ManifestChunk & { readonly at: Certainty }>();
			const before = map.size;
			for (const chunk of added)
				if (!map.has(chunk.pointId)) map.set(chunk.pointId, { ...chunk, at: 'fresh' });
			chunks.set(doc, map);
			return map.size - before;
		},
		setManifest(doc, entries) {
			const before = chunks.get(doc);
			const next = new Map<string, ManifestChunk & { readonly at: Certainty }>();
			for (const { pointId, order } of entries) {
				const chunk = before?.get(pointId);
				if (chunk === undefined) throw new Error('a manifest entry without its chunk');
				next.set(pointId, { ...chunk, order, at: 'published' });
			}
			chunks.set(doc, next);
			return before?.size ?? 0;
		},
		markUncertain(doc, ids) {
			const map = chunks.get(doc);
			for (const id of ids) {
				const chunk = map?.get(id);
				if (chunk?.at === 'published') map?.set(id, { ...chunk, at: 'uncertain' });
			}
		},
		keepPresent(doc, present) {
			const map = chunks.get(doc);
			const before = map?.size ?? 0;
			for (const chunk of chunksOf(doc)) {
				if (chunk.at === 'uncertain' && present.has(chunk.pointId))
					map?.set(chunk.pointId, { ...chunk, at: 'published' });
				else if (chunk.at !== 'published') map?.delete(chunk.pointId);
			}
			return { before, after: map?.size ?? 0 };
		},
		ledgers: () => [...ledgers.values()],
		listLedgers: (after, limit) =>
			[...ledgers.values()]
				.filter(({ tenant }) => tenant > after)
				.sort((a, b) => (a.tenant < b.tenant ? -1 : 1))
				.slice(0, limit),
		saveLedger: (row) => void ledgers.set(row.tenant, row),
		counts() {
			const rows = [...docs.values()];
			const pending = waiting();
			const counts: Counts = {
				documents: rows.filter((row) => row.state.published !== null).length,
				pending: pending.length,
				pendingBytes: pending.reduce((sum, row) => sum + (row.body === null ? 0 : row.state.wanted.size), 0),
				failed: rows.filter((row) => row.state.failed).length,
				failedBytes: rows
					.filter((row) => row.state.failed && row.body !== null)
					.reduce((sum, row) => sum + row.state.wanted.size, 0),
				chunks: [...chunks.keys()].reduce(
					(sum, doc) => sum + chunksOf(doc).filter((c) => c.at !== 'fresh').length,
					0,
				),
				jobs: {},
			};
			for (const { state } of jobs.values()) counts.jobs[state] = (counts.jobs[state] ?? 0) + 1;
			return counts;
		},
		highestTime: () => Math.max(0, ...[...jobs.values()].map((job) => job.updatedAt)),
		leaveDocsFuture(now) {
			for (const row of docs.values()) {
				const { firstAt, readyAt, movedTo, wanted, published } = row.state;
				const state = {
					...row.state,
					firstAt: Math.min(firstAt, now),
					readyAt: movedTo === null ? Math.min(readyAt, now) : readyAt,
					wanted: { ...wanted, acceptedAt: Math.min(wanted.acceptedAt, now) },
					published: published === null ? null : { ...published, at: Math.min(published.at, now) },
				};
				docs.set(row.key, { ...row, state });
			}
		},
		leaveJobsFuture(now) {
			for (const job of jobs.values()) {
				const [acceptedAt, updatedAt] = [Math.min(job.acceptedAt, now), Math.min(job.updatedAt, now)];
				jobs.set(job.jobId, { ...job, acceptedAt, updatedAt });
			}
		},
		oldTombstones: (before, limit) =>
			[...docs.values()]
				.filter(
					({ state }) =>
						!isPending(state) &&
						state.published === null &&
						!state.failed &&
						!state.mayHaveOrphans &&
						state.wanted.acceptedAt < before,
				)
				.sort((a, b) => a.state.wanted.acceptedAt - b.state.wanted.acceptedAt || a.key - b.key)
				.slice(0, limit)
				.map((row) => row.key),
		endedJobs: (after, before, limit) =>
			[...jobs.values()]
				.filter(({ state, updatedAt }) => state !== 'accepted' && updatedAt < before)
				.filter((job) => after === null || byEnd(job, after) > 0)
				.sort(byEnd)
				.slice(0, limit),
		isNewestJob: (doc, jobId) => docs.get(doc)?.lastJob === jobId,
	};
}

const byEnd = (a: EndedAt, b: EndedAt) =>
	a.updatedAt - b.updatedAt || (a.jobId < b.jobId ? -1 : a.jobId > b.jobId ? 1 : 0);
