import type { PointTally } from '../../ports/index.ts';
import { pointsOf, type RepairDeps } from './repair.ts';

/**
 * Which tenants' part of the index is not what the manifest says: the number of a tenant's points is not within what
 * its manifest allows, or the document published last is not there with its version. Writes nothing.
 */
type VerifyDeps = Pick<RepairDeps, 'docStore' | 'vectorStore' | 'breaker' | 'clock' | 'signal'>;

const rowsATally = 2_000;
const parallel = 4;
/** A count taken while documents are published may be of no moment at all: it is believed when it repeats. */
const mostLooks = 3;
export const pauseMs = 200;
/** Of a document with more points than this only one is looked at. */
const mostPointsRead = 1_000;

/** `of`: only these tenants; null: all. */
export async function unsoundTenants(
	of: ReadonlySet<string> | null,
	deps: VerifyDeps,
): Promise<ReadonlySet<string>> {
	let suspects = of;
	for (let nth = 0; nth < mostLooks; nth += 1) {
		const failed = new Set<string>();
		const wanted = [...(await tallies(deps)).values()].filter(({ tenant }) => suspects?.has(tenant) ?? true);
		await inParallel(wanted, async (tally) => {
			if (!(await isSound(tally, deps))) failed.add(tally.tenant);
		});
		suspects = failed;
		if (failed.size === 0) break;
		if (nth < mostLooks - 1) await deps.clock.sleep(pauseMs, deps.signal);
	}
	return suspects ?? new Set();
}

export async function tallies({ docStore }: Pick<VerifyDeps, 'docStore'>): Promise<Map<string, PointTally>> {
	const all = new Map<string, PointTally>();
	for (let after: number | null = 0; after !== null;) {
		const { tenants, last } = await docStore.tally({ after, limit: rowsATally });
		for (const { tenant, least, most, latest } of tenants) {
			const own = all.get(tenant) ?? { tenant, least: 0, most: 0, latest: null };
			const isLater = latest !== null && latest.at >= (own.latest?.at ?? 0);
			all.set(tenant, {
				tenant,
				least: own.least + least,
				most: own.most + most,
				latest: isLater ? latest : own.latest,
			});
		}
		after = last;
	}
	return all;
}

export const countPoints = (tenant: string, { vectorStore, breaker, signal }: VerifyDeps) =>
	breaker.run(() => vectorStore.count(tenant), signal);

async function isSound({ tenant, least, most, latest }: PointTally, deps: VerifyDeps): Promise<boolean> {
	const points = await countPoints(tenant, deps);
	if (points < least || points > most) return false;
	return latest === null || isPresent(tenant, latest.docId, deps);
}

/** The document published last is there with its version, or is not at rest any more. */
async function isPresent(tenant: string, docId: string, deps: VerifyDeps): Promise<boolean> {
	const { docStore, vectorStore, breaker, signal } = deps;
	const document = await docStore.document(tenant, docId);
	if (document === null || document.published === null || document.orphans > 0) return true;
	const { version, chunks } = document.published;
	if (chunks > mostPointsRead) {
		const first = async () => {
			for await (const point of vectorStore.scan(tenant, docId)) return point;
			return undefined;
		};
		return (await breaker.run(first, signal))?.fields.version === version;
	}
	const points = await pointsOf(tenant, docId, deps);
	return points.filter(({ fields }) => fields.version === version).length >= chunks;
}

export async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
	const left = items[Symbol.iterator]();
	await Promise.all(
		Array.from({ length: parallel }, async () => {
			for (const item of left) await act(item);
		}),
	);
}
