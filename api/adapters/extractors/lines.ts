/** The lines of a text without their ends; a form feed ends a line too. */
export function* linesIn(text: string): Generator<string> {
	for (let from = 0; from <= text.length;) {
		const found = text.indexOf('\n', from);
		const to = found < 0 ? text.length : found;
		const line = text.slice(from, to);
		if (line.includes('\f')) yield* line.split('\f');
		else yield line;
		from = to + 1;
	}
}
