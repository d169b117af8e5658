import type {
	DocFields,
	DocStore,
	Page,
	PageRequest,
	PointMark,
	RepairTarget,
	VectorStore,
} from '../../ports/index.ts';
import type { StoredEntry } from '../../domain/index.ts';
import { chunkHash } from '../../chunking/index.ts';
import type { AuditKind } from '../../contract/audit-kinds.ts';
import type { Breaker } from '../faults/index.ts';

/** What the index has of a document beside what it must have, by id and a page at a time. For repair.ts. */

/** A point, and the hash of its content; null where only its marks were read. */
export interface SeenPoint extends PointMark {
	readonly hash: string | null;
}

/** What the store and the index have of the same range of ids. */
interface DocumentPage {
	readonly entries: readonly StoredEntry[];
	readonly points: readonly SeenPoint[];
	/** The last id of the range; null: there is nothing behind it. */
	readonly last: string | null;
}

type WrongKind = Exclude<AuditKind, 'surplus' | 'doubled' | 'newer' | 'folder'>;

interface Difference {
	/** Not there, or not as they were published. */
	readonly wrong: readonly { readonly pointId: string; readonly kind: WrongKind }[];
	readonly extra: readonly SeenPoint[];
	/** Of a point that is as it was published; null where none is. */
	readonly fields: DocFields | null;
	/** Points of versions that the store has never seen: then the store is the one that lost something. */
	readonly newer: number;
}

/** Store times, ms, between which this store has published nothing: from its last life to this one. */
export interface Gap {
	readonly from: number;
	readonly to: number;
}

/** Pure. */
export function differ(
	{ doc, published, version, isInterrupted }: RepairTarget,
	{ entries, points }: Pick<DocumentPage, 'entries' | 'points'>,
	gap: Gap,
): Difference {
	const found = new Map(points.map((point) => [point.id, point]));
	const isNewer = ({ fields }: PointMark) => {
		if (doc !== null) return fields.version > version;
		// A deletion that is not remembered any more has no version. What a store put back has forgotten has a time.
		const at = Date.parse(fields.publishedAt);
		return at > gap.from && at < gap.to;
	};
	const kindOf = ({ pointId, hash, order }: StoredEntry): WrongKind | null => {
		const point = found.get(pointId);
		if (point === undefined) return 'missing';
		if (point.hash !== null && point.hash !== hash) return 'changed';
		if (point.fields.version !== published?.version) return 'stale';
		if (point.hash !== null && point.fields.contentSha256 !== published.sha256) return 'stale';
		return point.order === order ? null : 'misordered';
	};
	const manifest = entries.filter(({ isCertain }) => isCertain);
	const judged = manifest.map((entry) => ({ pointId: entry.pointId, kind: kindOf(entry) }));
	const right = judged.find(({ kind }) => kind === null);
	const known = new Set(entries.map(({ pointId }) => pointId));
	return {
		// After an interrupted attempt points may be as that one left them, and the next one writes all of them.
		wrong: isInterrupted
			? []
			: judged.flatMap(({ pointId, kind }) => (kind === null ? [] : [{ pointId, kind }])),
		extra: points.filter(({ id }) => !known.has(id)),
		fields: right === undefined ? null : (found.get(right.pointId)?.fields ?? null),
		newer: points.filter(isNewer).length,
	};
}

interface ReadDeps {
	readonly docStore: Pick<DocStore, 'entriesOf'>;
	readonly vectorStore: Pick<VectorStore, 'points' | 'contents'>;
	readonly breaker: Breaker;
	readonly signal: AbortSignal;
	/** Whether the contents of the points are read and hashed, and not their marks alone. */
	readonly readsContents: boolean;
}

/** Servers in strict mode may refuse more. */
const itemsAPage = 1_000;
/** Of points with their texts. */
const contentsAPage = 250;

/** Both sides of a document in the order of their ids, from behind `from` on. */
export async function* pagesOf(
	{ tenant, docId }: { readonly tenant: string; readonly docId: string },
	{ doc }: RepairTarget,
	from: string | null,
	deps: ReadDeps,
): AsyncGenerator<DocumentPage> {
	const entries = openSide(async (after) => {
		const page = doc === null ? [] : await deps.docStore.entriesOf(doc, after ?? from, itemsAPage);
		const next = page.length < itemsAPage ? null : (page.at(-1)?.pointId ?? null);
		return { items: page, next };
	});
	const points = openSide(async (next) => {
		const page = await readPoints({ tenant, docId, from: next ?? from }, deps);
		// What is not in the document's manifest is removed: a point of another one must never get that far.
		if (page.items.some((point) => point.tenant !== tenant || point.docId !== docId))
			throw new Error('a page of one document gave a point of another');
		return { ...page, items: page.items.filter(({ id }) => from === null || id > from) };
	});
	for (;;) {
		await entries.fill();
		await points.fill();
		const ends = [entries.end(({ pointId }) => pointId), points.end(({ id }) => id)];
		const last = ends.filter((end) => end !== null).reduce(least, null);
		const page = {
			entries: entries.take(({ pointId }) => last === null || pointId <= last),
			points: points.take(({ id }) => last === null || id <= last),
			last,
		};
		yield page;
		if (last === null) return;
	}
}

async function readPoints(
	request: Omit<PageRequest, 'limit'> & { readonly docId: string },
	{ vectorStore, breaker, signal, readsContents }: ReadDeps,
): Promise<Page<SeenPoint>> {
	if (!readsContents) {
		const marks = await breaker.run(() => vectorStore.points({ ...request, limit: itemsAPage }), signal);
		return { ...marks, items: marks.items.map((mark) => ({ ...mark, hash: null })) };
	}
	const whole = await breaker.run(() => vectorStore.contents({ ...request, limit: contentsAPage }), signal);
	return {
		next: whole.next,
		items: whole.items.map(({ content: text, heading, page, ...mark }) => ({
			...mark,
			hash: chunkHash({ text, heading, page }),
		})),
	};
}

const least = (a: string | null, b: string): string => (a === null || b < a ? b : a);

/** What was read of one side and not compared yet: a page at most. */
function openSide<T>(
	read: (next: string | null) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
) {
	let items: readonly T[] = [];
	let next: string | null = null;
	let isAtEnd = false;
	return {
		async fill(): Promise<void> {
			while (items.length === 0 && !isAtEnd) {
				({ items, next } = await read(next));
				isAtEnd = next === null;
			}
		},
		/** The id up to which this is all that there is; null: to the end. */
		end(idOf: (item: T) => string): string | null {
			const item = items.at(-1);
			return isAtEnd || item === undefined ? null : idOf(item);
		},
		take(isBefore: (item: T) => boolean): readonly T[] {
			const split = items.findIndex((item) => !isBefore(item));
			const taken = split < 0 ? items : items.slice(0, split);
			items = split < 0 ? [] : items.slice(split);
			return taken;
		},
	};
}
