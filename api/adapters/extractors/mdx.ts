/** MDX is Markdown with components: imports and exports are left out, the tags of components as HTML's are. */
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { linesIn } from './lines.ts';
import { markdownDocument } from './markdown.ts';

/** Rejects with `unreadable` what is binary. */
export function extractMdx(bytes: Uint8Array, mimeType = 'text/mdx'): Document {
	const kept: string[] = [];
	let fence: string | null = null;
	/** An import or export goes on until the next blank line. */
	let inStatement = false;
	for (const line of linesIn(decode(bytes, mimeType))) {
		const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
		if (mark !== undefined && !inStatement) {
			if (fence === null) fence = mark;
			else if (mark.startsWith(fence)) fence = null;
		}
		if (line.trim() === '') inStatement = false;
		else if (fence === null && /^(?:import|export)\s/.test(line)) inStatement = true;
		if (!inStatement && !(fence === null && isComment(line))) kept.push(line);
	}
	return markdownDocument(kept.join('\n'));
}

const isComment = (line: string) => /^\s*\{\s*\/\*.*\*\/\s*\}\s*$/.test(line);
