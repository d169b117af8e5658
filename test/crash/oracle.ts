import { isDeepStrictEqual } from 'node:util';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import type { Expected } from './expected.ts';

/**
 * What the index must hold, against what it holds. Pure. The index is read as it is; the manifest has no say.
 *
 *  lost        a chunk of the newest version that is not there
 *  duplicated  a chunk that is there more often than the document has it
 *  stale       a chunk with a field (metadata, version, order) of an older version
 *  leaked      a point of a deleted document, of an older version, or of no document at all
 *
 * Everything else that must hold at the end of a run (manifest, receipts, files, the process) is `other`.
 */
export const faultKinds = ['lost', 'duplicated', 'stale', 'leaked', 'other'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
	readonly kind: FaultKind;
	readonly message: string;
}

export interface ExpectedDoc extends Expected {
	/** Why the version cannot be that of the newest change, or null. */
	readonly versionFault: (version: number) => string | null;
}

const nameOf = (tenant: string, docId: string) => `${tenant}/${docId}`;
const chunkKey = (heading: string | null, page: number | null, text: string) =>
	JSON.stringify([heading, page, text]);
const brief = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

export function compare(expected: readonly ExpectedDoc[], found: Iterable<StoredPoint>): Fault[] {
	const points = new Map<string, StoredPoint[]>();
	for (const point of found) {
		const name = nameOf(point.tenant, point.docId);
		points.set(name, [...(points.get(name) ?? []), point]);
	}
	const faults = expected.flatMap((doc) => {
		const name = nameOf(doc.tenant, doc.docId);
		const own = points.get(name) ?? [];
		points.delete(name);
		return compareDoc(name, doc, own);
	});
	for (const [name, strangers] of points) {
		for (const { content } of strangers)
			faults.push({ kind: 'leaked', message: `${name}: a point of no document, ${brief(content)}` });
	}
	return faults;
}

function compareDoc(name: string, doc: ExpectedDoc, points: readonly StoredPoint[]): Fault[] {
	const faults: Fault[] = [];
	const say = (kind: FaultKind, message: string) => faults.push({ kind, message: `${name}: ${message}` });
	const wanted = doc.chunks.map(({ heading, page, text }) => chunkKey(heading, page, text));
	const left = new Map<string, number>();
	for (const key of wanted) left.set(key, (left.get(key) ?? 0) + 1);

	const inOrder = points.toSorted((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
	for (const { heading, page, content, fields } of inOrder) {
		const key = chunkKey(heading, page, content);
		const count = left.get(key);
		if (count === undefined) say('leaked', `no chunk of the newest version, ${brief(content)}`);
		else if (count === 0) say('duplicated', brief(content));
		else {
			left.set(key, count - 1);
			const { version, publishedAt, ...rest } = fields;
			const wrong = doc.versionFault(version);
			if (wrong !== null) say('stale', `version ${version} ${wrong}, ${brief(content)}`);
			if (!isDeepStrictEqual(rest, doc.fields))
				say('stale', `fields ${JSON.stringify(rest)}, wanted ${JSON.stringify(doc.fields)}`);
			if (publishedAt !== inOrder[0]?.fields.publishedAt)
				say('stale', `points published at two times, ${brief(content)}`);
		}
	}
	for (const [key, count] of left) if (count > 0) say('lost', `${count} times ${brief(key)}`);
	const order = inOrder.map(({ heading, page, content }) => chunkKey(heading, page, content));
	if (faults.length === 0 && !isDeepStrictEqual(order, wanted))
		say('stale', 'the order keys are not those of the newest version');
	return faults;
}
