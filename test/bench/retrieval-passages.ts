/**
 * Passages of real documentation with their titles and headings taken out: what a heading asks for can be found by the
 * text below it alone. The English HTML pages of the full corpus, a third of them, chosen by hash; each is read and cut
 * by the extractor that the API uses.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { Bench } from './bench.ts';
import { documentsOf } from './corpus.ts';
import { largeTree } from './large-tree.ts';

export interface Passage {
	/** The document and the number of the passage in it. */
	readonly id: string;
	/** Without any line that is one of its headings. */
	readonly text: string;
	/** The heading of its section; null before the first. */
	readonly heading: string | null;
	/** Document and path of headings: passages of one section have it in common. */
	readonly section: string;
}

/** A folder named after a language, such as de-DE. */
const otherLanguage = /\/(?!en-US\/)[a-z]{2}-[A-Z]{2}\//;

export async function passagesOf(bench: Bench): Promise<Passage[]> {
	const extractor = createInProcessExtractor();
	const passages: Passage[] = [];
	for (const { docId, path, mimeType } of await documentsOf((await largeTree(bench)).dir)) {
		bench.signal.throwIfAborted();
		if (mimeType !== 'text/html' || otherLanguage.test(docId) || byteOf(docId) % 3 !== 0) continue;
		const read = await extractor.extract({ content: await readFile(path), mimeType }).catch(() => null);
		for (const [at, { heading, text }] of (read?.chunks ?? []).entries()) {
			const trail = heading?.split(' > ') ?? [];
			const left = withoutHeadings(text, trail);
			if (left === '') continue;
			const last = trail.at(-1)?.replace(/\s*[¶#\u00b6]$/, '') ?? null;
			passages.push({ id: `${docId} ${at}`, text: left, heading: last, section: `${docId} ${heading}` });
		}
	}
	return passages;
}

function withoutHeadings(text: string, trail: readonly string[]): string {
	const said = new Set(trail.map(plain));
	return text
		.split('\n')
		.filter((line) => line.trim() === '' || !said.has(plain(line).slice(0, 100)))
		.join('\n')
		.trim();
}

const plain = (line: string) => line.replace(/\s+/g, ' ').trim().slice(0, 100);

export const byteOf = (text: string): number => createHash('sha256').update(text).digest()[0] ?? 0;
