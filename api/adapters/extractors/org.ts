/** Org mode to blocks: headings without their keywords and tags, paragraphs, items, rows of tables, blocks as code. */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { linesIn } from './lines.ts';
import { createMarkup } from './markup.ts';

/** Rejects with `unreadable` what is binary. */
export function extractOrg(bytes: Uint8Array, mimeType = 'text/x-org'): Document {
	const blocks: Block[] = [];
	const markup = createMarkup((block) => blocks.push(block));
	let title: string | null = null;
	/** What is open: code, text that is no code, or a drawer, which is left out. */
	let open: 'code' | 'drawer' | null = null;
	for (const line of linesIn(decode(bytes, mimeType))) {
		const text = line.trim();
		const heading =
			/^(\*+)\s+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#[A-Z]\]\s+)?(.*?)(?:\s+:[\w@#%:]{1,200}:)?$/.exec(
				line.length > 2_000 ? '' : line.trimEnd(),
			);
		const item = /^(\s*)(?:[-+]|\d+[.)])\s+(?:\[[ X-]\]\s+)?(\S.*)$/.exec(line);
		if (open === 'code') {
			if (/^#\+end_/i.test(text)) {
				markup.endCode();
				open = null;
			} else markup.code(line);
		} else if (open === 'drawer') {
			if (/^:end:$/i.test(text)) open = null;
		} else if (/^#\+begin_(?:src|example|export)/i.test(text)) {
			markup.endText();
			open = 'code';
		} else if (/^:[\w-]{1,60}:$/.test(text)) open = 'drawer';
		else if (/^#\+title:/i.test(text)) title ??= text.slice(8).trim().slice(0, 300) || null;
		else if (/^#(?:\+|\s|$)/.test(text)) markup.endText();
		else if (heading !== null) markup.heading(heading[1]?.length ?? 1, clean(heading[2] ?? ''));
		else if (text.startsWith('|')) {
			const cells = text.split('|').map((cell) => clean(cell.trim()));
			if (!/^\|[-+|]*$/.test(text)) markup.row(cells.filter((cell) => cell !== '').join(' | '));
		} else if (item !== null)
			markup.item(Math.min(Math.floor((item[1]?.length ?? 0) / 2) + 1, 6), clean(item[2] ?? ''));
		else markup.text(clean(text));
	}
	markup.endCode();
	markup.endText();
	const first = blocks.find((block) => block.kind === 'heading');
	return { title: title ?? first?.text ?? null, blocks };
}

/** Links give their text, or where they lead. */
const clean = (text: string) =>
	text.replace(
		/\[\[([^[\]]{1,1000})\](?:\[([^[\]]{1,500})\])?\]/g,
		(_, target: string, label?: string) => label ?? target,
	);
