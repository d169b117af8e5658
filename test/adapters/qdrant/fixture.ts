import { createHash } from 'node:crypto';
import {
	createQdrantStore,
	type QdrantOptions,
	type QdrantStore,
} from '../../../api/adapters/qdrant/qdrant-store.ts';
import type { DocWrite, NewPoint } from '../../../api/ports/vector-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { startQdrantDouble, type DoubleOptions, type QdrantDouble } from '../../doubles/qdrant.ts';
import { docFields } from '../../support/doc-fields.ts';

export const dimensions = 4;
export const collection = 'docs';

/** A UUID that is the same for the same name. */
export function idOf(name: string): string {
	const hex = createHash('sha256').update(name).digest('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function point(name: string, overrides: Partial<NewPoint> = {}): NewPoint {
	return {
		id: idOf(name),
		vector: Float32Array.from([1, 0, 0, 0]),
		terms: `${name} common`,
		content: `text of ${name}`,
		heading: null,
		page: null,
		order: `o-${name}`,
		...overrides,
	};
}

export function docWrite(
	docId: string,
	points: readonly NewPoint[],
	overrides: Partial<DocWrite> = {},
): DocWrite {
	return {
		tenant: 'acme',
		docId,
		fields: docFields(),
		points,
		kept: [],
		reordered: [],
		droppedExtra: [],
		...overrides,
	};
}

export interface Rig {
	readonly double: QdrantDouble;
	readonly store: QdrantStore;
	dispose(): Promise<void>;
}

/** A double and a store on it; not opened. */
export async function rig(options: Partial<QdrantOptions> = {}, double: DoubleOptions = {}): Promise<Rig> {
	const server = await startQdrantDouble(double);
	const store = createQdrantStore({
		url: server.url,
		collection,
		dimensions,
		clock: systemClock,
		...options,
	});
	return {
		double: server,
		store,
		dispose: async () => {
			await store.close();
			await server.close();
		},
	};
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
}
