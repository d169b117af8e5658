/**
 * The vector store as plainly as it can be written: what the other adapters are compared with, and what fast
 * tests run on. Dense scores are exact cosines, sparse ones BM25 over the tenant's own points.
 */
import {
	greatestScore,
	k1,
	looksOf,
	nearTerms,
	holdsWords,
	sharedBeginning,
	shareOf,
} from '../../api/chunking/index.ts';
import { filterableDoc, satisfies } from '../../api/domain/index.ts';
import { DocDropError } from '../../api/errors.ts';
import type {
	DocFields,
	DocWrite,
	Hit,
	NewPoint,
	SearchQuery,
	StoredPoint,
	VectorStore,
} from '../../api/ports/vector-store.ts';

interface Entry {
	readonly point: StoredPoint;
	readonly vector: Float32Array;
	readonly terms: readonly string[];
}

export function createMemoryVectorStore({ dimensions }: { dimensions: number }): VectorStore {
	const tenants = new Map<string, Map<string, Entry>>();

	function entriesOf(tenant: string): Map<string, Entry> {
		const known = tenants.get(tenant);
		if (known !== undefined) return known;
		const made = new Map<string, Entry>();
		tenants.set(tenant, made);
		return made;
	}

	function checkVector(vector: Float32Array): void {
		if (vector.length !== dimensions) {
			throw rejected(`a vector has ${vector.length} dimensions, the index ${dimensions}`);
		}
		if (!vector.every(Number.isFinite)) throw rejected('a vector holds a number that is not finite');
	}

	function putDoc({ tenant, docId, fields, points, kept, reordered }: DocWrite): void {
		const entries = entriesOf(tenant);
		const orders = new Map(reordered.map(({ id, order }) => [id, order]));
		const own = structuredClone(fields);
		for (const id of kept) {
			const entry = entries.get(id);
			if (entry?.point.docId !== docId) continue;
			const order = orders.get(id) ?? entry.point.order;
			entries.set(id, { ...entry, point: { ...entry.point, fields: own, order } });
		}
		for (const point of points) entries.set(point.id, toEntry(tenant, docId, own, point));
	}

	return {
		kind: 'memory',
		async open() {},
		async put(writes, signal) {
			signal?.throwIfAborted();
			for (const write of writes) {
				if (write.tenant !== writes[0]?.tenant) throw rejected('one put holds writes of two tenants');
				for (const point of write.points) checkVector(point.vector);
			}
			writes.forEach(putDoc);
		},
		async remove(tenant, ids, signal) {
			signal?.throwIfAborted();
			for (const id of ids) tenants.get(tenant)?.delete(id);
		},
		async vectors(tenant, ids) {
			const found = new Map<string, Float32Array>();
			for (const id of ids) {
				const entry = tenants.get(tenant)?.get(id);
				if (entry !== undefined) found.set(id, entry.vector.slice());
			}
			return found;
		},
		async search(query) {
			if (query.vector !== null) checkVector(query.vector);
			const all = [...(tenants.get(query.tenant)?.values() ?? [])];
			return { dense: dense(all, query), sparse: sparse(all, query) };
		},
		async *scan(tenant, docId) {
			const all = [...tenants].flatMap(([name, entries]) =>
				tenant === null || tenant === name ? [...entries.values()] : [],
			);
			yield* all
				.map((entry) => entry.point)
				.filter((point) => docId === undefined || point.docId === docId)
				.sort(byId);
		},
		async points({ tenant, docId, from, limit }) {
			const found = [...(tenants.get(tenant)?.values() ?? [])]
				.map(({ point: { content: _c, heading: _h, page: _p, ...mark } }) => mark)
				.filter((mark) => mark.docId === docId && mark.id >= (from ?? ''))
				.sort((a, b) => (a.id < b.id ? -1 : 1));
			return { items: found.slice(0, limit), next: found[limit]?.id ?? null };
		},
		async contents({ tenant, docId, from, limit }) {
			const found = [...(tenants.get(tenant)?.values() ?? [])]
				.map(({ point }) => point)
				.filter((point) => point.docId === docId && point.id >= (from ?? ''))
				.sort(byId);
			return { items: found.slice(0, limit), next: found[limit]?.id ?? null };
		},
		async documents({ tenant, from, limit }) {
			const all = [...(tenants.get(tenant)?.values() ?? [])].map(({ point }) => point.docId);
			const found = [...new Set(all)].filter((docId) => docId >= (from ?? '')).sort();
			return { items: found.slice(0, limit), next: found[limit] ?? null };
		},
		counts: async (wanted) => new Map(wanted.map((tenant) => [tenant, tenants.get(tenant)?.size ?? 0])),
		async count(tenant) {
			let points = 0;
			for (const [name, entries] of tenants) if (tenant === null || tenant === name) points += entries.size;
			return points;
		},
		async ping(signal) {
			signal?.throwIfAborted();
		},
		async close() {},
	};
}

function toEntry(tenant: string, docId: string, fields: DocFields, point: NewPoint): Entry {
	const { id, vector, terms, content, heading, page, order } = point;
	return {
		point: { id, tenant, docId, content, heading, page, order, fields },
		vector: vector.slice(),
		terms: terms.split(' ').filter((term) => term !== ''),
	};
}

function dense(all: readonly Entry[], { vector, ...query }: SearchQuery): Hit[] {
	if (vector === null || length(vector) === 0) return [];
	const hits = all
		.filter((entry) => length(entry.vector) > 0)
		.map(({ point, vector: own }) => ({
			...point,
			score: dot(vector, own) / (length(vector) * length(own)),
		}));
	return best(hits, query);
}

/** Robertson and Zaragoza's BM25 with its usual constants; the idf stays above zero. */
const B = 0.75;

function sparse(
	all: readonly Entry[],
	{ terms, phrases = [], without = [], beginning = null, ...query }: SearchQuery,
): Hit[] {
	const meanLength = all.reduce((sum, entry) => sum + entry.terms.length, 0) / all.length;
	const chunksOf = Map.groupBy(
		all.flatMap((entry) => [...new Set(entry.terms)]),
		(term) => term,
	);
	const vocabulary = [...chunksOf].map(([term, { length: chunks }]) => ({ term, chunks }));
	const weightOf = (term: string) => {
		const holding = chunksOf.get(term)?.length ?? 0;
		return holding === 0 ? null : Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
	};
	const different = [...new Set(terms)];
	const looks = looksOf(
		different.filter((term) => !chunksOf.has(term)),
		beginning,
	);
	const asked = different.map((term) => {
		if (!looks.has(term)) return [term];
		const start = term.slice(0, sharedBeginning);
		const around = vocabulary.filter(({ term: other }) => other.startsWith(start));
		return nearTerms(term, term === beginning, around);
	});
	const greatest = greatestScore(
		asked.map((meant) =>
			meant.map(weightOf).reduce((most, one) => Math.max(most ?? 0, one ?? 0) || null, null),
		),
	);
	const hits = all.flatMap((entry) => {
		if (!holdsWords(entry.terms, { phrases, without })) return [];
		let score = 0;
		for (const term of asked.flat()) {
			const count = entry.terms.filter((own) => own === term).length;
			const norm = k1 * (1 - B + (B * entry.terms.length) / meanLength);
			if (count > 0) score += ((weightOf(term) ?? 0) * count * (k1 + 1)) / (count + norm);
		}
		return score > 0 ? [{ ...entry.point, score: shareOf(score, greatest) }] : [];
	});
	return best(hits, query);
}

type Scope = Pick<SearchQuery, 'docId' | 'filter' | 'limit'>;

function best(hits: readonly Hit[], { docId, filter, limit }: Scope): Hit[] {
	return hits
		.filter((hit) => docId === undefined || hit.docId === docId)
		.filter((hit) => filter === undefined || satisfies(filterableDoc(hit.docId, hit.fields), filter))
		.sort((a, b) => b.score - a.score || byId(a, b))
		.slice(0, limit);
}

function byId(a: StoredPoint, b: StoredPoint): number {
	if (a.id === b.id) return a.tenant < b.tenant ? -1 : 1;
	return a.id < b.id ? -1 : 1;
}

function dot(a: Float32Array, b: Float32Array): number {
	return a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
}

function length(vector: Float32Array): number {
	return Math.sqrt(dot(vector, vector));
}

function rejected(reason: string): DocDropError {
	return new DocDropError('index_rejected', `the vector index refused: ${reason}`);
}
