/**
 * Terms of an index that an earlier DocDrop has written, made again from the texts that it holds: where a term has
 * another form than a query's, nothing would find it. For index-schema.ts, in a transaction.
 */
import type { DatabaseSync } from 'node:sqlite';
import { storedTerms, TERMS_VERSION } from '../../chunking/index.ts';
import type { DocFields } from '../../ports/index.ts';
import { createTermIndexer } from './terms.ts';

const key = 'terms';

/** 239,000 chunks take a minute and a half, and nothing is searched meanwhile. */
export function rebuildTexts(db: DatabaseSync): void {
	const version = db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'];
	if (version === TERMS_VERSION) return;
	db.exec(`INSERT INTO texts(texts) VALUES('delete-all')`);
	const add = db.prepare('INSERT INTO texts(rowid, terms) VALUES(?, CAST(? AS TEXT))');
	const rows = db.prepare(
		`SELECT points.point, points.tenant, docs.doc_id, docs.fields, points.heading, points.content
		FROM points JOIN docs ON docs.doc = points.doc ORDER BY points.point`,
	);
	const inTenant = createTermIndexer();
	for (const { point, tenant, doc_id, fields, heading, content } of rows.iterate() as Iterable<Row>) {
		const terms = storedTerms({ docId: doc_id, heading, content, fields: JSON.parse(fields) as DocFields });
		add.run(point, inTenant(tenant, Buffer.from(terms.join(' '))));
	}
	db.prepare('INSERT OR REPLACE INTO meta VALUES(?, ?)').run(key, TERMS_VERSION);
}

interface Row {
	readonly point: number;
	readonly tenant: number;
	readonly doc_id: string;
	readonly fields: string;
	readonly heading: string | null;
	readonly content: string;
}
