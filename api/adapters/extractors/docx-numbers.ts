/**
 * The numbers that Word shows before headings, clauses and items, and keeps apart from their text: people cite a
 * contract by them. mammoth tells of a list that it has numbers and no more, and begins anew behind whatever stands
 * between two items. So each number goes into the text of its paragraph, between two marks, and comes out of the blocks
 * that are made of it in the end. Pure.
 */
import type { Block } from '../../chunking/index.ts';
import { hasFallback } from './docx-content.ts';
import { numberText } from './number-text.ts';

/** Of private use, so that no text has them. */
const BEGIN = '\ue0f2';
const END = '\ue0f3';

/** A longer one is no number. */
const LONGEST = 40;
const LEVELS = 9;
/** Of styles that are based on each other. */
const DEEPEST_STYLE = 20;

interface Level {
	readonly start: number;
	readonly format: string;
	/** With %1 for the number of the outermost level. */
	readonly text: string;
	/** Whose paragraphs are of this level. */
	readonly style: string | undefined;
	/** The numbers of all levels are digits in it. */
	readonly isLegal: boolean;
}

/** What paragraphs name; several may go on with the numbers of one list. */
interface Numbering {
	readonly list: string;
	/** Where it begins anew, by level. */
	readonly starts: ReadonlyMap<number, number>;
}

interface Style {
	readonly base: string | undefined;
	readonly number: string | undefined;
	readonly level: number | undefined;
}

interface Numbers {
	readonly lists: ReadonlyMap<string, readonly (Level | undefined)[]>;
	readonly numberings: ReadonlyMap<string, Numbering>;
	readonly styles: ReadonlyMap<string, Style>;
	/** By list, the last number of each level. */
	readonly counts: Map<string, (number | undefined)[]>;
	/** Numberings and levels that have begun. */
	readonly begun: Set<string>;
}

const PROPERTIES = /<(\/?)(w:pPr|w:pPrChange|w:tbl|mc:Choice)(?=[\s>])[^>]*>/g;
const LIST = /<w:numPr>.*?<\/w:numPr>/s;
const NO_LIST = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>';

/** The document with the number of each paragraph in its text. */
export function withMarkedNumbers(document: string, numbering: string, styles: string): string {
	if (!numbering.includes('<w:num ')) return document;
	const numbers = readNumbers(numbering, styles);
	const shown: string[] = [];
	let at = 0;
	let begin: number | null = null;
	/** What the paragraph was before a change is noted within its properties. */
	let isBefore = false;
	let tables = 0;
	/** What is shown stands again behind it. */
	let isTwice = false;
	for (const { 0: tag, 1: slash, 2: name, index } of document.matchAll(PROPERTIES)) {
		if (name === 'mc:Choice') isTwice = slash === '' && hasFallback(document, index);
		if (name === 'w:pPrChange') isBefore = slash === '';
		if (name === 'w:tbl') tables += slash === '' ? 1 : -1;
		if (name !== 'w:pPr' || isBefore || isTwice || tag.endsWith('/>')) continue;
		if (slash === '') begin = index + tag.length;
		else if (begin !== null) {
			const properties = document.slice(begin, index);
			const number = numberOf(properties.split('<w:pPrChange', 1)[0] ?? '', numbers);
			const from = begin;
			begin = null;
			if (number === '') continue;
			const end = index + tag.length;
			// A list in a cell would be taken for a sign that the table is there for its layout.
			if (tables > 0) {
				shown.push(document.slice(at, from), properties.replace(LIST, ''), NO_LIST);
				at = index;
			}
			shown.push(
				document.slice(at, end),
				`<w:r><w:t xml:space="preserve">${BEGIN}${number}${END}</w:t></w:r>`,
			);
			at = end;
		}
	}
	return shown.join('') + document.slice(at);
}

const MARKED = new RegExp(`^(?:-?\\d+\\. )?${BEGIN}([^${END}]*)${END}`);
const ANY_MARKED = new RegExp(`${BEGIN}([^${END}]*)${END}`, 'g');

/** The text of a block with its number; '' where it has nothing else. */
export function withNumber(text: string, kind: Block['kind']): string {
	if (!text.includes(BEGIN)) return text;
	const found = kind === 'row' ? null : MARKED.exec(text);
	const rest = text.slice(found?.[0].length ?? 0).replace(ANY_MARKED, '$1 ');
	if (found === null) return rest.replace(/ +(?= |$)/g, '');
	return rest.trim() === '' ? '' : `${found[1]} ${rest.trimStart()}`;
}

function readNumbers(numbering: string, styles: string): Numbers {
	const lists = elements(numbering, 'abstractNum').map(({ tag, content }) => {
		const levels: (Level | undefined)[] = [];
		for (const { tag: lvl, content: level } of elements(content, 'lvl')) {
			const place = Number(attribute(lvl, 'ilvl'));
			if (!(place < LEVELS)) continue;
			levels[place] = {
				start: Number(valueOf(level, 'start') ?? 1),
				format: valueOf(level, 'numFmt') ?? 'decimal',
				text: shortText(valueOf(level, 'lvlText') ?? `%${place + 1}.`),
				style: valueOf(level, 'pStyle'),
				isLegal: /<w:isLgl\s*\/>/.test(level),
			};
		}
		return [attribute(tag, 'abstractNumId') ?? '', levels] as const;
	});
	const numberings = elements(numbering, 'num').map(({ tag, content }) => {
		const starts = elements(content, 'lvlOverride').flatMap(({ tag: override, content: what }) => {
			const start = valueOf(what, 'startOverride');
			return start === undefined ? [] : [[Number(attribute(override, 'ilvl')), Number(start)] as const];
		});
		const list = valueOf(content, 'abstractNumId') ?? '';
		return [attribute(tag, 'numId') ?? '', { list, starts: new Map(starts) }] as const;
	});
	const named = elements(styles, 'style').map(({ tag, content }) => {
		const level = valueOf(content, 'ilvl');
		const style = {
			base: valueOf(content, 'basedOn'),
			number: valueOf(content, 'numId'),
			level: level === undefined ? undefined : Number(level),
		};
		return [attribute(tag, 'styleId') ?? '', style] as const;
	});
	return {
		lists: new Map(lists),
		numberings: new Map(numberings),
		styles: new Map(named),
		counts: new Map(),
		begun: new Set(),
	};
}

/** Of a paragraph by its properties, as it is shown; '' where it has none. */
function numberOf(properties: string, numbers: Numbers): string {
	const place = placeOf(properties, numbers);
	if (place === null) return '';
	const { number, level, numbering, levels } = place;
	const counts = numbers.counts.get(numbering.list) ?? [];
	numbers.counts.set(numbering.list, counts);
	const start = numbering.starts.get(level);
	const isFirst = start !== undefined && !numbers.begun.has(`${number} ${level}`);
	numbers.begun.add(`${number} ${level}`);
	const last = counts[level];
	counts[level] = isFirst ? start : last === undefined ? (levels[level]?.start ?? 1) : last + 1;
	counts.length = level + 1;
	const own = levels[level];
	if (own === undefined || own.format === 'bullet' || own.format === 'none') return '';
	const shown = own.text.replace(/%(\d)/g, (_, digit: string) => {
		const outer = levels[Number(digit) - 1];
		const format = own.isLegal ? 'decimal' : (outer?.format ?? 'decimal');
		return numberText(counts[Number(digit) - 1] ?? outer?.start ?? 1, format);
	});
	return shown.length > LONGEST ? '' : shown.trim();
}

function placeOf(properties: string, { lists, numberings, styles }: Numbers) {
	const styleId = valueOf(properties, 'pStyle');
	let number = valueOf(properties, 'numId');
	let level = valueOf(properties, 'ilvl') as string | number | undefined;
	let style = styleId;
	for (let depth = 0; number === undefined && style !== undefined && depth < DEEPEST_STYLE; depth += 1) {
		number = styles.get(style)?.number;
		level ??= styles.get(style)?.level;
		style = styles.get(style)?.base;
	}
	const numbering = numberings.get(number ?? '');
	const levels = numbering === undefined ? undefined : lists.get(numbering.list);
	if (number === undefined || numbering === undefined || levels === undefined) return null;
	const ofStyle = levels.findIndex((one) => one !== undefined && one.style === styleId);
	const found = Number(level ?? Math.max(0, styleId === undefined ? 0 : ofStyle));
	return found < LEVELS ? { number, level: found, numbering, levels } : null;
}

const shortText = (text: string) => (text.length > LONGEST ? '' : text);

/** Those of a name that have content, none within another. */
const elements = (xml: string, name: string) =>
	xml
		.split(`</w:${name}>`)
		.slice(0, -1)
		.flatMap((part) => {
			const begin = part.lastIndexOf(`<w:${name} `);
			const end = part.indexOf('>', begin);
			return begin < 0 ? [] : [{ tag: part.slice(begin, end), content: part.slice(end + 1) }];
		});

const attribute = (tag: string, name: string): string | undefined =>
	new RegExp(`\\sw:${name}="([^"]*)"`).exec(tag)?.[1];

const valueOf = (xml: string, name: keyof typeof values): string | undefined => values[name].exec(xml)?.[1];

const value = (name: string) => new RegExp(`<w:${name}(?=\\s)[^>]*?\\sw:val="([^"]*)"`);
const values = {
	...{ pStyle: value('pStyle'), numId: value('numId'), ilvl: value('ilvl'), basedOn: value('basedOn') },
	...{ start: value('start'), numFmt: value('numFmt'), lvlText: value('lvlText') },
	...{ startOverride: value('startOverride'), abstractNumId: value('abstractNumId') },
};
