import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { dueAt, type PriorityRank, queueClass, type WorkClass } from '../../domain/index.ts';
import type { Counts, DocRow, DocsTable, DurableState, TallyRow, Waiting } from '../doc-store/index.ts';
import * as column from './columns.ts';
import type { Epochs } from './epochs.ts';
import { uuidToBytes } from './uuid.ts';

/** The rows of documents in SQLite, the queue among them included. */

type StoredState = Omit<DurableState, 'sourceId' | 'epoch'>;
type StoredDoc = Omit<DocRow, 'key' | 'state'> & { readonly state: StoredState };

/** The columns of `docs`, as they are read and written; `due` and `class`, which follow from these, stand behind them. */
const docFields = column.object<StoredDoc>({
	tenant: column.text('tenant'),
	docId: column.text('doc_id'),
	body: column.integerOrNull('body'),
	lastJob: column.uuid('last_job'),
	flightJob: column.uuidOrNull('flight_job'),
	error: column.failure,
	state: column.object<StoredState>({
		epochRank: column.integer('epoch_rank'),
		rank: column.integer('rank'),
		seq: column.integer('seq'),
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
const keyedFields = column.object({ key: column.integer('doc'), doc: docFields });
const names = [...docFields.names, 'due', 'class'];
/** The first two, `tenant` and `doc_id`, name the document and never change. */
const changing = 2;

function docValues(row: StoredDoc): SQLInputValue[] {
	const state = { ...(row.state as DurableState), lease: null };
	return [...column.valuesOf(docFields, row), dueAt(state), queueClass(state)];
}

const waitingFields = column.object<Waiting>({
	doc: column.integer('doc'),
	due: column.integer('due'),
	readyAt: column.integer('ready_at'),
});
const waitingFrom =
	'FROM docs WHERE generation > settled AND tenant = ? AND class = ? ORDER BY due, ready_at, doc LIMIT ?';
const queueFields = column.object<ReturnType<DocsTable['queues']>[number]>({
	tenant: column.text('tenant'),
	class: column.integer<WorkClass>('class'),
	pending: column.integer('count(*)'),
	due: column.integer('min(due)'),
});
const queuesFrom = 'FROM docs WHERE generation > settled GROUP BY tenant, class';
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
	ofEpoch: 'FROM docs WHERE w_op = 0 AND epoch_rank = ? AND doc > ? ORDER BY doc LIMIT ?',
	tombstones: "FROM docs WHERE standing = 'deleted' AND strays = 0 AND w_at < ? ORDER BY w_at, doc LIMIT ?",
	retrying: "FROM docs WHERE standing = 'retrying' AND w_job < ? ORDER BY w_job DESC LIMIT ?",
	retryingOfTenant:
		"FROM docs WHERE standing = 'retrying' AND tenant = ? AND w_job < ? ORDER BY w_job DESC LIMIT ?",
};

const aboveAll = new Uint8Array(16).fill(255);

const progressFields = column.object<ReturnType<DocsTable['progress']>[number]>({
	tenant: column.text('tenant'),
	documents: column.integer('count(*)'),
	pending: column.integer('sum(generation > settled)'),
	failed: column.integer('sum(failed = 1 AND generation = settled)'),
});
const tallyFields = column.object<TallyRow>({
	key: column.integer('doc'),
	tenant: column.text('tenant'),
	docId: column.text('doc_id'),
	chunks: column.integer('coalesce(p_chunks, 0)'),
	most: column.integer(
		'iif(strays = 0, coalesce(p_chunks, 0), (SELECT count(*) FROM chunks WHERE chunks.doc = docs.doc))',
	),
	isUnderWay: column.flag('strays'),
	publishedAt: column.integerOrNull('p_at'),
});
const countFields = column.object<Omit<Counts, 'jobs'>>({
	documents: column.integer('count(*) FILTER (WHERE p_sha256 IS NOT NULL)'),
	pending: column.integer('count(*) FILTER (WHERE generation > settled)'),
	pendingBytes: column.integer('coalesce(sum(w_size) FILTER (WHERE generation > settled), 0)'),
	failed: column.integer('count(*) FILTER (WHERE failed = 1)'),
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
		insert: db.prepare(column.insertSql('docs', names)),
		update: db.prepare(column.updateSql('docs', names.slice(changing), 'doc = ?')),
		remove: db.prepare('DELETE FROM docs WHERE doc = ?'),
		removeChunks: db.prepare('DELETE FROM chunks WHERE doc = ?'),
		waiting: column.query(db, waitingFields, waitingFrom),
		moveSources: docs('moved_to = ? ORDER BY doc'),
		ranks: column.query(db, column.integer('rank'), 'FROM epochs WHERE source_id = ?'),
		ofEpoch: column.query(db, column.integer('doc'), docListSql.ofEpoch),
		// One look into the index for each tenant, however many documents it has.
		nextTenant: column.query(db, column.textOrNull('min(tenant)'), 'FROM docs WHERE tenant > ?'),
		list: column.query(db, keyedFields, docListSql.ofTenant),
		listAt: column.query(db, keyedFields, docListSql.ofTenantAt),
		retrying: column.query(db, column.uuid('w_job'), docListSql.retrying),
		retryingOf: column.query(db, column.uuid('w_job'), docListSql.retryingOfTenant),
		tally: column.query(db, tallyFields, 'FROM docs WHERE doc > ? ORDER BY doc LIMIT ?'),
		tombstones: column.query(db, column.integer('doc'), docListSql.tombstones),
	};
	const rowOf = ({ key, doc }: { readonly key: number; readonly doc: StoredDoc }): DocRow => ({
		...doc,
		key,
		state: { ...epochs.of(doc.state.epochRank), ...doc.state },
	});
	const orNone = (found: Parameters<typeof rowOf>[0] | undefined) =>
		found === undefined ? undefined : rowOf(found);

	return {
		countDocs: () => column.query(db, countFields, 'FROM docs').get() as Omit<Counts, 'jobs'>,
		findDoc: (tenant, docId) => orNone(sql.find.get(tenant, docId)),
		docByKey: (key) => orNone(sql.byKey.get(key)),
		insertDoc: (row) => Number(sql.insert.run(...docValues(row)).lastInsertRowid),
		updateDoc: (row) => void sql.update.run(...docValues(row).slice(changing), row.key),
		removeDoc(key) {
			sql.removeChunks.run(key);
			sql.remove.run(key);
		},
		progress: () =>
			column
				.query(
					db,
					progressFields,
					'FROM docs WHERE w_op = 0 OR generation > settled OR failed = 1 GROUP BY tenant',
				)
				.all(),
		queues: () => column.query(db, queueFields, queuesFrom).all(),
		waiting: (tenant, at, limit) => sql.waiting.all(tenant, at, limit),
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
		tallyDocs: (after, limit) => sql.tally.all(after, limit),
		oldTombstones: (before, limit) => sql.tombstones.all(before, limit),
	};
}
