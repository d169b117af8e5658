/** In characters; what is longer is no name of a column. */
const LONGEST_NAME = 80;

const NUMBER = /^[-+(]?\p{Sc}?\d[\d\s.,:/%()TeE+-]*$/u;

const isColumnName = (cell: string): boolean => cell.length <= LONGEST_NAME && !NUMBER.test(cell);

/**
 * Whether the first row of a table without markup names its columns: none by a number, and most by a name of their own.
 * Some tables have a name twice, such as one of an amount for each of two years.
 */
export function isHeaderRow(cells: readonly string[]): boolean {
	const names = cells.filter((cell) => cell !== '');
	const different = new Set(names).size;
	if (different < 2 || different * 2 <= names.length || names.length * 2 < cells.length) return false;
	return names.every(isColumnName);
}
