import { randomUUID } from 'node:crypto';
import { termsOf } from '../../api/chunking/index.ts';
import type { StoredPoint, VectorStore } from '../../api/ports/vector-store.ts';
import { lexicalVector } from './lexical-vector.ts';

/** What one fault of each kind is planted by, past the pipeline: into the store itself. */
export type Planted = 'changed' | 'missing' | 'surplus' | 'stale' | 'doubled' | 'misordered';

export async function everyPoint(store: VectorStore): Promise<StoredPoint[]> {
	const points: StoredPoint[] = [];
	for await (const point of store.scan(null)) points.push(point);
	return points;
}

/** Each into a document of its own, all of them of the tenant. */
export async function plantFaults(
	store: VectorStore,
	tenant: string,
	kinds: readonly Planted[],
	vectorOf: (text: string) => Float32Array = lexicalVector,
): Promise<void> {
	const docIds = await documentsOf(store, tenant);
	for (const [at, kind] of kinds.entries()) {
		const docId = docIds[Math.floor(((at + 1) * docIds.length) / (kinds.length + 1))];
		if (docId === undefined) throw new Error('there are too few documents');
		const { items } = await store.contents({ tenant, docId, from: null, limit: 1 });
		const [point] = items;
		if (point === undefined) throw new Error('a document without points');
		if (kind === 'missing') await store.remove(tenant, [point.id]);
		else await put(store, planted(kind, point), vectorOf);
	}
}

async function documentsOf(store: VectorStore, tenant: string): Promise<string[]> {
	const found = new Set<string>();
	for (let from: string | null = null; ;) {
		const page = await store.documents({ tenant, from, limit: 1_000 });
		for (const docId of page.items) found.add(docId);
		if (page.next === null) return [...found].sort();
		from = page.next;
	}
}

function planted(kind: Exclude<Planted, 'missing'>, point: StoredPoint): StoredPoint {
	const { fields } = point;
	switch (kind) {
		case 'changed':
			return { ...point, content: `${point.content} and more` };
		case 'stale':
			return { ...point, fields: { ...fields, version: fields.version - 1 } };
		case 'doubled':
			return { ...point, id: randomUUID() };
		case 'misordered':
			return { ...point, order: `${point.order}z` };
		case 'surplus':
			return { ...point, id: randomUUID(), docId: 'never-was', content: 'a stray' };
	}
}

async function put(
	store: VectorStore,
	point: StoredPoint,
	vectorOf: (text: string) => Float32Array,
): Promise<void> {
	const { tenant, docId, fields, content } = point;
	const points = [{ ...point, vector: vectorOf(content), terms: termsOf(content).join(' ') }];
	await store.put([{ tenant, docId, fields, points, kept: [], reordered: [], droppedExtra: [] }]);
}
