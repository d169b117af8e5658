/**
 * The content of an OpenDocument text in such a shape that officeparser sees all of it: it passes over tables within
 * items of a list, and over lists and sections within the cells of a table. What is hidden from readers is left out.
 * Pure.
 */

const TAGS = /<(\/?)(text:list-item|text:list-header|text:list|text:section|table:table)(?=[\s/>])[^>]*>/g;

interface Open {
	readonly name: string;
	/** A table that was put into an entry of its own, without a number, between two parts of its item. */
	readonly isLifted: boolean;
}

/** Null where nothing is to be changed. */
export function shownContent(content: string): string | null {
	const xml = withoutHidden(content);
	const open: Open[] = [];
	let tables = 0;
	let isChanged = xml !== content;
	const changed = (text: string) => {
		isChanged = true;
		return text;
	};
	const shown = xml.replace(TAGS, (tag: string, slash: string, name: string) => {
		if (tag.endsWith('/>')) return tag;
		// The text of a cell is one line, whatever is in it: its paragraphs may stand side by side.
		if (tables > 0 && name !== 'table:table') return changed('');
		if (slash === '') {
			const isLifted = name === 'table:table' && open.at(-1)?.name === 'text:list-item';
			open.push({ name, isLifted });
			if (name === 'table:table') tables += 1;
			return isLifted ? changed(`</text:list-item><text:list-header>${tag}`) : tag;
		}
		if (open.at(-1)?.name !== name) return tag;
		if (name === 'table:table') tables -= 1;
		return open.pop()?.isLifted === true ? `${tag}</text:list-header><text:list-item>` : tag;
	});
	return isChanged ? shown : null;
}

const HIDDEN = 'text:display="none"';
const SPANS = /<(\/?)text:span(?=[\s/>])([^>]*)>/g;

/** Without what stands in a style that hides it. */
function withoutHidden(xml: string): string {
	if (!xml.includes(HIDDEN)) return xml;
	const styles = new Set(
		xml.split('</style:style>').flatMap((part) => {
			const style = part.slice(part.lastIndexOf('<style:style '));
			return style.includes(HIDDEN) ? (/\sstyle:name="([^"]*)"/.exec(style)?.[1] ?? []) : [];
		}),
	);
	const shown: string[] = [];
	let at = 0;
	let depth = 0;
	/** How deep the hidden one lies; null outside of one. */
	let hidden: number | null = null;
	for (const { 0: tag, 1: slash, 2: attributes = '', index } of xml.matchAll(SPANS)) {
		if (tag.endsWith('/>')) continue;
		depth += slash === '' ? 1 : -1;
		const style = /\stext:style-name="([^"]*)"/.exec(attributes)?.[1] ?? '';
		if (slash === '' && hidden === null && styles.has(style)) {
			hidden = depth;
			shown.push(xml.slice(at, index));
		} else if (slash === '/' && hidden !== null && depth < hidden) {
			hidden = null;
			at = index + tag.length;
		}
	}
	if (hidden === null) shown.push(xml.slice(at));
	return hidden === null ? shown.join('') : xml;
}
