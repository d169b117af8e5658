import { verifySqliteVec } from '../../api/adapters/sqlite-vec/verify.ts';
import type { Bench, Result } from './bench.ts';
import { copyOfCorpus } from './corpus.ts';
import { startDocDrop } from './docdrop-process.ts';
import { editFolder, edits } from './folder-edits.ts';
import { settled } from './folder-settled.ts';
import { followFormats } from './follow-formats.ts';
import { compareWithFolder, indexFile, type Difference } from './index-points.ts';
import { printTable, round, type Row } from './table.ts';

/**
 * The edits of a folder, once while the server runs and once while it is stopped: afterwards the index itself
 * holds what the files give, no more and no less. Then the same with files of many formats (follow-formats.ts).
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

	const formats = await followFormats(bench);
	printTable([...rows, ...formats.rows]);
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
			formats: formats.figures,
		},
		faults: [...faults, ...formats.faults],
	};
}
