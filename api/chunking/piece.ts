import { createHash } from 'node:crypto';
import { MAX_DEPTH, SEPARATOR, shortened } from './heading-trail.ts';

/** A chunk as the chunker gives it. */
export interface Piece {
	readonly text: string;
	/** Title and headings above, outermost first, joined by ` > `; null where there are none. */
	readonly heading: string | null;
	/** Where the piece begins (its overlap aside); null where the format has no pages. */
	readonly page: number | null;
	/** Of the text that is embedded, where sizes are in tokens. No part of its identity. */
	readonly tokens?: number;
}

/**
 * SHA-256, hex, over heading, page and text, each with its length in bytes before it; a null differs from
 * every text. The chunk's identity within its document.
 */
export function chunkHash({ text, heading, page }: Piece): string {
	const hash = createHash('sha256');
	for (const part of [heading, page === null ? null : String(page), text]) {
		hash.update(part === null ? '-;' : `${Buffer.byteLength(part)};`);
		if (part !== null) hash.update(part);
	}
	return hash.digest('hex');
}

/**
 * A chunk as the embedder and full-text search see it: its text below the headings above it, each of them once.
 * A section's first chunk begins with the headings of its section; only their parents go in front of it.
 */
export function embeddedText({ heading, text }: Pick<Piece, 'heading' | 'text'>): string {
	if (heading === null) return text;
	const firstLines = text.split(/\n{2,}/, MAX_DEPTH).map(shortened);
	for (let count = firstLines.length; count > 0; count -= 1) {
		const own = firstLines.slice(0, count).join(SEPARATOR);
		if (heading === own) return text;
		if (heading.endsWith(SEPARATOR + own)) return `${heading.slice(0, -(SEPARATOR + own).length)}\n${text}`;
	}
	return `${heading}\n${text}`;
}
