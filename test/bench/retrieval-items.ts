/**
 * Queries whose answers are known, made from headings by rule. What is wanted is every passage of the heading's section,
 * from which the heading was taken out. Only headings that stand once in the whole corpus, over a section of 200
 * characters and up to 8 passages:
 *
 * - headings: three to ten words, two of them of four letters or more.
 * - identifiers: one word with an underscore, a colon, an inner capital or a call's brackets.
 * - paraphrases: of the headings those in which two words or more have a synonym in WordNet (the first other word of
 *   their most frequent sense, as a noun, else as a verb, else as an adjective) that its section does not have;
 *   these words are replaced.
 */
import { termsOf } from '../../api/chunking/index.ts';
import { byteOf, type Passage } from './retrieval-passages.ts';

export interface Item {
	readonly query: string;
	/** Ids of passages. */
	readonly wanted: readonly string[];
}

/** Of each set, for tuning and for the verdict together. */
const most = { headings: 1_200, identifiers: 400, paraphrases: 400 };
const [fewestChars, mostPassages] = [200, 8];

/** `headings`, `headings-dev` and so on. */
export function itemsOf(
	passages: readonly Passage[],
	synonymOf: (word: string) => string | null,
): Map<string, Item[]> {
	const sections = [...Map.groupBy(passages, ({ section }) => section).values()];
	const named = Map.groupBy(sections, ([first]) => queryOf(first?.heading ?? '').toLowerCase());
	const single = [...named.values()].flatMap(([section, ...others]) =>
		section === undefined || others.length > 0 ? [] : [section],
	);
	const usable = single.filter(
		(section) =>
			section.length <= mostPassages &&
			section.reduce((sum, { text }) => sum + text.length, 0) >= fewestChars,
	);
	const items = usable.map((section) => ({
		query: queryOf(section[0]?.heading ?? ''),
		wanted: section.map(({ id }) => id),
		terms: new Set(section.flatMap(({ text }) => termsOf(text))),
	}));
	const headings = items.filter(({ query }) => isHeading(query));
	const paraphrases = headings.flatMap(({ query, wanted, terms }) => {
		const other = paraphrased(query, terms, synonymOf);
		return other === null ? [] : [{ query: other, wanted }];
	});
	const identifiers = items.filter(({ query }) => isIdentifier(query));
	return split({ headings, identifiers, paraphrases });
}

/** Without the numbers and signs that headings have around them. */
const queryOf = (heading: string): string =>
	heading
		.replace(/^[\d.]+\s+/, '')
		.replace(/[¶\u00b6]/g, '')
		.trim();

function isHeading(query: string): boolean {
	const words = query.split(/\s+/);
	return words.length >= 3 && words.length <= 10 && (query.match(/[A-Za-z]{4,}/g) ?? []).length >= 2;
}

const isIdentifier = (query: string): boolean =>
	/^[A-Za-z_][\w:.]{3,}(\(\))?$/.test(query) && /_|::|[a-z][A-Z]|\(\)$/.test(query);

function paraphrased(
	query: string,
	terms: ReadonlySet<string>,
	synonymOf: (word: string) => string | null,
): string | null {
	let replaced = 0;
	const other = query.replace(/[A-Za-z]{4,}/g, (word) => {
		const synonym = synonymOf(word.toLowerCase());
		if (synonym === null || termsOf(synonym).some((term) => terms.has(term))) return word;
		replaced += 1;
		return synonym;
	});
	return replaced < 2 ? null : other;
}

function split(sets: Readonly<Record<keyof typeof most, readonly Item[]>>): Map<string, Item[]> {
	const halves = new Map<string, Item[]>();
	for (const [set, items] of Object.entries(sets)) {
		const chosen = items
			.toSorted((a, b) => byteOf(a.query) - byteOf(b.query) || (a.query < b.query ? -1 : 1))
			.slice(0, most[set as keyof typeof most]);
		// The choice above goes by the same hash: the halves go by another one.
		const isDev = ({ query }: Item) => byteOf(`half of ${query}`) < 128;
		halves.set(set, chosen.filter((item) => !isDev(item)).map(itemOf));
		halves.set(`${set}-dev`, chosen.filter(isDev).map(itemOf));
	}
	return halves;
}

const itemOf = ({ query, wanted }: Item): Item => ({ query, wanted });
