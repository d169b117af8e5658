import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { dueAt, type PriorityRank, queueClass, type WorkClass } from '../../domain/index.ts';
import type { Counts, DocRow, DocsTable, DurableState, TallyRow, Waiting } from '../doc-store/index.ts';
import {
	constant,
	failure,
	flag,
	insertSql,
	integer,
	integerOrNull,
	object,
	op,
	orNull,
	query,
	selectSql,
	text,
	textOrNull,
	updateSql,
	uuid,
	uuidOrNull,
	valuesOf,
} from './columns.ts';
import type { Epochs } from './epochs.ts';

/** The rows of documents in SQLite, the queue among them included. */

type StoredState = Omit<DurableState, 'sourceId' | 'epoch'>;
type StoredDoc = Omit<DocRow, 'key' | 'state'> & { readonly state: StoredState };

/** The columns of `docs`, as they are read and written; `due` and `class`, which follow from these, stand behind them. */
const docFields = object<StoredDoc>({
	tenant: text('tenant'),
	docId: text('doc_id'),
	body: integerOrNull('body'),
	lastJob: uuid('last_job'),
	flightJob: uuidOrNull('flight_job'),
	error: failure,
	state: object<StoredState>({
		epochRank: integer('epoch_rank'),
		rank: integer('rank'),
		seq: integer('seq'),
		generation: integer('generation'),
		settled: integer('settled'),
		failed: flag('failed'),
		firstAt: integer('first_at'),
		readyAt: integer('ready_at'),
		attempts: integer('attempts'),
		mayHaveOrphans: flag('strays'),
		wanted: object<StoredState['wanted']>({
			op: op('w_op'),
			sha256: text('w_sha256'),
			meta: text('w_meta'),
			fingerprint: text('w_fingerprint'),
			jobId: uuid('w_job'),
			size: integer('w_size'),
			priority: integer<PriorityRank>('w_priority'),
			acceptedAt: integer('w_at'),
		}),
		published: orNull(
			object<NonNullable<StoredState['published']>>({
				op: constant('put'),
				sha256: text('p_sha256'),
				meta: text('p_meta'),
				fingerprint: text('p_fingerprint'),
				version: integer('p_version'),
				jobId: uuid('p_job'),
				at: integer('p_at'),
				chunks: integer('p_chunks'),
				size: integer('p_size'),
				title: textOrNull('p_title'),
			}),
		),
		movedTo: orNull(object({ doc: integer('moved_to'), generation: integer('moved_generation') })),
	}),
});
const keyedFields = object({ key: integer('doc'), doc: docFields });
const names = [...docFields.names, 'due', 'class'];
/** The first two, `tenant` and `doc_id`, name the document and never change. */
const changing = 2;

function docValues(row: StoredDoc): SQLInputValue[] {
	const state = { ...(row.state as DurableState), lease: null };
	return [...valuesOf(docFields, row), dueAt(state), queueClass(state)];
}

const waitingFields = object<Waiting>({
	doc: integer('doc'),
	due: integer('due'),
	readyAt: integer('ready_at'),
});
const waitingFrom =
	'FROM docs WHERE generation > settled AND tenant = ? AND class = ? ORDER BY due, ready_at, doc LIMIT ?';
const queueFields = object<ReturnType<DocsTable['queues']>[number]>({
	tenant: text('tenant'),
	class: integer<WorkClass>('class'),
	pending: integer('count(*)'),
	due: integer('min(due)'),
});
const queuesFrom = 'FROM docs WHERE generation > settled GROUP BY tenant, class';
/** Both from the index docs_queue alone; test/adapters/sqlite/queue.test.ts verifies SQLite's plans. */
export const waitingSql = selectSql(waitingFields, waitingFrom);
export const queuesSql = selectSql(queueFields, queuesFrom);

const progressFields = object<ReturnType<DocsTable['progress']>[number]>({
	tenant: text('tenant'),
	documents: integer('count(*)'),
	pending: integer('sum(generation > settled)'),
	failed: integer('sum(failed = 1 AND generation = settled)'),
});
const tallyFields = object<TallyRow>({
	key: integer('doc'),
	tenant: text('tenant'),
	docId: text('doc_id'),
	chunks: integer('coalesce(p_chunks, 0)'),
	most: integer(
		'iif(strays = 0, coalesce(p_chunks, 0), (SELECT count(*) FROM chunks WHERE chunks.doc = docs.doc))',
	),
	isUnderWay: flag('strays'),
	publishedAt: integerOrNull('p_at'),
});
const countFields = object<Omit<Counts, 'jobs'>>({
	documents: integer('count(*) FILTER (WHERE p_sha256 IS NOT NULL)'),
	pending: integer('count(*) FILTER (WHERE generation > settled)'),
	pendingBytes: integer('coalesce(sum(w_size) FILTER (WHERE generation > settled), 0)'),
	failed: integer('count(*) FILTER (WHERE failed = 1)'),
	chunks: integer('coalesce(sum(p_chunks) FILTER (WHERE p_sha256 IS NOT NULL), 0)'),
});

export function createDocsTable(
	db: DatabaseSync,
	epochs: Epochs,
): DocsTable & { countDocs(): Omit<Counts, 'jobs'> } {
	const docs = (where: string) => query(db, keyedFields, `FROM docs WHERE ${where}`);
	const sql = {
		find: docs('tenant = ? AND doc_id = ?'),
		byKey: docs('doc = ?'),
		insert: db.prepare(insertSql('docs', names)),
		update: db.prepare(updateSql('docs', names.slice(changing), 'doc = ?')),
		remove: db.prepare('DELETE FROM docs WHERE doc = ?'),
		removeChunks: db.prepare('DELETE FROM chunks WHERE doc = ?'),
		waiting: query(db, waitingFields, waitingFrom),
		moveSources: docs('moved_to = ? ORDER BY doc'),
		ofSource: docs(
			'doc > ? AND w_op = 0 AND epoch_rank IN (SELECT rank FROM epochs WHERE source_id = ?) ORDER BY doc LIMIT ?',
		),
		// One look into the index for each tenant, however many documents it has.
		nextTenant: query(db, textOrNull('min(tenant)'), 'FROM docs WHERE tenant > ?'),
		list: docs(
			'tenant = ? AND doc_id > ? AND doc_id >= ? AND substr(doc_id, 1, length(?)) = ? ORDER BY doc_id LIMIT ?',
		),
		tally: query(db, tallyFields, 'FROM docs WHERE doc > ? ORDER BY doc LIMIT ?'),
		tombstones: query(
			db,
			integer('doc'),
			'FROM docs WHERE generation = settled AND p_sha256 IS NULL AND failed = 0 AND strays = 0 AND w_at < ? ORDER BY doc LIMIT ?',
		),
	};
	const rowOf = ({ key, doc }: { readonly key: number; readonly doc: StoredDoc }): DocRow => ({
		...doc,
		key,
		state: { ...epochs.of(doc.state.epochRank), ...doc.state },
	});
	const orNone = (found: Parameters<typeof rowOf>[0] | undefined) =>
		found === undefined ? undefined : rowOf(found);

	return {
		countDocs: () => query(db, countFields, 'FROM docs').get() as Omit<Counts, 'jobs'>,
		findDoc: (tenant, docId) => orNone(sql.find.get(tenant, docId)),
		docByKey: (key) => orNone(sql.byKey.get(key)),
		insertDoc: (row) => Number(sql.insert.run(...docValues(row)).lastInsertRowid),
		updateDoc: (row) => void sql.update.run(...docValues(row).slice(changing), row.key),
		removeDoc(key) {
			sql.removeChunks.run(key);
			sql.remove.run(key);
		},
		progress: () =>
			query(
				db,
				progressFields,
				'FROM docs WHERE w_op = 0 OR generation > settled OR failed = 1 GROUP BY tenant',
			).all(),
		queues: () => query(db, queueFields, queuesFrom).all(),
		waiting: (tenant, at, limit) => sql.waiting.all(tenant, at, limit),
		moveSourcesOf: (successor) => sql.moveSources.all(successor).map(rowOf),
		docsOfSource: (sourceId, after, limit) => sql.ofSource.all(after, sourceId, limit).map(rowOf),
		listTenants(after, limit) {
			const found: string[] = [];
			for (let last = after; found.length < limit;) {
				const tenant = sql.nextTenant.get(last) ?? null;
				if (tenant === null) break;
				found.push((last = tenant));
			}
			return found;
		},
		listDocs: ({ tenant, prefix = '', after = '', limit }) =>
			sql.list.all(tenant, after, prefix, prefix, prefix, limit).map(rowOf),
		tallyDocs: (after, limit) => sql.tally.all(after, limit),
		oldTombstones: (before, limit) => sql.tombstones.all(before, limit),
	};
}
