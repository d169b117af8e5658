import { builtInTable } from '../../api/adapters/embedders/static-table.ts';
import { createStaticVector } from '../../api/adapters/embedders/static-vector.ts';
import { createRandom } from '../crash/random.ts';
import { lexicalVector } from '../support/lexical-vector.ts';
import type { Bench, Result } from './bench.ts';
import { printTable, round } from './table.ts';

/**
 * Texts of 80 words to vectors, for each second that one core works, by the built-in embedder and by the hashed words that
 * it took the place of; and how long it takes until the first text can be embedded, in a process that has done nothing
 * before. The words are those of the table's own vocabulary and parts of words of no vocabulary, as in real texts.
 */
const texts = 2_000;
const wordsPerText = 80;
const rounds = 7;

export async function run(bench: Bench): Promise<Result> {
	const memory = process.memoryUsage().rss;
	const start = performance.now();
	const table = await builtInTable();
	const staticVector = createStaticVector(table);
	staticVector('the first text');
	const loadMs = round(performance.now() - start, 1);
	const grown = round((process.memoryUsage().rss - memory) / 1_048_576, 1);
	const corpus = madeTexts();
	const rows = [
		{ name: 'static', textsPerSecondPerCore: best(bench, corpus, staticVector), loadMs },
		{ name: 'lexical', textsPerSecondPerCore: best(bench, corpus, lexicalVector), loadMs: 0 },
	];
	printTable([
		...rows.map(
			({ name, textsPerSecondPerCore }) =>
				[`${name}, texts a second`, textsPerSecondPerCore, `of ${wordsPerText} words, one core`] as const,
		),
		['static, load, ms', loadMs, 'read, verified, unpacked, and the first text'],
		['static, memory, MB', grown, 'of this process, by the load'],
	]);
	return { figures: { rows, memoryMb: grown }, faults: [] };
}

/** Of the best round: what others do on this machine meanwhile makes a round slower, never faster. */
function best(bench: Bench, corpus: readonly string[], vectorOf: (text: string) => Float32Array): number {
	const rates = Array.from({ length: rounds }, () => {
		bench.signal.throwIfAborted();
		const before = process.cpuUsage();
		for (const text of corpus) vectorOf(text);
		const { user, system } = process.cpuUsage(before);
		return (corpus.length * 1e6) / (user + system);
	});
	return Math.round(Math.max(...rates));
}

const common =
	'the of and to a in is it that for on with as are be this by or from at an which when if not can has ' +
	'will was have each other only its more than may must use used then also they their there these such';
const technical =
	'document folder index file change server search vector settings configuration embedded repository library ' +
	'password restart installation permission directory connection timeout transaction queue thread memory ' +
	'kubernetes postgresql websocket serialization getUserById CMAKE_INSTALL_RPATH reconciliation idempotent';

function madeTexts(): string[] {
	const random = createRandom(80, 2);
	const pick = (words: readonly string[]) => words[random.int(0, words.length - 1)] ?? '';
	const [commonWords, technicalWords] = [common.split(' '), technical.split(' ')];
	const made = () =>
		Array.from({ length: random.int(3, 9) }, () => String.fromCharCode(random.int(97, 122))).join('');
	const word = () => {
		const which = random.next();
		return which < 0.5 ? pick(commonWords) : which < 0.9 ? pick(technicalWords) : made();
	};
	return Array.from({ length: texts }, () => `${Array.from({ length: wordsPerText }, word).join(' ')}.`);
}
