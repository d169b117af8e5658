import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type {
	Chunk,
	DocumentFacts,
	Extracted,
	ExtractInput,
	Extractor,
} from '../../../api/ports/extractor.ts';

/**
 * An extractor that remembers what it has made of a content, over thousands of runs with the same documents: the
 * same input gives the same chunks, as the port promises. Files are read each time.
 */
export function remembering(extractor: Extractor): Extractor {
	const extracted = new Map<string, Extracted>();
	const streamed = new Map<string, { readonly facts: DocumentFacts; readonly pages: readonly Chunk[][] }>();
	async function keyOf({ content, mimeType }: ExtractInput): Promise<string | null> {
		const bytes = 'file' in content ? await readFile(content.file).catch(() => null) : content;
		return bytes === null ? null : `${mimeType} ${hash('sha256', bytes)}`;
	}
	return {
		...extractor,
		async extract(input, signal) {
			const key = await keyOf(input);
			const known = key === null ? undefined : extracted.get(key);
			if (known !== undefined) return known;
			const made = await extractor.extract(input, signal);
			if (key !== null) extracted.set(key, made);
			return made;
		},
		async stream(input, sink, signal) {
			const key = await keyOf(input);
			const known = key === null ? undefined : streamed.get(key);
			if (known !== undefined) {
				await sink.begin();
				for (const page of known.pages) await sink.page(page);
				return known.facts;
			}
			let pages: Chunk[][] = [];
			const begin = () => ((pages = []), sink.begin());
			const page = (chunks: readonly Chunk[]) => (pages.push([...chunks]), sink.page(chunks));
			const facts = await extractor.stream(input, { begin, page }, signal);
			if (key !== null) streamed.set(key, { facts, pages });
			return facts;
		},
	};
}
