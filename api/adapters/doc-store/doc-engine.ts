import {
	type AcceptResult,
	deadLetter,
	cancel,
	type Change,
	commit,
	decideAccept,
	type DocState,
	type Failure,
	holds,
	recordIntent,
	isClaimable,
	isPending,
	lease as takeLease,
	type LeaseState,
	ownedError,
	type PriorityRank,
	queueClass,
	type Refusal,
	release,
	retry,
	shortFailure,
	type StoredEntry,
	type Taken,
	versionOf,
} from '../../domain/index.ts';
import type { QueueLimits, RetryResult, SweepRequest } from '../../ports/doc-store.ts';
import type {
	Claimed,
	ClaimRequest,
	Commit,
	DocKey,
	Intent,
	Lease,
	OrphanPoints,
} from '../../ports/work-claims.ts';
import type { Progress, StoreStats } from '../../ports/doc-views.ts';
import type { CreditLedger, GrantRequest, GrantResult } from '../../ports/credits.ts';
import type { Priority } from '../../contract/job-schema.ts';
import { openAdmission, type Admission } from './admission.ts';
import { createCredits } from './credit-ledger.ts';
import { createMoveSources } from './move-sources.ts';
import { createRefusals } from './refusal-receipts.ts';
import { createRepairHolds } from './repair-holds.ts';
import { createProgress } from './progress-counts.ts';
import { createQueues } from './queues.ts';
import { createViews } from './views.ts';
import type { Body, DocRow, DurableState, JobRow, Tables } from './tables.ts';

/**
 * The document store over any synchronous tables: loads rows, moves them with domain/coalesce.ts, writes
 * them back with their receipts. Called by the SQLite thread and by the memory adapter, one call at a time.
 *
 * Leases are kept here, in memory: they are void after a restart anyway, and so a claim writes nothing.
 */
export interface BlobFiles {
	/** Absolute path of a blob. */
	path(blob: string): string;
	remove(blob: string): void;
}

/** Lines that travel with a claim; of a document with more of them they are read in pages. */
const linesInClaim = 20_000;
const noLines: ReturnType<Tables['entries']> = { manifest: [], fresh: [], uncertain: [] };

const priorities: Readonly<Record<Priority, PriorityRank>> = { high: 0, normal: 1, low: 2 };
const priorityNames: readonly Priority[] = ['high', 'normal', 'low'];

interface Letter {
	readonly lease: Lease;
	readonly error: Failure;
	readonly present: readonly string[];
}

/** What ends so has cost its tenant nothing. */
const isForNothing = (state: JobRow['state']) =>
	state === 'superseded' || state === 'canceled' || state === 'failed';

export type DocEngine = ReturnType<typeof createDocEngine>;

export function createDocEngine(deps: {
	readonly tables: Tables;
	readonly blobs: BlobFiles;
	/** A tenant's share of the work relative to the others'. */
	readonly weightOf?: (tenant: string) => number;
}) {
	const { tables, blobs } = deps;
	const leases = new Map<DocKey, LeaseState>();
	/** Blobs of leased generations whose row has moved on; they go with the lease. */
	const pinnedBlobs = new Map<DocKey, string>();
	let doomedBlobs: string[] = [];
	/** What takes memory back to where the tables are, when a transaction is undone. */
	let undo: (() => void)[] = [];
	/** How far the sweep over receipts has come; null: it begins anew. */
	let sweptTo: string | null = null;
	let nextToken = 1;
	/** Kept in step with the tables, so that bounds and statistics cost nothing. */
	let counts = tables.counts();
	const mending = createRepairHolds({
		tables,
		isLeased: (doc) => leases.has(doc),
		onLetGo({ tenant, state }) {
			// Its queue has passed it over, and looks at it again.
			queues.weigh(tenant, state, -1);
			queues.weigh(tenant, state, 1);
		},
	});
	const queues = createQueues({
		tables,
		weightOf: deps.weightOf ?? (() => 1),
		leasedUntil: (doc) => (mending.isHeldKey(doc) ? Infinity : (leases.get(doc)?.until ?? null)),
	});
	queues.reload();
	const progress = createProgress(tables);
	progress.reload();

	const full = (row: DocRow): DocState => ({ ...row.state, lease: leases.get(row.key) ?? null });

	function weigh(tenant: string, state: DurableState, sign: 1 | -1): void {
		queues.weigh(tenant, state, sign);
		progress.weigh(tenant, state, sign);
		if (state.generation > state.settled) {
			counts.pending += sign;
			counts.pendingBytes += sign * state.wanted.size;
		}
		if (state.failed) counts.failed += sign;
		if (state.published !== null) {
			counts.documents += sign;
			counts.chunks += sign * state.published.chunks;
		}
	}
	const weighJob = (state: JobRow['state'], by: number) =>
		(counts.jobs[state] = (counts.jobs[state] ?? 0) + by);
	function insertJob(job: JobRow): void {
		tables.insertJob(job);
		weighJob(job.state, 1);
	}

	const credits = createCredits({ tables, onUndo: (step) => void undo.push(step) });
	const refusals = createRefusals({
		tables,
		insertJob,
		updateJob: tables.updateJob,
		removeJob(jobId) {
			tables.removeJob(jobId);
			weighJob('failed', -1);
		},
	});
	const views = createViews({ tables, full, refusals });

	function setIn<V>(map: Map<DocKey, V>, key: DocKey, value: V | null): void {
		const before = map.get(key);
		if (value === before || (value === null && before === undefined)) return;
		undo.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)));
		if (value === null) map.delete(key);
		else map.set(key, value);
	}
	const setLease = (key: DocKey, lease: LeaseState | null) => setIn(leases, key, lease);

	function save(row: DocRow, next: DocState, more: Partial<Omit<DocRow, 'key' | 'state'>>): DocRow {
		const { lease, ...durable } = next;
		setLease(row.key, lease);
		weigh(row.tenant, durable, 1);
		weigh(row.tenant, row.state, -1);
		const saved = { ...row, ...more, state: durable };
		tables.updateDoc(saved);
		return saved;
	}

	const leaving = createMoveSources({ tables, full, save, settleJob, endLost });

	function dropBody(doc: DocKey, id: number | null, isLeased: boolean): void {
		if (id === null) return;
		const blob = tables.removeBody(id);
		if (blob === null) return;
		if (isLeased) setIn(pinnedBlobs, doc, blob);
		else doomedBlobs.push(blob);
	}

	function endLease(doc: DocKey): void {
		const blob = pinnedBlobs.get(doc);
		if (blob === undefined) return;
		setIn(pinnedBlobs, doc, null);
		doomedBlobs.push(blob);
	}

	function settleJob(
		jobId: string | null,
		now: number,
		patch: Partial<JobRow> & Pick<JobRow, 'state'>,
	): void {
		if (jobId === null) return;
		const job = tables.job(jobId);
		if (job === undefined) return;
		const isRefunded = job.charged > 0 && isForNothing(patch.state);
		if (isRefunded) credits.refund(tables.docByKey(job.doc)?.tenant ?? '', job.charged);
		tables.updateJob({ ...job, ...(isRefunded && { charged: 0 }), ...patch, updatedAt: now });
		weighJob(job.state, -1);
		weighJob(patch.state, 1);
	}

	/**
	 * The receipt of a lease of a life before. It is superseded by what nobody will claim any more, and so must end
	 * here; a lease that lives ends its receipt itself.
	 */
	function endLost(row: DocRow, by: string, now: number): { readonly flightJob?: null } {
		if (row.flightJob === null || leases.has(row.key)) return {};
		settleJob(row.flightJob, now, { state: 'superseded', supersededBy: by });
		return { flightJob: null };
	}

	/** A change and what it does to its document; nothing is written yet. */
	function meet(change: Change, now: number) {
		const row = tables.findDoc(change.tenant, change.docId);
		const before = row === undefined ? null : full(row);
		const size = change.content?.size ?? 0;
		const decision = decideAccept(
			before,
			{
				op: change.op,
				sha256: change.content?.sha256 ?? '',
				meta: change.meta,
				fingerprint: change.op === 'delete' ? '' : change.fingerprint,
				jobId: change.jobId,
				sourceId: change.sourceId,
				epoch: change.epoch,
				epochRank: tables.epochRank(change.sourceId, change.epoch),
				seq: change.seq,
				takeOver: change.takeOver,
				size,
				priority: priorities[change.priority],
				windowMs: change.windowMs,
				maxWaitMs: change.maxWaitMs,
			},
			now,
		);
		const isGrowing = decision.kind === 'accepted' && (before === null || !isPending(before));
		return { change, row, before, decision, growth: isGrowing ? size : null };
	}
	type Meeting = ReturnType<typeof meet>;

	function isFull(meetings: readonly Meeting[], limits: QueueLimits): boolean {
		const growing = meetings.flatMap(({ growth }) => growth ?? []);
		if (growing.length === 0) return false;
		const bytes = growing.reduce((sum, size) => sum + size, counts.pendingBytes);
		return counts.pending + growing.length > limits.maxPending || bytes > limits.maxPendingBytes;
	}

	function acceptOne(change: Change, now: number, limits: QueueLimits, admission: Admission): AcceptResult {
		const { previous, ...own } = change;
		const { tenant } = own;
		const closed = admission.closed(tenant);
		if (closed !== null) return closed;
		const put = meet(own, now);
		if (put.decision.kind === 'owned') return refuse(own, put.decision.owner, {}, now);
		if (previous === undefined) {
			if (isFull([put], limits)) return { kind: 'full' };
			if (put.decision.kind === 'accepted' && !admission.take(tenant)) return { kind: 'limited' };
			const { taken, row } = take(put, now, admission.costOf(own));
			if (hasSettled(put)) leaving.letGo(row.key, row.state.generation, now);
			return taken;
		}
		const left = meet({ ...own, ...previous, op: 'delete', content: null, meta: '' }, now);
		if (left.decision.kind === 'owned') return refuse(own, left.decision.owner, { of: 'previous' }, now);
		if (isFull([put, left], limits)) return { kind: 'full' };
		// A move is one document, however many receipts it has.
		if (put.decision.kind === 'accepted' && !admission.take(tenant)) return { kind: 'limited' };
		const { taken, row } = take(put, now, admission.costOf(own));
		const old = take(left, now, 0);
		if (left.decision.kind !== 'stale') leaving.leave(old.row, row, now, hasSettled(left));
		// Last, because it may let the old name itself go.
		if (hasSettled(put)) leaving.letGo(row.key, row.state.generation, now);
		return { ...taken, previous: old.taken };
	}

	function refuse(
		change: Change,
		owner: string,
		what: { readonly of?: 'previous' },
		now: number,
	): AcceptResult {
		const refused = shortFailure(ownedError(owner, what.of));
		return { kind: 'owned', owner, ...what, jobId: refusals.record({ ...change, refused }, now) };
	}

	/** Whether the change ended what its document was waiting for: it is what the index holds. */
	const hasSettled = ({ before, decision }: Meeting): boolean =>
		decision.kind === 'unchanged' && before !== null && decision.state.generation > before.generation;

	/** Writes a change down that is not rejected, with its receipt; `cost` is what it was charged should it be accepted. */
	function take(
		{ change, row, before, decision }: Meeting,
		now: number,
		cost: number,
	): { taken: Taken; row: DocRow } {
		const { jobId } = change;
		const receipt: Omit<JobRow, 'doc' | 'version' | 'state'> = {
			jobId,
			op: change.op,
			acceptedAt: now,
			updatedAt: now,
			attempts: 0,
			supersededBy: null,
			previous: row?.lastJob ?? null,
			error: null,
			detail: null,
			charged: 0,
		};
		if (decision.kind === 'owned') throw new Error('a rejected change cannot be taken');
		if (decision.kind === 'stale') {
			if (row === undefined) throw new Error('stale without a document');
			const { version } = decision;
			insertJob({ ...receipt, doc: row.key, state: 'stale', version });
			const saved = { ...row, lastJob: jobId };
			tables.updateDoc(saved);
			return { taken: { kind: 'stale', jobId, version }, row: saved };
		}
		const version = versionOf(decision.state);
		const isAccepted = decision.kind === 'accepted';
		const body = isAccepted && change.content !== null ? tables.insertBody(change.content.body) : null;
		let saved: DocRow;
		if (row === undefined) {
			const { lease: _none, ...state } = decision.state;
			const { tenant, docId } = change;
			weigh(tenant, state, 1);
			const fresh = { tenant, docId, state, body, lastJob: jobId, flightJob: null, error: null };
			saved = { ...fresh, key: tables.insertDoc(fresh) };
		} else if (isAccepted) {
			const leasedRow = before?.lease ?? null;
			const isFirstBehindLease = leasedRow !== null && leasedRow.generation === before?.generation;
			dropBody(row.key, row.body, isFirstBehindLease);
			const flightJob = isFirstBehindLease ? leasedRow.jobId : row.flightJob;
			saved = save(row, decision.state, { body, lastJob: jobId, flightJob, error: null });
		} else {
			const settles = !isPending(decision.state) && row.body !== null && decision.state.lease === null;
			if (settles) dropBody(row.key, row.body, false);
			const lost = isPending(decision.state) ? {} : endLost(row, jobId, now);
			saved = save(row, decision.state, {
				lastJob: jobId,
				...(settles && { body: null, error: null }),
				...lost,
			});
		}
		settleJob(decision.superseded, now, { state: 'superseded', supersededBy: jobId });
		if (isAccepted) {
			insertJob({ ...receipt, doc: saved.key, state: 'accepted', version, charged: cost });
			return { taken: { kind: 'accepted', jobId, version, superseded: decision.superseded }, row: saved };
		}
		const { follows } = decision;
		insertJob({ ...receipt, doc: saved.key, state: 'unchanged', version, supersededBy: follows });
		return { taken: { kind: 'unchanged', jobId, version, follows }, row: saved };
	}

	/**
	 * What the disk has lost is a file that is not there, as a lost blob is: who reads it buries that document, with
	 * its strays. A claim that threw instead would keep every other document from being claimed.
	 */
	const fileOf = (body: Exclude<Body, { kind: 'bytes' }>): string =>
		blobs.path(body.kind === 'blob' ? body.blob : 'lost');

	function claimOne(key: DocKey, request: ClaimRequest, maxBytes: number): Claimed | null {
		const row = tables.docByKey(key);
		if (row === undefined || mending.isHeld(row) || !isClaimable(full(row), request.now)) return null;
		if (row.state.wanted.size > maxBytes) return null;
		const { state, abandoned } = takeLease(full(row), nextToken, request.now + request.leaseMs);
		nextToken += 1;
		// After a restart the lost lease is known by its receipt only.
		const lost = abandoned ?? row.flightJob;
		if (lost !== null) {
			settleJob(lost, request.now, { state: 'superseded', supersededBy: state.wanted.jobId });
			endLease(key);
			save(row, state, { flightJob: null });
		} else if (state.lease !== null) {
			setLease(key, state.lease);
		}
		if (state.lease === null) throw new Error('a lease that was just taken is gone');
		const { wanted, published } = state;
		const body = row.body === null ? undefined : tables.body(row.body);
		const isPaged = hasManyLines(row);
		const { manifest, fresh, uncertain } = isPaged ? noLines : linesOf(row);
		return {
			lease: { doc: key, token: state.lease.token, generation: state.lease.generation },
			tenant: row.tenant,
			docId: row.docId,
			jobId: wanted.jobId,
			op: wanted.op,
			version: state.lease.version,
			priority: priorityNames[wanted.priority] ?? 'normal',
			class: queueClass(state),
			meta: wanted.meta,
			fingerprint: wanted.fingerprint,
			content:
				wanted.op === 'delete' || body === undefined
					? null
					: {
							sha256: wanted.sha256,
							size: wanted.size,
							body: body.kind === 'bytes' ? body.bytes : { file: fileOf(body) },
						},
			attempts: state.attempts,
			acceptedAt: wanted.acceptedAt,
			published,
			manifest,
			orphans: [...fresh, ...uncertain],
			moveSources: wanted.op === 'put' ? leaving.of(key) : [],
			isPaged,
			isInterrupted: row.state.mayHaveOrphans,
		};
	}

	function claimDeletion(key: DocKey, request: ClaimRequest): Claimed | null {
		const isDeletion = tables.docByKey(key)?.state.wanted.op === 'delete';
		return isDeletion ? claimOne(key, request, Infinity) : null;
	}

	/**
	 * Where no attempt is under way, every chunk of a document is of its manifest, whatever mark it still has from the
	 * attempt that published it: a commit of `intended` is one step, however many lines it has.
	 */
	function linesOf(row: DocRow): ReturnType<Tables['entries']> {
		const lines = tables.entries(row.key);
		if (row.state.mayHaveOrphans || lines.fresh.length + lines.uncertain.length === 0) return lines;
		tables.tidyEntries(row.key, null, null);
		return tables.entries(row.key);
	}

	const hasManyLines = ({ key, state }: DocRow): boolean =>
		(state.published?.chunks ?? 0) > linesInClaim ||
		(state.mayHaveOrphans && tables.hasMoreEntries(key, linesInClaim));

	/** The row, when the lease still holds. */
	function leasedRow(lease: Lease): DocRow | null {
		const row = tables.docByKey(lease.doc);
		return row !== undefined && holds(full(row), lease.token) ? row : null;
	}

	function commitOne({ lease, manifest, title, detail }: Commit, now: number): boolean {
		const row = leasedRow(lease);
		if (row === null) return false;
		const before = full(row);
		const jobId = before.lease?.jobId ?? null;
		const op = before.lease?.content.op;
		if (manifest !== 'intended') tables.setManifest(lease.doc, manifest);
		const lines = manifest === 'intended' ? tables.countEntries(lease.doc) : manifest.length;
		const next = commit(before, lines, now, title ?? null);
		const isDone = !isPending(next) && !next.failed;
		if (isDone) dropBody(lease.doc, row.body, false);
		endLease(lease.doc);
		save(row, next, { flightJob: null, ...(isDone && { body: null, error: null }) });
		settleJob(jobId, now, {
			state: op === 'delete' ? 'deleted' : 'published',
			detail,
			attempts: before.lease?.generation === before.generation ? before.attempts : 0,
		});
		leaving.letGo(lease.doc, lease.generation, now);
		progress.done(row.tenant, now, false);
		return true;
	}

	function releaseOne(
		item: { lease: Lease; retryAt: number; counted: boolean; error: Failure | null },
		now: number,
	): boolean {
		const row = leasedRow(item.lease);
		if (row === null) return false;
		const { state, superseded } = release(full(row), item.retryAt, item.counted);
		endLease(item.lease.doc);
		save(row, state, { flightJob: null, ...(superseded === null && { error: item.error }) });
		settleJob(superseded, now, { state: 'superseded', supersededBy: state.wanted.jobId });
		return true;
	}

	function deadLetterOne({ lease, error, present }: Letter, now: number): boolean {
		const row = leasedRow(lease);
		if (row === null) return false;
		const before = full(row);
		const buried = deadLetter(before);
		const chunks = tables.keepPresent(lease.doc, new Set(present));
		const { published } = buried;
		const next = published === null ? buried : { ...buried, published: { ...published, chunks } };
		endLease(lease.doc);
		save(row, next, { flightJob: null, ...(next.failed && { error }) });
		settleJob(before.lease?.jobId ?? null, now, {
			state: 'failed',
			error,
			attempts: before.attempts + 1,
		});
		if (next.failed) leaving.giveUp(lease.doc, now);
		progress.done(row.tenant, now, true);
		return true;
	}

	return {
		...mending.calls,
		...views,
		accept(changes: readonly (Change | Refusal)[], now: number, limits: QueueLimits): AcceptResult[] {
			const admission = openAdmission(changes, limits.allowance, credits);
			const results = changes.map((change): AcceptResult =>
				'refused' in change
					? { kind: 'refused', jobId: refusals.record(change, now) }
					: acceptOne(change, now, limits, admission),
			);
			admission.settle(results);
			return results;
		},

		dropBlob(blob: string): void {
			const isHeld = [...pinnedBlobs.values()].includes(blob);
			if (!isHeld && !tables.hasBlob(blob)) doomedBlobs.push(blob);
		},

		claim: (request: ClaimRequest): Claimed[] =>
			request.onlyDeletionsOf === undefined
				? queues.take(request, (doc, maxBytes) => claimOne(doc, request, maxBytes))
				: request.onlyDeletionsOf.flatMap((doc) => claimDeletion(doc, request) ?? []),

		nextDueAt: (): number | null => queues.nextReadyAt(),

		renew: (wanted: readonly Lease[], until: number): boolean[] =>
			wanted.map(({ doc, token }) => {
				const lease = leases.get(doc);
				if (lease === undefined || lease.token !== token) return false;
				setLease(doc, { ...lease, until });
				return true;
			}),

		recordIntent: (intents: readonly Intent[]): boolean[] =>
			intents.map(({ lease, added, uncertain }) => {
				const row = leasedRow(lease);
				if (row === null) return false;
				// From here on the marks count: what the last commit has left of them must not be taken for strays.
				if (!row.state.mayHaveOrphans) tables.tidyEntries(lease.doc, null, null);
				tables.addOrphans(lease.doc, added);
				tables.markUncertain(lease.doc, uncertain);
				if (!row.state.mayHaveOrphans) save(row, recordIntent(full(row)), {});
				return true;
			}),

		entries(lease: Lease, after: string | null, limit: number): StoredEntry[] {
			const row = leasedRow(lease);
			if (row === null) return [];
			const page = tables.entriesPage(lease.doc, after, limit);
			return row.state.mayHaveOrphans ? page : page.map((line) => ({ ...line, isCertain: true }));
		},

		forget(lease: Lease, ids: readonly string[]): boolean {
			if (leasedRow(lease) === null) return false;
			tables.forget(lease.doc, ids);
			return true;
		},

		reorder(lease: Lease, lines: readonly Pick<StoredEntry, 'pointId' | 'order'>[]): boolean {
			if (leasedRow(lease) === null) return false;
			tables.reorder(lease.doc, lines);
			return true;
		},

		tidyEntries(doc: DocKey, after: string | null, limit: number): string | null {
			const row = tables.docByKey(doc);
			return row === undefined || row.state.mayHaveOrphans ? null : tables.tidyEntries(doc, after, limit);
		},

		orphans(lease: Lease): OrphanPoints {
			if (leasedRow(lease)?.state.mayHaveOrphans !== true) return { fresh: [], uncertain: [] };
			const { fresh, uncertain } = tables.entries(lease.doc);
			return { fresh, uncertain };
		},

		commit: (commits: readonly Commit[], now: number): boolean[] => commits.map((one) => commitOne(one, now)),
		release: (items: readonly Parameters<typeof releaseOne>[0][], now: number): boolean[] =>
			items.map((item) => releaseOne(item, now)),
		deadLetter: (letters: readonly Letter[], now: number): boolean[] =>
			letters.map((letter) => deadLetterOne(letter, now)),

		cancel(jobId: string, now: number): boolean {
			const job = tables.job(jobId);
			const row = job === undefined ? undefined : tables.docByKey(job.doc);
			const next = row === undefined ? null : cancel(full(row), jobId);
			if (row === undefined || next === null || !leaving.withdraw(row.key, now)) return false;
			dropBody(row.key, row.body, false);
			save(row, next, { body: null, error: null, ...endLost(row, jobId, now) });
			settleJob(jobId, now, { state: 'canceled' });
			return true;
		},

		retry(jobId: string, now: number): RetryResult {
			const job = tables.job(jobId);
			const row = job === undefined ? undefined : tables.docByKey(job.doc);
			const next = row === undefined ? null : retry(full(row), jobId, now);
			if (row === undefined || next === null) return 'not_failed';
			// What it was charged was given back when it failed.
			const charged = next.wanted.op === 'put' ? credits.costOfPut(row.tenant) : 0;
			if (charged > 0 && !credits.charge(row.tenant, charged)) return 'unpaid';
			save(row, next, {});
			settleJob(jobId, now, { state: 'accepted', error: null, charged });
			return 'waiting';
		},

		credits: (tenant: string): CreditLedger => credits.view(tenant),
		grantCredits: (request: GrantRequest): GrantResult => credits.grant(request),
		creditLedgers: (request: { readonly after: string; readonly limit: number }): CreditLedger[] =>
			credits.list(request),

		progress: (tenant: string | null, now: number): Progress => progress.view(tenant, now),

		stats(): StoreStats {
			const first = queues.first();
			return {
				...counts,
				jobs: { ...counts.jobs },
				leased: leases.size,
				credits: credits.stats(),
				oldestPendingAt: first === null ? null : (tables.docByKey(first)?.state.wanted.acceptedAt ?? null),
			};
		},

		sweep(request: SweepRequest): { jobs: number; tombstones: number } {
			const { removed: jobs, last } = tables.removeOldJobs(
				request.now - request.jobMs,
				sweptTo,
				request.limit,
			);
			sweptTo = last;
			if (jobs > 0) {
				counts = tables.counts();
				refusals.recount();
			}
			let tombstones = 0;
			for (const key of tables.oldTombstones(request.now - request.tombstoneMs, request.limit)) {
				if (leases.has(key) || mending.isHeldKey(key)) continue;
				tables.removeDoc(key);
				tombstones += 1;
			}
			tables.compactBodies(request.limit);
			return { jobs, tombstones };
		},

		highestTime: (): number => tables.highestTime(),

		/** Runs calls in one durable transaction; when it is undone, memory goes back with it. */
		transaction<T>(run: () => T): T {
			let result: T;
			try {
				result = tables.transaction(run);
			} catch (error) {
				for (const step of undo.reverse()) step();
				undo = [];
				doomedBlobs = [];
				counts = tables.counts();
				refusals.recount();
				queues.reload();
				progress.reload();
				throw error;
			}
			undo = [];
			const doomed = doomedBlobs;
			doomedBlobs = [];
			for (const blob of doomed) blobs.remove(blob);
			return result;
		},
	};
}
