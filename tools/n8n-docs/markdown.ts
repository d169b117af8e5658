/** Tables and texts of Markdown. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** A text of a panel or a comment, for a cell of a table: in one line, expressions and patterns as code. */
export const cell = (text: string): string =>
	text
		.replaceAll(/\s*\n\s*/g, ' ')
		.replaceAll(/(?<!`)\{\{.*?\}\}(?!`)/g, (expression) => `\`${expression}\``)
		.replaceAll('|', '\\|')
		.replaceAll('<', '&lt;');

/** Sentences, each ended. */
export const sentences = (...parts: readonly (string | undefined)[]): string =>
	parts
		.filter((part) => part !== undefined && part !== '')
		.map((part) => (/[.!?:]$/.test(part as string) ? part : `${part as string}.`))
		.join(' ');
