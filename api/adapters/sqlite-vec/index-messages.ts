/** What the main thread hands to the writer and reader threads. Plain data: it is cloned on the way. */
import type { Filter } from '../../domain/index.ts';
import type { NewPoint, Page, PageRequest, PointMark, StoredPoint } from '../../ports/index.ts';
import type { PackedTexts } from './packed-texts.ts';

/** The rest of a point is in `vectors` and `texts`. */
export type WirePoint = Omit<NewPoint, 'vector' | 'content' | 'terms'>;

export interface WireWrite {
	readonly docId: string;
	/** DocFields as JSON. */
	readonly fields: string;
	readonly points: readonly WirePoint[];
	readonly kept: readonly string[];
	readonly reordered: readonly { readonly id: string; readonly order: string }[];
}

export interface WirePut {
	readonly tenant: string;
	readonly writes: readonly WireWrite[];
	/** The quantized vectors of all points, one after the other in the order of `writes`; zeros for none. */
	readonly vectors: Int8Array;
	/** The texts of all points in the same order. */
	readonly texts: PackedTexts;
}

export type WriterMethods = {
	put(put: WirePut): void;
	remove(tenant: string, ids: readonly string[]): void;
	/** See sqlite/frozen-file.ts. */
	freeze(): void;
	thaw(): void;
};

interface WireScope {
	readonly tenant: string;
	readonly docId: string | null;
	readonly filter: Filter | null;
	readonly limit: number;
}

export interface WireVectorQuery extends WireScope {
	readonly vector: Float32Array;
}

export interface WireWordsQuery extends WireScope {
	readonly terms: readonly string[];
	readonly phrases: readonly (readonly string[])[];
	readonly without: readonly (readonly string[])[];
	readonly beginning: string | null;
}

export interface WireHits {
	readonly points: StoredPoint[];
	readonly scores: number[];
}

/** The next points by (id, tenant) after the given one; none at the end. */
export interface WirePage {
	readonly tenant: string | null;
	/** Only of this document of the tenant. */
	readonly docId: string | null;
	readonly after: { readonly id: string; readonly tenant: string } | null;
	readonly size: number;
}

export type ReaderMethods = {
	ping(): void;
	byVector(query: WireVectorQuery): WireHits;
	byWords(query: WireWordsQuery): WireHits;
	/** Of the ids that are there: their quantized vectors, one after the other. */
	vectors(tenant: string, ids: readonly string[]): { ids: string[]; vectors: Int8Array };
	page(page: WirePage): StoredPoint[];
	points(request: PageRequest & { readonly docId: string }): Page<PointMark>;
	documents(request: PageRequest): Page<string>;
	/** In the order of the tenants. */
	counts(tenants: readonly string[]): number[];
	countAll(): number;
};

export type VectorMethods = {
	/** Null where the tenant's vectors cannot be had in memory: a reader must be asked. */
	byVector(query: WireVectorQuery): WireHits | null;
};
