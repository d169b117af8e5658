/**
 * The content of an OpenDocument text in such a shape that officeparser sees all of it: it passes over tables within
 * items of a list, and over lists and sections within the cells of a table. Pure.
 */

const TAGS = /<(\/?)(text:list-item|text:list-header|text:list|text:section|table:table)(?=[\s/>])[^>]*>/g;

interface Open {
	readonly name: string;
	/** A table that was put into an entry of its own, without a number, between two parts of its item. */
	readonly isLifted: boolean;
}

/** Null where nothing is to be changed. */
export function shownContent(xml: string): string | null {
	const open: Open[] = [];
	let tables = 0;
	let isChanged = false;
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
