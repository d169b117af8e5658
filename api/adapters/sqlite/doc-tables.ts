import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
	type DocState,
	dueAt,
	type ManifestChunk,
	type ManifestEntry,
	type PriorityRank,
	queueClass,
	type WorkClass,
} from '../../domain/index.ts';
import type { Counts, DocRow, DurableState, JobRow, RefusalRow, Tables } from '../doc-store/index.ts';
import type { Bodies } from './bodies.ts';
import { uuidFromBytes, uuidToBytes } from './uuid.ts';

/** The document store's tables in SQLite. Owned by the store's thread; `db` is open, migrated and locked. */
type Row = Record<string, SQLInputValue>;

const ops = ['put', 'delete'] as const;
const opCode = (op: 'put' | 'delete'): number => (op === 'put' ? 0 : 1);
const bytesOrNull = (uuid: string | null) => (uuid === null ? null : uuidToBytes(uuid));
const uuidOrNull = (bytes: SQLInputValue | undefined) =>
	bytes === null || bytes === undefined ? null : uuidFromBytes(bytes as Uint8Array);

const docColumns = [
	'tenant', 'doc_id', 'epoch_rank', 'rank', 'seq', 'generation', 'settled', 'failed', 'first_at', 'ready_at', 'due', 'class',
	'attempts', 'strays', 'body', 'last_job', 'flight_job', 'error_code', 'error_message', 'w_op', 'w_sha256', 'w_meta',
	'w_fingerprint', 'w_job', 'w_size', 'w_priority', 'w_at', 'p_sha256', 'p_meta', 'p_fingerprint', 'p_version',
	'p_job', 'p_at', 'p_chunks', 'p_size', 'p_title', 'moved_to', 'moved_generation',
] as const; // prettier-ignore

const jobColumns = [
	'job', 'doc', 'op', 'state', 'version', 'accepted_at', 'updated_at', 'attempts', 'superseded_by', 'previous',
	'error_code', 'error_message', 'detail', 'charged',
] as const; // prettier-ignore

function docValues(row: Omit<DocRow, 'key'>): SQLInputValue[] {
	const { state } = row;
	const { wanted: w, published: p } = state;
	return [
		row.tenant, row.docId, state.epochRank, state.rank, state.seq, state.generation, state.finished,
		state.failed ? 1 : 0, state.firstAt, state.readyAt, dueAt({ ...state, lease: null }), queueClass({ ...state, lease: null }), state.attempts,
		state.mayHaveOrphans ? 1 : 0, row.body, uuidToBytes(row.lastJob), bytesOrNull(row.flightJob),
		row.error?.code ?? null, row.error?.message ?? null, opCode(w.op), w.sha256, w.meta, w.fingerprint,
		uuidToBytes(w.jobId), w.size, w.priority, w.acceptedAt, p?.sha256 ?? null, p?.meta ?? null,
		p?.fingerprint ?? null, p?.version ?? null, p === null ? null : uuidToBytes(p.jobId), p?.at ?? null,
		p?.chunks ?? null, p?.size ?? null, p?.title ?? null, state.movedTo?.doc ?? null,
		state.movedTo?.generation ?? null,
	]; // prettier-ignore
}

function jobValues(job: JobRow): SQLInputValue[] {
	return [
		uuidToBytes(job.jobId), job.doc, opCode(job.op), job.state, job.version, job.acceptedAt, job.updatedAt,
		job.attempts, bytesOrNull(job.supersededBy), bytesOrNull(job.previous), job.error?.code ?? null,
		job.error?.message ?? null, job.detail === null ? null : JSON.stringify(job.detail), job.charged,
	]; // prettier-ignore
}

const failure = (row: Row) =>
	row['error_code'] === null
		? null
		: { code: row['error_code'] as string, message: row['error_message'] as string };

function readJob(row: Row): JobRow {
	return {
		jobId: uuidFromBytes(row['job'] as Uint8Array),
		doc: row['doc'] as number,
		op: ops[row['op'] as number] ?? 'put',
		state: row['state'] as JobRow['state'],
		version: row['version'] as number,
		acceptedAt: row['accepted_at'] as number,
		updatedAt: row['updated_at'] as number,
		attempts: row['attempts'] as number,
		supersededBy: uuidOrNull(row['superseded_by']),
		previous: uuidOrNull(row['previous']),
		error: failure(row),
		detail: row['detail'] === null ? null : (JSON.parse(row['detail'] as string) as JobRow['detail']),
		charged: row['charged'] as number,
	};
}

/** Both from the index docs_queue alone; test/adapters/sqlite/queue.test.ts holds SQLite's plans against that. */
export const waitingSql =
	'SELECT doc, due, ready_at FROM docs WHERE generation > settled AND tenant = ? AND class = ? ORDER BY due, ready_at, doc LIMIT ?';
export const queuesSql =
	'SELECT tenant, class, count(*) AS n, min(due) AS due FROM docs WHERE generation > settled GROUP BY tenant, class';

export function createSqliteTables(db: DatabaseSync, bodies: Bodies): Tables {
	const marks = (names: readonly string[]) => names.map(() => '?').join(', ');
	const sets = (names: readonly string[]) => names.map((name) => `${name} = ?`).join(', ');
	const sql = {
		begin: db.prepare('BEGIN IMMEDIATE'),
		commit: db.prepare('COMMIT'),
		rollback: db.prepare('ROLLBACK'),
		findDoc: db.prepare('SELECT * FROM docs WHERE tenant = ? AND doc_id = ?'),
		docByKey: db.prepare('SELECT * FROM docs WHERE doc = ?'),
		insertDoc: db.prepare(`INSERT INTO docs (${docColumns.join(', ')}) VALUES (${marks(docColumns)})`),
		updateDoc: db.prepare(`UPDATE docs SET ${sets(docColumns.slice(2))} WHERE doc = ?`),
		removeDoc: db.prepare('DELETE FROM docs WHERE doc = ?'),
		removeChunks: db.prepare('DELETE FROM chunks WHERE doc = ?'),
		waiting: db.prepare(waitingSql),
		leavingFor: db.prepare('SELECT * FROM docs WHERE moved_to = ? ORDER BY doc'),
		docsOfSource: db.prepare(
			'SELECT * FROM docs WHERE doc > ? AND w_op = 0 AND epoch_rank IN (SELECT rank FROM epochs WHERE source_id = ?) ORDER BY doc LIMIT ?',
		),
		// One look into the index for each tenant, however many documents it has.
		nextTenant: db.prepare('SELECT min(tenant) AS tenant FROM docs WHERE tenant > ?'),
		listDocs: db.prepare(
			'SELECT * FROM docs WHERE tenant = ? AND doc_id > ? AND doc_id >= ? AND substr(doc_id, 1, length(?)) = ? ORDER BY doc_id LIMIT ?',
		),
		insertJob: db.prepare(`INSERT INTO jobs (${jobColumns.join(', ')}) VALUES (${marks(jobColumns)})`),
		updateJob: db.prepare(`UPDATE jobs SET ${sets(jobColumns.slice(1))} WHERE job = ?`),
		job: db.prepare('SELECT * FROM jobs WHERE job = ?'),
		listJobs: db.prepare('SELECT * FROM jobs WHERE job < ? ORDER BY job DESC LIMIT ?'),
		listFailed: db.prepare("SELECT * FROM jobs WHERE state = 'failed' AND job < ? ORDER BY job DESC LIMIT ?"),
		listJobsIn: db.prepare('SELECT * FROM jobs WHERE job < ? AND state = ? ORDER BY job DESC LIMIT ?'),
		lines: db.prepare('SELECT point, hash, ord, stray FROM chunks WHERE doc = ? ORDER BY ord'),
		chunks: db.prepare('SELECT * FROM chunks WHERE doc = ? AND (stray <> 1 OR ?) ORDER BY ord'),
		moreLines: db.prepare('SELECT 1 FROM chunks WHERE doc = ? LIMIT 1 OFFSET ?'),
		linesPage: db.prepare(
			'SELECT point, ord, stray FROM chunks WHERE doc = ? AND point > ? ORDER BY point LIMIT ?',
		),
		pointAt: db.prepare(
			'SELECT point FROM chunks WHERE doc = ? AND point > ? ORDER BY point LIMIT 1 OFFSET ?',
		),
		reorder: db.prepare('UPDATE chunks SET ord = ? WHERE doc = ? AND point = ?'),
		settleRange: db.prepare(
			'UPDATE chunks SET stray = 0 WHERE doc = ? AND point > ? AND point <= ? AND stray <> 0',
		),
		settleAll: db.prepare('UPDATE chunks SET stray = 0 WHERE doc = ? AND stray <> 0'),
		addStray: db.prepare(
			'INSERT INTO chunks (doc, point, hash, ord, heading, page, text, stray) VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING',
		),
		place: db.prepare('UPDATE chunks SET stray = 0, ord = ? WHERE doc = ? AND point = ?'),
		removeChunk: db.prepare('DELETE FROM chunks WHERE doc = ? AND point = ?'),
		unsettle: db.prepare('UPDATE chunks SET stray = 2 WHERE doc = ? AND point = ? AND stray = 0'),
		settle: db.prepare('UPDATE chunks SET stray = 0 WHERE doc = ? AND point = ?'),
		countChunks: db.prepare('SELECT count(*) AS n FROM chunks WHERE doc = ?'),
		countUncertain: db.prepare('SELECT count(*) AS n FROM chunks WHERE doc = ? AND stray <> 0'),
		chunkOf: db.prepare('SELECT * FROM chunks WHERE doc = ? AND point = ? AND stray <> 1'),
		tally: db.prepare(
			`SELECT doc, tenant, doc_id, coalesce(p_chunks, 0) AS chunks, p_at, strays,
				iif(strays = 0, p_chunks, (SELECT count(*) FROM chunks WHERE chunks.doc = docs.doc)) AS most
			FROM docs WHERE doc > ? ORDER BY doc LIMIT ?`,
		),
		note: db.prepare('SELECT value FROM notes WHERE name = ?'),
		setNote: db.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)'),
		dropNote: db.prepare('DELETE FROM notes WHERE name = ?'),
		findEpoch: db.prepare('SELECT rank FROM epochs WHERE source_id = ? AND epoch = ?'),
		addEpoch: db.prepare('INSERT INTO epochs (source_id, epoch) VALUES (?, ?)'),
		epochs: db.prepare('SELECT rank, source_id, epoch FROM epochs'),
		tombstones: db.prepare(
			'SELECT doc FROM docs WHERE generation = settled AND p_sha256 IS NULL AND failed = 0 AND strays = 0 AND w_at < ? ORDER BY doc LIMIT ?',
		),
		jobPage: db.prepare('SELECT job, doc, state, updated_at FROM jobs WHERE job > ? ORDER BY job LIMIT ?'),
		isNewestJob: db.prepare('SELECT 1 FROM docs WHERE doc = ? AND last_job = ?'),
		ledgers: db.prepare('SELECT tenant, granted, spent, refunded FROM credits'),
		saveLedger: db.prepare(
			'INSERT INTO credits (tenant, granted, spent, refunded) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET granted = excluded.granted, spent = excluded.spent, refunded = excluded.refunded',
		),
		removeJob: db.prepare('DELETE FROM jobs WHERE job = ?'),
		insertRefusal: db.prepare('INSERT INTO refusals (job, tenant, doc_id) VALUES (?, ?, ?)'),
		refusal: db.prepare('SELECT * FROM refusals WHERE job = ?'),
		refusalOf: db.prepare('SELECT * FROM refusals WHERE tenant = ? AND doc_id = ?'),
		oldestRefusal: db.prepare('SELECT * FROM refusals ORDER BY job LIMIT 1'),
		oldestRefusalOf: db.prepare('SELECT * FROM refusals WHERE tenant = ? ORDER BY job LIMIT 1'),
		removeRefusal: db.prepare('DELETE FROM refusals WHERE job = ?'),
	};

	/** Ranks by epoch and epochs by rank: few, asked for at every change. */
	const ranks = new Map<string, number>();
	const epochs = new Map<number, { sourceId: string; epoch: string }>();
	const epochKey = (sourceId: string, epoch: string) => `${sourceId.length}:${sourceId}${epoch}`;
	const rememberEpoch = (rank: number, sourceId: string, epoch: string) => {
		ranks.set(epochKey(sourceId, epoch), rank);
		epochs.set(rank, { sourceId, epoch });
	};
	const readEpochs = () => {
		ranks.clear();
		epochs.clear();
		for (const row of sql.epochs.all() as Row[]) {
			rememberEpoch(row['rank'] as number, row['source_id'] as string, row['epoch'] as string);
		}
	};
	readEpochs();

	function readDoc(row: Row | undefined): DocRow | undefined {
		if (row === undefined) return undefined;
		const epoch = epochs.get(row['epoch_rank'] as number);
		if (epoch === undefined) throw new Error('a document of an unknown epoch');
		const published: DocState['published'] =
			row['p_sha256'] === null
				? null
				: {
						op: 'put',
						sha256: row['p_sha256'] as string,
						meta: row['p_meta'] as string,
						fingerprint: row['p_fingerprint'] as string,
						version: row['p_version'] as number,
						jobId: uuidFromBytes(row['p_job'] as Uint8Array),
						at: row['p_at'] as number,
						chunks: row['p_chunks'] as number,
						size: row['p_size'] as number,
						title: row['p_title'] as string | null,
					};
		const state: DurableState = {
			...epoch,
			epochRank: row['epoch_rank'] as number,
			rank: row['rank'] as number,
			seq: row['seq'] as number,
			generation: row['generation'] as number,
			finished: row['settled'] as number,
			wanted: {
				op: ops[row['w_op'] as number] ?? 'put',
				sha256: row['w_sha256'] as string,
				meta: row['w_meta'] as string,
				fingerprint: row['w_fingerprint'] as string,
				jobId: uuidFromBytes(row['w_job'] as Uint8Array),
				size: row['w_size'] as number,
				priority: row['w_priority'] as PriorityRank,
				acceptedAt: row['w_at'] as number,
			},
			failed: row['failed'] === 1,
			firstAt: row['first_at'] as number,
			readyAt: row['ready_at'] as number,
			attempts: row['attempts'] as number,
			published,
			mayHaveOrphans: row['strays'] === 1,
			movedTo:
				row['moved_to'] === null
					? null
					: { doc: row['moved_to'] as number, generation: row['moved_generation'] as number },
		};
		return {
			key: row['doc'] as number,
			tenant: row['tenant'] as string,
			docId: row['doc_id'] as string,
			state,
			body: row['body'] as number | null,
			lastJob: uuidFromBytes(row['last_job'] as Uint8Array),
			flightJob: uuidOrNull(row['flight_job']),
			error: failure(row),
		};
	}

	const readChunk = (row: Row): ManifestChunk => ({
		pointId: uuidFromBytes(row['point'] as Uint8Array),
		hash: Buffer.from(row['hash'] as Uint8Array).toString('hex'),
		order: row['ord'] as string,
		heading: row['heading'] as string | null,
		page: row['page'] as number | null,
		text: row['text'] as string,
	});

	const readRefusal = (row: Row | undefined): RefusalRow | undefined =>
		row === undefined
			? undefined
			: {
					jobId: uuidFromBytes(row['job'] as Uint8Array),
					tenant: row['tenant'] as string,
					docId: row['doc_id'] as string,
				};

	const firstJob = new Uint8Array(16).fill(255);
	const lastPoint = new Uint8Array(16).fill(255);
	/** Below every id for null. */
	const pointBytes = (id: string | null) => (id === null ? new Uint8Array(0) : uuidToBytes(id));

	return {
		transaction(run) {
			sql.begin.run();
			let result;
			try {
				result = run();
				bodies.flush();
				sql.commit.run();
			} catch (error) {
				// After a full disk SQLite has rolled back by itself.
				if (db.isTransaction) sql.rollback.run();
				bodies.undo();
				readEpochs();
				throw error;
			}
			bodies.settle();
			return result;
		},
		epochRank(sourceId, epoch) {
			const known = ranks.get(epochKey(sourceId, epoch));
			if (known !== undefined) return known;
			const rank = Number(sql.addEpoch.run(sourceId, epoch).lastInsertRowid);
			rememberEpoch(rank, sourceId, epoch);
			return rank;
		},
		findDoc: (tenant, docId) => readDoc(sql.findDoc.get(tenant, docId)),
		docByKey: (key) => readDoc(sql.docByKey.get(key)),
		insertDoc: (row) => Number(sql.insertDoc.run(...docValues(row)).lastInsertRowid),
		updateDoc: (row) => void sql.updateDoc.run(...docValues(row).slice(2), row.key),
		removeDoc(key) {
			sql.removeChunks.run(key);
			sql.removeDoc.run(key);
		},
		progress: () =>
			(
				db
					.prepare(
						`SELECT tenant, count(*) AS n, sum(generation > settled) AS pending, sum(failed = 1 AND generation = settled) AS failed FROM docs
						WHERE w_op = 0 OR generation > settled OR failed = 1 GROUP BY tenant`,
					)
					.all() as Row[]
			).map((row) => ({
				tenant: row['tenant'] as string,
				documents: row['n'] as number,
				pending: row['pending'] as number,
				failed: row['failed'] as number,
			})),
		queues: () =>
			(db.prepare(queuesSql).all() as Row[]).map((row) => ({
				tenant: row['tenant'] as string,
				class: row['class'] as WorkClass,
				pending: row['n'] as number,
				due: row['due'] as number,
			})),
		waiting: (tenant, at, limit) =>
			(sql.waiting.all(tenant, at, limit) as Row[]).map((row) => ({
				doc: row['doc'] as number,
				due: row['due'] as number,
				readyAt: row['ready_at'] as number,
			})),
		moveSourcesOf: (successor) =>
			(sql.leavingFor.all(successor) as Row[]).flatMap((row) => readDoc(row) ?? []),
		docsOfSource: (sourceId, after, limit) =>
			(sql.docsOfSource.all(after, sourceId, limit) as Row[]).flatMap((row) => readDoc(row) ?? []),
		listTenants(after, limit) {
			const found: string[] = [];
			for (let last = after; found.length < limit;) {
				const tenant = (sql.nextTenant.get(last) as Row | undefined)?.['tenant'];
				if (typeof tenant !== 'string') break;
				found.push((last = tenant));
			}
			return found;
		},
		listDocs: ({ tenant, prefix = '', after = '', limit }) =>
			(sql.listDocs.all(tenant, after, prefix, prefix, prefix, limit) as Row[]).flatMap(
				(row) => readDoc(row) ?? [],
			),
		insertBody: bodies.insertBody,
		body: bodies.body,
		removeBody: bodies.removeBody,
		compactBodies: bodies.compactBodies,
		blobs: bodies.blobs,
		hasBlob: bodies.hasBlob,
		insertJob: (job) => void sql.insertJob.run(...jobValues(job)),
		updateJob: (job) => void sql.updateJob.run(...jobValues(job).slice(1), uuidToBytes(job.jobId)),
		job(jobId) {
			const row = sql.job.get(uuidToBytes(jobId)) as Row | undefined;
			return row === undefined ? undefined : readJob(row);
		},
		listJobs(after, state, limit) {
			const from = after === null ? firstJob : uuidToBytes(after);
			const rows =
				state === null
					? sql.listJobs.all(from, limit)
					: state === 'failed'
						? sql.listFailed.all(from, limit)
						: sql.listJobsIn.all(from, state, limit);
			return (rows as Row[]).map(readJob);
		},
		removeJob: (jobId) => void sql.removeJob.run(uuidToBytes(jobId)),
		insertRefusal: ({ jobId, tenant, docId }) =>
			void sql.insertRefusal.run(uuidToBytes(jobId), tenant, docId),
		refusal: (jobId) => readRefusal(sql.refusal.get(uuidToBytes(jobId))),
		refusalOf: (tenant, docId) => readRefusal(sql.refusalOf.get(tenant, docId)),
		oldestRefusal: (tenant) =>
			readRefusal(tenant === null ? sql.oldestRefusal.get() : sql.oldestRefusalOf.get(tenant)),
		removeRefusal: (jobId) => void sql.removeRefusal.run(uuidToBytes(jobId)),
		refusalCounts: () => {
			const rows = db.prepare('SELECT tenant, count(*) AS n FROM refusals GROUP BY tenant').all() as Row[];
			return new Map(rows.map((row) => [row['tenant'] as string, row['n'] as number]));
		},
		entries(doc) {
			const lines = { manifest: [] as ManifestEntry[], fresh: [] as string[], uncertain: [] as string[] };
			for (const row of sql.lines.all(doc) as Row[]) {
				const pointId = uuidFromBytes(row['point'] as Uint8Array);
				if (row['stray'] === 1) lines.fresh.push(pointId);
				else if (row['stray'] === 2) lines.uncertain.push(pointId);
				else {
					const hash = Buffer.from(row['hash'] as Uint8Array).toString('hex');
					lines.manifest.push({ pointId, hash, order: row['ord'] as string });
				}
			}
			return lines;
		},
		chunks: (doc, isSettled) => (sql.chunks.all(doc, isSettled ? 1 : 0) as Row[]).map(readChunk),
		hasMoreEntries: (doc, limit) => sql.moreLines.get(doc, limit) !== undefined,
		entriesPage: (doc, after, limit) =>
			(sql.linesPage.all(doc, pointBytes(after), limit) as Row[]).map((row) => ({
				pointId: uuidFromBytes(row['point'] as Uint8Array),
				order: row['ord'] as string,
				isCertain: row['stray'] === 0,
			})),
		forget(doc, ids) {
			for (const id of ids) sql.removeChunk.run(doc, uuidToBytes(id));
		},
		reorder(doc, lines) {
			for (const { pointId, order } of lines) sql.reorder.run(order, doc, uuidToBytes(pointId));
		},
		countEntries: (doc) => (sql.countChunks.get(doc) as Row)['n'] as number,
		countUncertain: (doc) => (sql.countUncertain.get(doc) as Row)['n'] as number,
		tidyEntries(doc, after, limit) {
			if (limit === null) {
				sql.settleAll.run(doc);
				return null;
			}
			const last = sql.pointAt.get(doc, pointBytes(after), limit - 1)?.['point'] as Uint8Array | undefined;
			sql.settleRange.run(doc, pointBytes(after), last ?? lastPoint);
			return last === undefined ? null : uuidFromBytes(last);
		},
		chunksOf: (doc, pointIds) =>
			pointIds.flatMap((id) => {
				const row = sql.chunkOf.get(doc, uuidToBytes(id)) as Row | undefined;
				return row === undefined ? [] : [readChunk(row)];
			}),
		tallyDocs: (after, limit) =>
			(sql.tally.all(after, limit) as Row[]).map((row) => ({
				key: row['doc'] as number,
				tenant: row['tenant'] as string,
				docId: row['doc_id'] as string,
				chunks: row['chunks'] as number,
				most: (row['most'] as number | null) ?? 0,
				isUnderWay: row['strays'] === 1,
				publishedAt: row['p_at'] as number | null,
			})),
		marker: (name) => ((sql.note.get(name) as Row | undefined)?.['value'] as string | undefined) ?? null,
		setMarker: (name, value) => void (value === null ? sql.dropNote.run(name) : sql.setNote.run(name, value)),
		addOrphans(doc, added) {
			for (const { pointId, hash, order, heading, page, text } of added) {
				sql.addStray.run(doc, uuidToBytes(pointId), Buffer.from(hash, 'hex'), order, heading, page, text);
			}
		},
		setManifest(doc, lines) {
			const present = new Map<string, { order: string; isStray: boolean }>();
			for (const row of sql.lines.all(doc) as Row[]) {
				present.set(uuidFromBytes(row['point'] as Uint8Array), {
					order: row['ord'] as string,
					isStray: row['stray'] !== 0,
				});
			}
			for (const { pointId, order } of lines) {
				const found = present.get(pointId);
				if (found === undefined) throw new Error('a manifest line without its chunk');
				present.delete(pointId);
				if (found.isStray || found.order !== order) sql.place.run(order, doc, uuidToBytes(pointId));
			}
			for (const pointId of present.keys()) sql.removeChunk.run(doc, uuidToBytes(pointId));
		},
		markUncertain(doc, ids) {
			for (const id of ids) sql.unsettle.run(doc, uuidToBytes(id));
		},
		keepPresent(doc, present) {
			for (const row of sql.lines.all(doc) as Row[]) {
				const point = row['point'] as Uint8Array;
				if (row['stray'] === 2 && present.has(uuidFromBytes(point))) sql.settle.run(doc, point);
				else if (row['stray'] !== 0) sql.removeChunk.run(doc, point);
			}
			return (sql.countChunks.get(doc) as Row)['n'] as number;
		},
		ledgers: () =>
			(sql.ledgers.all() as Row[]).map((row) => ({
				tenant: row['tenant'] as string,
				granted: row['granted'] as number | null,
				spent: row['spent'] as number,
				refunded: row['refunded'] as number,
			})),
		saveLedger: ({ tenant, granted, spent, refunded }) =>
			void sql.saveLedger.run(tenant, granted, spent, refunded),
		counts() {
			const one = (text: string) => db.prepare(text).get() as Row;
			const waiting = one(
				'SELECT count(*) AS n, coalesce(sum(w_size), 0) AS bytes FROM docs WHERE generation > settled',
			);
			const jobs: Counts['jobs'] = {};
			for (const row of db.prepare('SELECT state, count(*) AS n FROM jobs GROUP BY state').all() as Row[]) {
				jobs[row['state'] as JobRow['state']] = row['n'] as number;
			}
			return {
				documents: one('SELECT count(*) AS n FROM docs WHERE p_sha256 IS NOT NULL')['n'] as number,
				pending: waiting['n'] as number,
				pendingBytes: waiting['bytes'] as number,
				failed: one('SELECT count(*) AS n FROM docs WHERE failed = 1')['n'] as number,
				chunks: one('SELECT coalesce(sum(p_chunks), 0) AS n FROM docs WHERE p_sha256 IS NOT NULL')[
					'n'
				] as number,
				jobs,
			};
		},
		highestTime: () =>
			((
				db
					.prepare(
						'SELECT max(updated_at) AS t FROM (SELECT updated_at FROM jobs ORDER BY job DESC LIMIT 1000)',
					)
					.get() as Row
			)['t'] as number) ?? 0,
		oldTombstones: (before, limit) =>
			(sql.tombstones.all(before, limit) as Row[]).map((row) => row['doc'] as number),
		removeOldJobs(before, after, limit) {
			const page = sql.jobPage.all(after === null ? new Uint8Array(16) : uuidToBytes(after), limit) as Row[];
			let removed = 0;
			for (const { job, doc, state, updated_at: updatedAt } of page) {
				if (state === 'accepted' || (updatedAt as number) >= before) continue;
				if (sql.isNewestJob.get(doc as number, job as Uint8Array) !== undefined) continue;
				sql.removeJob.run(job as Uint8Array);
				if (doc === 0) sql.removeRefusal.run(job as Uint8Array);
				removed += 1;
			}
			const last = page.length < limit ? undefined : page.at(-1)?.['job'];
			return { removed, last: uuidOrNull(last) };
		},
	};
}
