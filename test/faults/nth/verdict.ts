import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import type { StoredPoint } from '../../../api/ports/vector-store.ts';
import { readDocStore, readQdrantDouble, readSqliteVec, type StoreContents } from '../../crash/inspect.ts';
import { judge, newestOf, publication, type Evidence, type Receipts } from '../../crash/judge.ts';
import { compare } from '../../crash/oracle.ts';
import { keyOf, type Change } from '../../crash/script.ts';
import type { Bench, IndexKind, Parts } from './bench.ts';
import { refusals } from './gate.ts';

/** What the index and the disk hold at the end, by the oracle of the crash runs. */
const told = ({ kind, message }: { readonly kind: string; readonly message: string }) =>
	`${kind}: ${message}`;

/** The index alone, against what was sent; `poison` is refused by now, and what was published before it stands. */
export async function compareIndex(
	{ docStore, vectorStore }: Pick<Parts, 'docStore' | 'vectorStore'>,
	receipts: Receipts,
	poison: ReadonlySet<Change>,
	judging: Extractor,
): Promise<string[]> {
	const faults: string[] = [];
	for (const change of poison) {
		const document = await docStore.document(change.tenant, change.docId);
		if (document?.state !== 'failed') faults.push(`${keyOf(change)}: refused, and yet ${document?.state}`);
	}
	const newest = newestOf([...receipts.keys()].filter((change) => !poison.has(change)));
	// What the fault had buried before the poison came was not tried again.
	const names = new Set([...poison].map(keyOf));
	const standing: Change[] = [];
	for (const change of newest.values()) {
		const jobs = (receipts.get(change) ?? []).map(({ jobId }) => docStore.job(jobId));
		const isBuried =
			names.has(keyOf(change)) && (await Promise.all(jobs)).some((job) => job?.state === 'failed');
		if (!isBuried) standing.push(change);
	}
	const expected = await Promise.all(
		standing.map(async (change) => ({
			...(await publication(change, judging)),
			versionFault: () => null,
		})),
	);
	const points: StoredPoint[] = [];
	for await (const point of vectorStore.scan(null)) points.push(point);
	return [...faults, ...compare(expected, points).map(told)];
}

/** Everything, of a process that has been stopped. */
export async function judgeFiles(
	bench: Bench,
	world: {
		readonly index: IndexKind;
		readonly dataDir: string;
		readonly collection: string;
		/** Calls that failed. */
		readonly struck: readonly string[];
	},
	receipts: Receipts,
	counted: Evidence['counted'],
): Promise<string[]> {
	const { index, dataDir, collection, struck } = world;
	// A file whose name nobody learned, or that could not be removed, goes at the next opening, and no other may wait for it.
	if (struck.some((call) => call === 'docStore.writeBlob' || call === 'docStore.dropBlob'))
		await (await openSqliteDocStore({ dir: dataDir })).close();
	const contents =
		index === 'qdrant'
			? readQdrantDouble(bench.double, collection)
			: readSqliteVec(join(dataDir, 'vectors.db'));
	const store = withoutBuried(readDocStore(dataDir));
	const uncertain = new Set<Change>();
	const found = await judge({ receipts, uncertain, index: contents, store, counted }, bench.judging);
	const spoolDir = join(dataDir, 'spool');
	const checkpoints = existsSync(spoolDir) ? readdirSync(spoolDir) : [];
	return [...found.map(told), ...checkpoints.map((name) => `other: a checkpoint was left behind, ${name}`)];
}

/** What a fault may have buried, with what waited for it. */
export const buriedWith: ReadonlySet<string> = new Set([...Object.values(refusals), 'successor_failed']);

/** A change that was buried, and replaced later, has ended as well as one that was replaced before. */
function withoutBuried(store: StoreContents): StoreContents {
	const jobs = [...store.jobs].map(([id, job]) => {
		const isBuried = job.state === 'failed' && buriedWith.has(job.errorCode ?? '');
		return [id, isBuried ? { ...job, state: 'superseded' } : job] as const;
	});
	return { ...store, jobs: new Map(jobs) };
}
