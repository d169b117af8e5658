import type { PointTally } from '../../ports/index.ts';
import type { RepairDeps } from './repair.ts';

/**
 * Which tenants' part of the index is not what the manifest says: the number of a tenant's points is not within what
 * its manifest allows, or the document published last is not there with its version. Writes nothing.
 *
 * What is compared is of one moment: the store says how far its figures have moved while the index counted, and by so
 * much the count may be off. An index that is sound is never called damaged, however busy it is.
 */
type VerifyDeps = Pick<RepairDeps, 'docStore' | 'vectorStore' | 'breaker' | 'clock' | 'signal'>;

const parallel = 4;
/** At a tenant that is counted while its documents are published. */
const mostLooks = 3;
/** Of a document with more points than this only one is looked at. */
const mostPointsRead = 1_000;

/** `since`: the document published last is looked at where that was later (store time); null: in any case. */
export async function unsoundTenants(
	tenants: readonly string[],
	since: number | null,
	deps: VerifyDeps,
): Promise<Set<string>> {
	const { vectorStore, breaker, signal } = deps;
	const failed = new Set<string>();
	const looked = await countedTallies(
		tenants,
		() => breaker.run(() => vectorStore.counts(tenants), signal),
		deps,
	);
	await inParallel(looked, async ({ tally, fit }) => {
		const { tenant, latest } = tally;
		// The counts of many are one figure among others for a server: none is damaged before it was counted alone.
		const isCounted = fit === 'right' || (await isWithinBounds(tenant, deps));
		const isLookedAt = latest !== null && (since === null || latest.at >= since);
		if (!isCounted || (isLookedAt && !(await isPresent(tenant, latest, deps)))) failed.add(tenant);
	});
	return failed;
}

/** Whether a tenant has as many points as its manifest allows; also where it never stands still to be counted. */
export async function isWithinBounds(tenant: string, deps: VerifyDeps): Promise<boolean> {
	const { vectorStore, breaker, signal } = deps;
	const count = async () => new Map([[tenant, await breaker.run(() => vectorStore.count(tenant), signal)]]);
	for (let look = 0; look < mostLooks; look += 1) {
		const [counted] = await countedTallies([tenant], count, deps);
		if (counted === undefined || counted.fit !== 'unsure') return counted?.fit !== 'wrong';
	}
	return true;
}

/** `unsure`: right or wrong, by how much was published meanwhile. */
type Fit = 'right' | 'unsure' | 'wrong';

async function countedTallies(
	tenants: readonly string[],
	count: () => Promise<ReadonlyMap<string, number>>,
	{ docStore }: Pick<VerifyDeps, 'docStore'>,
): Promise<{ readonly tally: PointTally; readonly fit: Fit }[]> {
	const before = await docStore.tally(tenants);
	const counts = await count();
	const after = await docStore.tally(tenants);
	return before.map((tally, at) => {
		const points = counts.get(tally.tenant) ?? 0;
		const slack = (after[at]?.moved ?? tally.moved) - tally.moved;
		const isOff = (by: number) => points < tally.least - by || points > tally.most + by;
		const fit = !isOff(0) ? 'right' : isOff(slack) ? 'wrong' : 'unsure';
		return { tally: after[at] ?? tally, fit };
	});
}

/** The document is there with its version, or is not at rest any more. */
async function isPresent(
	tenant: string,
	latest: NonNullable<PointTally['latest']>,
	deps: VerifyDeps,
): Promise<boolean> {
	const { docStore, vectorStore, breaker, signal } = deps;
	const { docId, version, chunks } = latest;
	const isLarge = chunks > mostPointsRead;
	const request = { tenant, docId, from: null, limit: isLarge ? 1 : mostPointsRead };
	const { items } = await breaker.run(() => vectorStore.points(request), signal);
	if (items.filter(({ fields }) => fields.version === version).length >= (isLarge ? 1 : chunks)) return true;
	const now = await docStore.document(tenant, docId);
	return now?.published?.version !== version || now.orphans > 0 || now.state === 'processing';
}

/** Settles with none of them under way, however one of them ends: a straggler would meet the next try of its item. */
export async function inParallel<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
	const left = Iterator.from(items);
	const failures: unknown[] = [];
	await Promise.all(
		Array.from({ length: parallel }, async () => {
			for (const item of left) {
				if (failures.length > 0) return;
				await act(item).catch((error: unknown) => void failures.push(error));
			}
		}),
	);
	if (failures.length > 0) throw failures[0];
}
