/** In characters; what is longer is no name of a column. */
const LONGEST_NAME = 80;

const NUMBER = /^[-+(]?\p{Sc}?\d[\d\s.,:/%()TeE+-]*$/u;

/** Whether a cell may name its column. */
export const isColumnName = (cell: string): boolean => cell.length <= LONGEST_NAME && !NUMBER.test(cell);

/** Whether the first row of a table without markup names its columns: each by another name, and none by a number. */
export function isHeaderRow(cells: readonly string[]): boolean {
	const names = cells.filter((cell) => cell !== '');
	if (names.length < 2 || names.length * 2 < cells.length || new Set(names).size < names.length) return false;
	return names.every(isColumnName);
}
