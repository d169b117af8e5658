import { verifySqliteVec } from '../../api/adapters/sqlite-vec/verify.ts';
import type { Bench, Result } from './bench.ts';
import { copyOfCorpus, documentsOf } from './corpus.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { editFolder, edits } from './folder-edits.ts';
import { compareWithFolder, indexFile, type Difference } from './index-points.ts';
import { printTable, round, type Row } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * The edits of a folder, once while the server runs and once while it is stopped: afterwards the index itself
 * holds what the files give, no more and no less.
 */
const graceMs = 5_000;

export async function run(bench: Bench): Promise<Result> {
	const inbox = await copyOfCorpus(bench);
	const dataDir = await bench.temp();
	const faults: string[] = [];
	const rows: Row[] = [];
	const phases: (Difference & { readonly seconds: number })[] = [];

	async function check(name: string, seconds: number): Promise<void> {
		const found = await compareWithFolder(indexFile(dataDir), inbox);
		const sound = verifySqliteVec(indexFile(dataDir));
		phases.push({ ...found, seconds });
		for (const fault of sound.faults) faults.push(`${name}: the index itself: ${fault}`);
		for (const kind of ['duplicates', 'leftovers', 'missing', 'misordered', 'stale'] as const) {
			if (found[kind] > 0) faults.push(`${name}: ${found[kind]} ${kind}`);
		}
		const { docs, chunks, duplicates, leftovers, missing, misordered, stale } = found;
		rows.push(
			[name, round(seconds, 1), 's from the last edit, or the start, to settled'],
			['  documents', docs, `${chunks} chunks in their files, ${sound.points} points in the index`],
			['  duplicates', duplicates],
			['  leftovers', leftovers],
			['  missing', missing],
			['  misordered', misordered],
			['  stale', stale],
		);
	}

	let server = await startDocDrop(bench, ['watch', inbox], dataDir);
	await settled(bench, server, inbox, 0);
	await editFolder(inbox, 1);
	let start = Date.now();
	await settled(bench, server, inbox, start + graceMs);
	const running = (Date.now() - start) / 1000;
	await server.stop();
	await check('edited while it ran', running);

	await editFolder(inbox, 2);
	server = await startDocDrop(bench, ['watch', inbox], dataDir);
	start = server.readyAt;
	await settled(bench, server, inbox, start + graceMs);
	const stopped = (Date.now() - start) / 1000;
	await server.stop();
	await check('edited while it was stopped', stopped);

	printTable(rows);
	const sum = (kind: 'duplicates' | 'leftovers' | 'missing' | 'misordered' | 'stale') =>
		phases.reduce((total, phase) => total + phase[kind], 0);
	return {
		figures: {
			docs: phases.at(-1)?.docs,
			duplicates: sum('duplicates'),
			leftovers: sum('leftovers'),
			missing: sum('missing'),
			misordered: sum('misordered'),
			stale: sum('stale'),
			...edits,
			secondsRunning: round(running, 1),
			secondsStopped: round(stopped, 1),
		},
		faults,
	};
}

/** Nothing on its way, as many documents as files, and a scan since `since` (wall time) that found nothing. */
async function settled(bench: Bench, server: DocDrop, inbox: string, since: number): Promise<void> {
	const files = (await documentsOf(inbox)).length;
	await waitUntil(
		async () => {
			const { documents, pending, inWork, failed, folders } = await server.status();
			if (failed > 0) throw new Error(`${failed} documents failed`);
			const [root] = folders[0]?.roots ?? [];
			const verifiedAt = root?.verifiedAt == null ? 0 : Date.parse(root.verifiedAt);
			const isQuiet = root !== undefined && root.pending + root.inFlight + pending + inWork === 0;
			return isQuiet && documents === files && verifiedAt > since;
		},
		100,
		bench.signal,
	);
}
