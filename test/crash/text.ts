import type { Random } from './random.ts';

/** Documents as lists of sections, and their edits: most sections stay, as they do when people write. */
export type Sections = readonly string[];

const words = (
	'anchor basket candle drawer engine fabric garden hammer island jacket kettle ladder mirror needle orchard ' +
	'pencil quarry ribbon saddle tunnel umbrella valley window yarn zebra naïve Straße façade 索引 文書 Ωmega'
).split(' ');

/** Numbered, so that no two are alike by chance. */
function section(random: Random, format: 'md' | 'txt'): string {
	const text = Array.from({ length: random.int(6, 30) }, () => random.pick(words)).join(' ');
	const body = `${text} ${random.int(0, 0xffffffff).toString(36)}.`;
	return format === 'md' ? `## ${random.pick(words)} ${random.pick(words)}\n\n${body}` : body;
}

const several = (random: Random, format: 'md' | 'txt', count: number): string[] =>
	Array.from({ length: count }, () => section(random, format));

export function newSections(random: Random, format: 'md' | 'txt'): Sections {
	return several(random, format, random.int(1, 7));
}

/** Sections that are, joined, longer than `bytes`. */
export function manySections(random: Random, format: 'md' | 'txt', bytes: number): Sections {
	const sections: string[] = [];
	for (let size = 0; size <= bytes; size += sections.at(-1)?.length ?? 0)
		sections.push(section(random, format));
	return sections;
}

/** One to three edits: replace, insert, remove, repeat, move. */
export function edited(random: Random, format: 'md' | 'txt', before: Sections): Sections {
	const sections = [...before];
	for (let edits = random.int(1, 3); edits > 0; edits -= 1) {
		const at = random.int(0, Math.max(0, sections.length - 1));
		const [chosen] = sections.slice(at, at + 1);
		switch (chosen === undefined ? 1 : random.int(0, 4)) {
			case 0:
				sections.splice(at, 1, section(random, format));
				break;
			case 1:
				sections.splice(at, 0, section(random, format));
				break;
			case 2:
				if (sections.length > 1) sections.splice(at, 1);
				break;
			case 3:
				sections.splice(random.int(0, sections.length), 0, chosen ?? '');
				break;
			default:
				sections.splice(at, 1);
				sections.splice(random.int(0, sections.length), 0, chosen ?? '');
		}
	}
	return sections;
}
