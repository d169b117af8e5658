/** Synonyms of English words from WordNet 3.0, as Debian's package wordnet-base has it: unpacked, never installed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

const run = promisify(execFile);
const kinds = ['noun', 'verb', 'adj'] as const;

/** The first other word of the most frequent sense, the kind of word that comes first deciding; null where there is none. */
export async function openSynonyms(bench: Bench): Promise<(word: string) => string | null> {
	const dir = await findWordnet(bench);
	const tables = await Promise.all(
		kinds.map(async (kind) => ({
			senses: sensesOf(await readFile(join(dir, `index.${kind}`), 'latin1')),
			data: await readFile(join(dir, `data.${kind}`), 'latin1'),
		})),
	);
	return (word) => {
		const table = tables.find(({ senses }) => senses.has(word));
		if (table === undefined) return null;
		const words = wordsAt(table.data, table.senses.get(word) ?? 0);
		return words.find((other) => other.toLowerCase() !== word)?.replaceAll('_', ' ') ?? null;
	};
}

/** By word, where the synset of its first sense stands in the file of data. */
function sensesOf(index: string): Map<string, number> {
	const senses = new Map<string, number>();
	for (const line of index.split('\n')) {
		if (line === '' || line.startsWith(' ')) continue;
		const fields = line.trim().split(/\s+/);
		const synsets = Number(fields[2]);
		senses.set(fields[0] ?? '', Number(fields[fields.length - synsets]));
	}
	return senses;
}

/** A synset's line: place, file, kind, number of words in hexadecimal, then each word and a number. */
function wordsAt(data: string, place: number): string[] {
	const fields = data.slice(place, data.indexOf('\n', place)).split(' ');
	const count = Number.parseInt(fields[3] ?? '0', 16);
	return Array.from({ length: count }, (_, nth) => (fields[4 + 2 * nth] ?? '').replace(/\(.*\)$/, ''));
}

async function findWordnet({ signal }: Bench): Promise<string> {
	const named = process.env['BENCH_WORDNET'];
	if (named !== undefined && named !== '') return named;
	const dir = join(tmpdir(), 'docdrop-wordnet');
	const found = join(dir, 'usr', 'share', 'wordnet');
	if (existsSync(join(found, 'data.noun'))) return found;
	await run('mkdir', ['-p', dir]);
	await run('apt-get', ['download', '-q', 'wordnet-base'], { cwd: dir, signal });
	const deb = (await readdir(dir)).find((name) => name.endsWith('.deb'));
	if (deb === undefined)
		throw new Error('no WordNet: set BENCH_WORDNET to its folder of index and data files');
	await run('dpkg-deb', ['-x', deb, '.'], { cwd: dir, signal });
	return found;
}
