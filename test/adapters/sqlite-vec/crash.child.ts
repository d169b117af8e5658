/**
 * The process that crash.test.ts kills: publishes one document after the other, each over its previous version,
 * and says on stdout what has been acknowledged. Arguments: the file, and the version to write.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import type { NewPoint } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const [file = '', version = '1'] = process.argv.slice(2);
const store = createSqliteVecStore({ file, dimensions: 8 });
await store.open();

function pointOf(doc: number, ownVersion: number, index: number): NewPoint {
	const bytes = createHash('sha256').update(`${doc}/${ownVersion}/${index}`).digest();
	const id = bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
	const vector = Float32Array.from(bytes.subarray(16, 24), (byte) => (byte - 127.5) / 128);
	const terms = Array.from(bytes, (byte) => `t${byte}`).join(' ');
	return { id, vector, terms, content: terms.repeat(5), heading: null, page: null, order: `a${index}` };
}

const indices = Array.from({ length: 40 }, (_, index) => index);
for (let doc = 0; ; doc = (doc + 1) % 60) {
	const fields = docFields({ version: Number(version) });
	const points = indices.map((index) => pointOf(doc, Number(version), index));
	const write = { tenant: 'a', docId: `d${doc}`, fields, points, kept: [], reordered: [], droppedExtra: [] };
	await store.put([write]);
	writeSync(1, `put ${doc}\n`);
	await store.remove(
		'a',
		indices.map((index) => pointOf(doc, Number(version) - 1, index).id),
	);
	writeSync(1, `removed ${doc}\n`);
}
