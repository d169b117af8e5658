/**
 * Source code of any language as it is written, cut where a blank line stands before a definition of the outermost
 * level, and in long definitions at any blank line. No language's own grammar is known here.
 */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { linesIn } from './lines.ts';

/** A part of more characters ends at any blank line. */
const LONG_PART = 1_000;

/** Rejects with `unreadable` what is binary. */
export function extractSourceCode(bytes: Uint8Array, mimeType = 'text/x-source'): Document {
	const blocks: Block[] = [];
	let lines: string[] = [];
	let length = 0;
	let hasBlank = false;
	const flush = () => {
		const text = lines.join('\n').trimEnd();
		if (text !== '') blocks.push({ kind: 'code', text });
		lines = [];
		length = 0;
	};
	for (const line of linesIn(decode(bytes, mimeType))) {
		if (line.trim() === '') {
			hasBlank = true;
			continue;
		}
		if (hasBlank && (length > LONG_PART || isOutermost(line))) flush();
		else if (hasBlank && lines.length > 0) lines.push('');
		hasBlank = false;
		lines.push(line.trimEnd());
		length += line.length;
	}
	flush();
	return { title: null, blocks };
}

/** A bracket that closes belongs to what it closes. */
const isOutermost = (line: string) => /^[^\s)}\]]/.test(line);
