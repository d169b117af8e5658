import { isDeepStrictEqual } from 'node:util';
import type { Receipt } from '../../api/contract/document-schema.ts';
import type { Extractor } from '../../api/ports/extractor.ts';
import { expectedOf, type Expected } from './expected.ts';
import type { IndexContents, StoreContents } from './inspect.ts';
import { compare, type ExpectedDoc, type Fault } from './oracle.ts';
import { epochKey, keyOf, type Change, type Version } from './script.ts';

/**
 * Holds a stopped process's files against what was acknowledged: the index against the newest change of each
 * document, cut into chunks here once more; the document store against the index; every receipt against its
 * durable row.
 */
export type Receipts = ReadonlyMap<Change, readonly Receipt[]>;

export interface Evidence {
	readonly receipts: Receipts;
	/** Changes that were sent once without an answer. */
	readonly uncertain: ReadonlySet<Change>;
	readonly index: IndexContents;
	readonly store: StoreContents;
	/** As the process counted before it stopped. */
	readonly counted: { readonly documents: number; readonly chunks: number };
}

const other = (message: string): Fault => ({ kind: 'other', message });

export async function judge(evidence: Evidence, extractor: Extractor): Promise<Fault[]> {
	const { receipts, index, store, counted } = evidence;
	const faults: Fault[] = [...index.faults, ...store.faults];
	const expected: ExpectedDoc[] = [];
	const ranks = epochRanks(receipts);
	let documents = 0;
	for (const change of newestOf(receipts.keys()).values()) {
		if (change.version !== null) documents += 1;
		const versionFault = versionCheck(change, evidence, ranks);
		expected.push({ ...(await publication(change, extractor)), versionFault });
	}
	faults.push(
		...compare(expected, index.points),
		...manifestFaults(evidence),
		...receiptFaults(evidence, ranks),
	);
	const chunks = expected.reduce((sum, doc) => sum + doc.chunks.length, 0);
	if (counted.documents !== documents || counted.chunks !== chunks) {
		faults.push(
			other(`the process counts ${JSON.stringify(counted)}, wanted ${JSON.stringify({ documents, chunks })}`),
		);
	}
	return faults;
}

export function newestOf(changes: Iterable<Change>): Map<string, Change> {
	const newest = new Map<string, Change>();
	for (const change of changes) {
		const key = keyOf(change);
		if ((newest.get(key)?.order ?? -1) < change.order) newest.set(key, change);
	}
	return newest;
}

const nothing: Version = { text: '', mimeType: 'text/plain', title: null, path: null, metadata: {} };

export function publication({ tenant, docId, version }: Change, extractor: Extractor): Promise<Expected> {
	const { text, ...sent } = version ?? nothing;
	return expectedOf({ tenant, docId, content: Buffer.from(text), ...sent }, extractor);
}

/** The rank that each epoch has in each document, the upper half of its versions, by the first answer that tells it. */
type Ranks = ReadonlyMap<string, number>;

const rankKey = (change: Change, { sourceId, epoch }: NonNullable<Change['source']>): string =>
	`${epochKey(sourceId, epoch)} ${keyOf(change)}`;

function epochRanks(receipts: Receipts): Ranks {
	const ranks = new Map<string, number>();
	for (const [change, own] of receipts) {
		const { source } = change;
		const told = own.find(({ state }) => state !== 'stale');
		if (source === null || told === undefined) continue;
		const key = rankKey(change, source);
		if (!ranks.has(key)) ranks.set(key, Math.floor(told.version / 2 ** 32));
	}
	return ranks;
}

/** The version that a change of a source must get; one of two where no answer has told the rank of its epoch. */
function numbered(change: Change, ranks: Ranks): number[] {
	const { source } = change;
	if (source === null) return [];
	const rank = ranks.get(rankKey(change, source));
	const possible = rank === undefined ? [1, 2] : [rank];
	return possible.map((one) => one * 2 ** 32 + source.seq);
}

/**
 * A point's version is that of the change that was published. It is the newest one's, unless the API answered
 * that one `unchanged`: then an earlier change with the same content may stand for it.
 */
function versionCheck(
	newest: Change,
	{ receipts, uncertain, store }: Evidence,
	ranks: Ranks,
): ExpectedDoc['versionFault'] {
	const published = receipts
		.get(newest)
		?.find(({ state, jobId }) => state === 'accepted' && store.jobs.get(jobId)?.state === 'published');
	if (published !== undefined)
		return (version) => (version === published.version ? null : `is not ${published.version}`);
	const same = new Set<number>();
	const differing = new Set<number>();
	let highest = 0;
	for (const [change, own] of receipts) {
		if (keyOf(change) !== keyOf(newest)) continue;
		const isSame = isDeepStrictEqual(change.version, newest.version);
		// Published before a kill took its answer, a change may be stale by the time it is sent again.
		if (isSame && uncertain.has(change)) for (const version of numbered(change, ranks)) same.add(version);
		for (const { state, version } of own) {
			if (state === 'stale') continue;
			highest = Math.max(highest, version);
			(isSame ? same : differing).add(version);
		}
	}
	// Where arrival is the order, a request whose answer was lost has taken a number that nobody was told.
	const isKnown = (version: number) =>
		newest.source === null ? version <= highest && !differing.has(version) : same.has(version);
	return (version) => (isKnown(version) ? null : `is none of an equal change (${[...same].join(', ')})`);
}

/** The manifest names exactly the points that are there, with their order, and the version they have. */
function manifestFaults({ index, store }: Evidence): Fault[] {
	const points = Map.groupBy(index.points, keyOf);
	return [...store.docs].flatMap(([name, { lines, publishedVersion }]) => {
		const own = points.get(name) ?? [];
		const there = Object.fromEntries(own.map(({ id, order }) => [id, order]));
		const listed = Object.fromEntries(lines.map(({ pointId, order }) => [pointId, order]));
		const faults = isDeepStrictEqual(there, listed)
			? []
			: [other(`${name}: the manifest has ${lines.length} points, the index ${own.length}, or other ones`)];
		if (own.some(({ fields }) => fields.version !== publishedVersion))
			faults.push(other(`${name}: the manifest says version ${publishedVersion}, the points another`));
		return faults;
	});
}

const endings: Readonly<Record<Receipt['state'], readonly string[]>> = {
	accepted: ['published', 'deleted', 'superseded'],
	unchanged: ['unchanged'],
	stale: ['stale'],
};

/** Every receipt that was handed out is there, has a fitting end, and says the number it was asked with. */
function receiptFaults({ receipts, store }: Evidence, ranks: Ranks): Fault[] {
	const faults: Fault[] = [];
	const newest = newestOf(receipts.keys());
	for (const [change, own] of receipts) {
		const name = keyOf(change);
		const isNewest = newest.get(name) === change;
		for (const { jobId, state, version } of own) {
			const job = store.jobs.get(jobId);
			if (job === undefined || job.doc !== name) {
				faults.push({ kind: 'lost', message: `${name}: the acknowledged receipt ${jobId} is not there` });
				continue;
			}
			const fits = endings[state].includes(job.state) && !(isNewest && job.state === 'superseded');
			if (!fits) {
				const why = job.errorCode === null ? '' : ` (${job.errorCode}: ${job.errorMessage})`;
				faults.push(other(`${name}: the newest receipt, answered ${state}, ended as ${job.state}${why}`));
			}
			if (isNewest && state === 'stale') faults.push(other(`${name}: the newest change was called stale`));
			if (change.source === null || state === 'stale') continue;
			if (!numbered(change, ranks).includes(version))
				faults.push(other(`${name}: sent as number ${change.source.seq}, answered version ${version}`));
		}
	}
	return faults;
}
