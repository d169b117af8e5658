const MOST_RANGES = 20;
const andList = new Intl.ListFormat('en-GB');

/** `page 3`, `pages 3, 7 to 9 and 12`: numbers in order, for people; the first of them where they are many. */
export function pageList(pages: readonly number[]): string {
	const ranges: [from: number, to: number][] = [];
	for (const page of pages) {
		const last = ranges.at(-1);
		if (last !== undefined && last[1] === page - 1) last[1] = page;
		else ranges.push([page, page]);
	}
	const words = ranges
		.slice(0, MOST_RANGES)
		.map(([from, to]) =>
			from === to ? String(from) : from + 1 === to ? `${from}, ${to}` : `${from} to ${to}`,
		);
	const left = ranges.slice(MOST_RANGES).reduce((sum, [from, to]) => sum + to - from + 1, 0);
	if (left > 0) words.push(`${left} more`);
	return `${pages.length === 1 ? 'page' : 'pages'} ${andList.format(words.flatMap((word) => word.split(', ')))}`;
}
