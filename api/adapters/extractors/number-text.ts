/** A number as an office document writes it, by Word's names for the ways. */
export function numberText(value: number, format: string): string {
	if (!Number.isSafeInteger(value) || value < 1 || value > MOST) return String(value);
	switch (format) {
		case 'lowerLetter':
			return letters(value);
		case 'upperLetter':
			return letters(value).toUpperCase();
		case 'lowerRoman':
			return roman(value);
		case 'upperRoman':
			return roman(value).toUpperCase();
		case 'decimalZero':
			return String(value).padStart(2, '0');
		default:
			return String(value);
	}
}

/** What is above it stands in digits: letters are doubled behind z, and a thousand is a letter. */
const MOST = 3_999;

/** a to z, then aa, bb. */
const letters = (value: number) => String.fromCharCode(97 + ((value - 1) % 26)).repeat(Math.ceil(value / 26));

const signs = [
	...([
		[1000, 'm'],
		[900, 'cm'],
		[500, 'd'],
		[400, 'cd'],
		[100, 'c'],
		[90, 'xc'],
	] as const),
	...([
		[50, 'l'],
		[40, 'xl'],
		[10, 'x'],
		[9, 'ix'],
		[5, 'v'],
		[4, 'iv'],
		[1, 'i'],
	] as const),
] as const;

function roman(value: number): string {
	let text = '';
	let left = value;
	for (const [worth, sign] of signs) {
		while (left >= worth) {
			text += sign;
			left -= worth;
		}
	}
	return text;
}
