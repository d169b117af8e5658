/** The headings above a chunk, as one line. Pure. */
import type { ChunkSizes, CountTokens } from './chunk-sizes.ts';

export interface TrailEntry {
	readonly level: number;
	readonly text: string;
}

export const SEPARATOR = ' > ';

/** Deeper headings count as this deep; with TRAIL_CHARS it bounds what is repeated on every chunk. */
export const MAX_DEPTH = 6;
const TRAIL_CHARS = 100;

/** Of a chunk's tokens, one in so many may be its headings'. */
const SHARE_OF_HEADINGS = 4;

/** Null where nothing stands above. */
export function headingOf(
	trail: readonly TrailEntry[],
	title: string | null,
	sizes: ChunkSizes,
): string | null {
	const parts = trail.map(({ text }) => text);
	const above = title === null ? '' : shortened(title);
	if (above !== '' && !says(parts[0] ?? '', above)) parts.unshift(above);
	if (parts.length === 0) return null;
	return 'maxTokens' in sizes
		? fitted(parts, Math.floor(sizes.maxTokens / SHARE_OF_HEADINGS), sizes.count)
		: parts.join(SEPARATOR);
}

/** Whether a heading is the title, or the title but for the name of a site that stands beside it (`Guide | Site`). */
function says(heading: string, title: string): boolean {
	const [own, whole] = [heading.toLowerCase(), title.toLowerCase()];
	if (own === '' || own === whole) return own !== '';
	if (whole.startsWith(own)) return /^ ?[-|:·•«»–—]/.test(whole.slice(own.length));
	return whole.endsWith(own) && /[-|:·•«»–—] ?$/.test(whole.slice(0, -own.length));
}

/** As many of the innermost headings as there is room for; of the last one at least its beginning. */
function fitted(parts: readonly string[], most: number, count: CountTokens): string {
	for (let from = 0; from < parts.length; from += 1) {
		const text = parts.slice(from).join(SEPARATOR);
		if (count(text) <= most) return text;
	}
	let text = parts.at(-1) ?? '';
	while (count(text) > most) text = withoutHalf(text.slice(0, Math.floor(text.length * 0.8)));
	return text;
}

/** A heading as the trail shows it: on one line, cut. Its whole text stands in its section. */
export function shortened(text: string): string {
	const line = text
		.slice(0, TRAIL_CHARS * 4)
		.replace(/\s+/g, ' ')
		.trim();
	return line.length <= TRAIL_CHARS ? line : withoutHalf(line.slice(0, TRAIL_CHARS));
}

/** A character that was cut through goes as a whole. */
const withoutHalf = (text: string) => text.replace(/[\uD800-\uDBFF]$/, '').trimEnd();
