/** Words with a reading beside them, as Japanese and Chinese texts have them. */
export interface Ruby {
	/** The one at hand; signs around a reading are for browsers that do not know it. */
	part: 'words' | 'reading' | 'signs';
	reading: string;
}

const PARTS: Readonly<Record<string, Ruby['part']>> = { rb: 'words', rt: 'reading', rp: 'signs' };

export const newRuby = (): Ruby => ({ part: 'words', reading: '' });

export function rubyPartBegins(ruby: Ruby, element: string): void {
	ruby.part = PARTS[element] ?? ruby.part;
}

export function rubyPartEnds(ruby: Ruby, element: string): void {
	if (PARTS[element] !== undefined) ruby.part = 'words';
}

/** Takes what is no word; the words stay whole, whether each sign has its reading or all of them have one. */
export function takesText(ruby: Ruby, text: string): boolean {
	if (ruby.part === 'reading') ruby.reading += text;
	return ruby.part !== 'words';
}

/** What follows the words. */
export function readingOf({ reading }: Ruby): string {
	const shown = reading.trim();
	return shown === '' ? '' : `(${shown})`;
}
