import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
	dueAt,
	isLargeWork,
	maxRank,
	type PriorityRank,
	queueClass,
	type WorkClass,
} from '../../domain/index.ts';
import type { Counts, DocRow, DocsTable, DurableState, TenantPoints, Waiting } from '../doc-store/index.ts';
import * as column from './columns.ts';
import type { Epochs } from './epochs.ts';
import { uuidToBytes } from './uuid.ts';

/** The rows of documents in SQLite, the queue among them included. */

type StoredState = Omit<DurableState, 'sourceId' | 'epoch' | 'epochOrder'>;
type StoredDoc = Omit<DocRow, 'key' | 'state'> & { readonly epochKey: number; readonly state: StoredState };

/** The columns of `docs`, as they are read and written; those that follow from these stand behind them. */
const docFields = column.object<StoredDoc>({
	tenant: column.text('tenant'),
	docId: column.text('doc_id'),
	epochKey: column.integer('epoch_rank'),
	body: column.integerOrNull('body'),
	lastJob: column.uuid('last_job'),
	flightJob: column.uuidOrNull('flight_job'),
	error: column.failure,
	state: column.object<StoredState>({
		rank: column.integer('rank'),
		seq: column.integer('seq'),
		earlier: column.list<StoredState['earlier'][number]>('earlier'),
		generation: column.integer('generation'),
		finished: column.integer('settled'),
		failed: column.flag('failed'),
		firstAt: column.integer('first_at'),
		readyAt: column.integer('ready_at'),
		attempts: column.integer('attempts'),
		mayHaveOrphans: column.flag('strays'),
		wanted: column.object<StoredState['wanted']>({
			op: column.op('w_op'),
			sha256: column.text('w_sha256'),
			meta: column.text('w_meta'),
			fingerprint: column.text('w_fingerprint'),
			jobId: column.uuid('w_job'),
			size: column.integer('w_size'),
			priority: column.integer<PriorityRank>('w_priority'),
			acceptedAt: column.integer('w_at'),
		}),
		published: column.orNull(
			column.object<NonNullable<StoredState['published']>>({
				op: column.constant('put'),
				sha256: column.text('p_sha256'),
				meta: column.text('p_meta'),
				fingerprint: column.text('p_fingerprint'),
				version: column.integer('p_version'),
				jobId: column.uuid('p_job'),
				at: column.integer('p_at'),
				chunks: column.integer('p_chunks'),
				size: column.integer('p_size'),
				title: column.textOrNull('p_title'),
			}),
		),
		movedTo: column.orNull(
			column.object({ doc: column.integer('moved_to'), generation: column.integer('moved_generation') }),
		),
	}),
});
interface KeyedDoc {
	readonly key: number;
	readonly doc: StoredDoc;
}
const keyedFields = column.object<KeyedDoc>({ key: column.integer('doc'), doc: docFields });
const names = [...docFields.names, 'due', 'class', 'large'];
/** The first two, `tenant` and `doc_id`, name the document and never change. */
const changing = 2;

function docValues(row: StoredDoc): SQLInputValue[] {
	const { state } = row;
	const values = column.valuesOf(docFields, row);
	values.push(dueAt(state), queueClass(state), Number(isLargeWork(state)));
	return values;
}

const waitingFields = column.object<Waiting>({
	doc: column.integer('doc'),
	due: column.integer('due'),
	readyAt: column.integer('ready_at'),
});
const waitingFrom =
	'FROM docs WHERE generation > settled AND tenant = ? AND class = ? AND large = ? ORDER BY due, ready_at, doc LIMIT ?';
const queueFields = column.object<ReturnType<DocsTable['queues']>[number]>({
	tenant: column.text('tenant'),
	class: column.integer<WorkClass>('class'),
	isLarge: column.flag('large'),
	pending: column.integer('count(*)'),
	due: column.integer('min(due)'),
});
const queuesFrom = 'FROM docs WHERE generation > settled GROUP BY tenant, class, large';
/** Both from the index docs_queue alone; test/adapters/sqlite/queue.test.ts verifies SQLite's plans. */
export const waitingSql = column.selectSql(waitingFields, waitingFrom);
export const queuesSql = column.selectSql(queueFields, queuesFrom);

/** From the later of both on, as long as the prefix is there: no text has a byte 255. */
const named =
	"doc_id >= max(?2, ?3) AND doc_id <> ?2 AND doc_id < ?3 || CAST(x'ff' AS TEXT) ORDER BY doc_id LIMIT ?4";
/** Each from an index, without sorting; test/adapters/sqlite/lists.test.ts verifies SQLite's plans. */
export const docListSql = {
	ofTenant: `FROM docs WHERE tenant = ?1 AND ${named}`,
	// Left to itself SQLite takes the index of names, which is unique, and looks through all of the tenant's documents.
	ofTenantAt: `FROM docs INDEXED BY docs_by_standing WHERE tenant = ?1 AND standing = ?5 AND ${named}`,
	progress: "FROM docs INDEXED BY docs_by_standing WHERE standing <> 'deleted' GROUP BY tenant",
	ofEpoch: 'FROM docs WHERE w_op = 0 AND epoch_rank = ? AND doc > ? ORDER BY doc LIMIT ?',
	tombstones: "FROM docs WHERE standing = 'deleted' AND strays = 0 AND w_at < ? ORDER BY w_at, doc LIMIT ?",
	oldestDead: 'FROM docs WHERE failed = 1 AND body IS NOT NULL ORDER BY w_at, doc LIMIT 1',
	retrying: "FROM docs WHERE standing = 'retrying' AND w_job < ? ORDER BY w_job DESC LIMIT ?",
	retryingOfTenant:
		"FROM docs WHERE standing = 'retrying' AND tenant = ? AND w_job < ? ORDER BY w_job DESC LIMIT ?",
};

const aboveAll = new Uint8Array(16).fill(255);

const largest = Number.MAX_SAFE_INTEGER;
/** Numbers of a row that count as they are, however large. */
const counted = [
	...['generation', 'settled', 'first_at', 'ready_at', 'due', 'attempts', 'w_size', 'w_at'],
	...['p_at', 'p_chunks', 'p_size', 'moved_to', 'moved_generation'],
];

const progressFields = column.object<ReturnType<DocsTable['progress']>[number]>({
	tenant: column.text('tenant'),
	documents: column.integer('count(*)'),
	pending: column.integer("sum(standing IN ('accepted', 'retrying'))"),
	pendingBytes: column.integer(
		'(SELECT coalesce(sum(w_size), 0) FROM docs AS own WHERE own.generation > own.settled AND own.body IS NOT NULL AND own.tenant = docs.tenant)',
	),
	failed: column.integer("sum(standing = 'failed')"),
});
/** Beside a single max() SQLite takes other columns from the row that has it. */
const pointFields = column.object<TenantPoints>({
	tenant: column.text('tenant'),
	least: column.integer('sum(iif(strays = 0, coalesce(p_chunks, 0), 0))'),
	most: column.integer(
		'sum(iif(strays = 0, coalesce(p_chunks, 0), (SELECT count(*) FROM chunks WHERE chunks.doc = docs.doc)))',
	),
	latest: column.integer('iif(p_at IS NULL, 0, doc)'),
	latestAt: column.integer('coalesce(max(p_at), 0)'),
});
const countFields = column.object<Omit<Counts, 'jobs'>>({
	documents: column.integer('count(*) FILTER (WHERE p_sha256 IS NOT NULL)'),
	pending: column.integer('count(*) FILTER (WHERE generation > settled)'),
	pendingBytes: column.integer(
		'coalesce(sum(w_size) FILTER (WHERE generation > settled AND body IS NOT NULL), 0)',
	),
	failed: column.integer('count(*) FILTER (WHERE failed = 1)'),
	failedBytes: column.integer('coalesce(sum(w_size) FILTER (WHERE failed = 1 AND body IS NOT NULL), 0)'),
	chunks: column.integer('coalesce(sum(p_chunks) FILTER (WHERE p_sha256 IS NOT NULL), 0)'),
});

export function createDocsTable(
	db: DatabaseSync,
	epochs: Epochs,
): DocsTable & { countDocs(): Omit<Counts, 'jobs'> } {
	const docs = (where: string) => column.query(db, keyedFields, `FROM docs WHERE ${where}`);
	const sql = {
		find: docs('tenant = ? AND doc_id = ?'),
		byKey: docs('doc = ?'),
		insert: db.prepare(column.insertSql('docs', ['doc', ...names])),
		update: db.prepare(column.updateSql('docs', names.slice(changing), 'doc = ?')),
		remove: db.prepare('DELETE FROM docs WHERE doc = ?'),
		lastKey: column.query(
			db,
			column.integer('max(coalesce((SELECT max(doc) FROM docs), 0), CAST(value AS INTEGER))'),
			"FROM notes WHERE name = 'docs.highest_key'",
		),
		// What remains of a document that is gone.
		noteKey: db.prepare(
			"UPDATE notes SET value = max(CAST(value AS INTEGER), ?) WHERE name = 'docs.highest_key'",
		),
		// Numbers that are no whole ones any more come back; see the migrations for what follows for its points.
		mend: db.prepare(`
			UPDATE docs SET
				${counted.map((name) => `${name} = max(min(${name}, ${largest}), -${largest})`).join(', ')},
				rank = iif(rank > ${maxRank}, 1 << 20, rank), seq = min(seq, ${2 ** 32 - 1}), earlier = NULL,
				p_version = iif(p_version > ${largest}, 1 << 52, p_version),
				p_fingerprint = iif(p_sha256 IS NULL, NULL, '')
			WHERE doc = ?
		`),
		mendJobs: ['jobs', 'waiting_jobs'].map((table) =>
			db.prepare(`
				UPDATE ${table} SET version = min(version, ${largest}), detail = iif(json_valid(detail), detail, NULL)
				WHERE job IN (SELECT w_job FROM docs WHERE doc = ?1 UNION ALL SELECT last_job FROM docs WHERE doc = ?1
					UNION ALL SELECT flight_job FROM docs WHERE doc = ?1)
			`),
		),
		removeChunks: db.prepare('DELETE FROM chunks WHERE doc = ?'),
		waiting: column.query(db, waitingFields, waitingFrom),
		moveSources: docs('moved_to = ? ORDER BY doc'),
		ranks: column.query(db, column.integer('rank'), 'FROM epochs WHERE source_id = ?'),
		ofEpoch: column.query(db, column.integer('doc'), docListSql.ofEpoch),
		// One look into the index for each tenant, however many documents it has.
		nextTenant: column.query(db, column.textOrNull('min(tenant)'), 'FROM docs WHERE tenant > ?'),
		oldestDead: column.query(db, keyedFields, docListSql.oldestDead),
		list: column.query(db, keyedFields, docListSql.ofTenant),
		listAt: column.query(db, keyedFields, docListSql.ofTenantAt),
		retrying: column.query(db, column.uuid('w_job'), docListSql.retrying),
		retryingOf: column.query(db, column.uuid('w_job'), docListSql.retryingOfTenant),
		tombstones: column.query(db, column.integer('doc'), docListSql.tombstones),
		leaveFuture: db.prepare(`
			UPDATE docs SET
				first_at = min(first_at, ?1), w_at = min(w_at, ?1), p_at = min(p_at, ?1),
				ready_at = iif(moved_to IS NULL, min(ready_at, ?1), ready_at),
				due = iif(moved_to IS NULL, min(ready_at, ?1) + due - ready_at, due)
			WHERE max(first_at, w_at, ready_at, coalesce(p_at, 0)) > ?1
		`),
	};
	const rowOf = ({ key, doc: { epochKey, ...doc } }: KeyedDoc): DocRow => ({
		...doc,
		key,
		state: { ...epochs.of(epochKey), ...doc.state },
	});
	/** Above every key there ever was, those of an undone transaction included. */
	let lastKey = sql.lastKey.get() ?? 0;
	const valuesOf = (row: Omit<DocRow, 'key'>) => docValues({ ...row, epochKey: epochs.keyOf(row.state) });
	const orNone = (found: KeyedDoc | undefined) => (found === undefined ? undefined : rowOf(found));

	return {
		countDocs: () => column.query(db, countFields, 'FROM docs').get() as Omit<Counts, 'jobs'>,
		findDoc: (tenant, docId) => orNone(sql.find.get(tenant, docId)),
		docByKey: (key) => orNone(sql.byKey.get(key)),
		insertDoc(row) {
			lastKey += 1;
			sql.insert.run(lastKey, ...valuesOf(row));
			return lastKey;
		},
		updateDoc: (row) => void sql.update.run(...valuesOf(row).slice(changing), row.key),
		removeDoc(key) {
			sql.removeChunks.run(key);
			sql.remove.run(key);
			sql.noteKey.run(key);
		},
		mendDoc(key) {
			sql.mend.run(key);
			for (const mend of sql.mendJobs) mend.run(key);
		},
		progress: () => column.query(db, progressFields, docListSql.progress).all(),
		queues: () => column.query(db, queueFields, queuesFrom).all(),
		waiting: ({ tenant, class: at, isLarge }, limit) => sql.waiting.all(tenant, at, Number(isLarge), limit),
		moveSourcesOf: (successor) => sql.moveSources.all(successor).map(rowOf),
		docsOfSource(sourceId, after, limit) {
			const keys = sql.ranks.all(sourceId).flatMap((rank) => sql.ofEpoch.all(rank, after, limit));
			const first = keys.sort((a, b) => a - b).slice(0, limit);
			return first.flatMap((key) => orNone(sql.byKey.get(key)) ?? []);
		},
		listTenants(after, limit) {
			const found: string[] = [];
			for (let last = after; found.length < limit;) {
				const tenant = sql.nextTenant.get(last) ?? null;
				if (tenant === null) break;
				found.push((last = tenant));
			}
			return found;
		},
		listDocs: ({ tenant, prefix = '', after = '', standing, limit }) =>
			(standing === null
				? sql.list.all(tenant, after, prefix, limit)
				: sql.listAt.all(tenant, after, prefix, limit, standing)
			).map(rowOf),
		retryingJobs(tenant, below, limit) {
			const from = below === null ? aboveAll : uuidToBytes(below);
			return tenant === null ? sql.retrying.all(from, limit) : sql.retryingOf.all(tenant, from, limit);
		},
		oldestDeadLetter: () => orNone(sql.oldestDead.get()),
		points: () =>
			column
				.query(db, pointFields, 'FROM docs WHERE p_sha256 IS NOT NULL OR strays = 1 GROUP BY tenant')
				.all(),
		leaveDocsFuture: (now) => void sql.leaveFuture.run(now),
		oldTombstones: (before, limit) => sql.tombstones.all(before, limit),
	};
}
