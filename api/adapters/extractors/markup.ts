/** Gathers the lines of a document in a light markup language into blocks. */
import type { Block } from '../../chunking/index.ts';

/** Text goes on in lines until a blank one, or until something else begins. */
export function createMarkup(push: (block: Block) => void) {
	let lines: string[] = [];
	/** Of the item at hand; null in a paragraph. */
	let level: number | null = null;
	let code: string[] = [];

	function endText(): void {
		const text = lines.join('\n').trim();
		if (text !== '') push(level === null ? { kind: 'paragraph', text } : { kind: 'item', level, text });
		lines = [];
		level = null;
	}
	return {
		endText,
		/** A blank line ends the text. */
		text(line: string): void {
			if (line.trim() === '') endText();
			else lines.push(line.trim());
		},
		heading(level: number, text: string): void {
			endText();
			if (text.trim() !== '') push({ kind: 'heading', level, text: text.trim() });
		},
		item(depth: number, text: string): void {
			endText();
			level = depth;
			lines.push(text.trim());
		},
		row(text: string): void {
			endText();
			if (text !== '') push({ kind: 'row', text });
		},
		code: (line: string): void => void code.push(line.trimEnd()),
		endCode(): void {
			const text = code.join('\n').replace(/^\n+/, '').trimEnd();
			if (text !== '') push({ kind: 'code', text });
			code = [];
		},
	};
}
