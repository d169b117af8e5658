/**
 * A message, whatever file it came from, to blocks: its subject as the heading of all, from, to and date as a short
 * paragraph, its body, and each attachment that can be read below a heading with its file's name. The other ones are
 * named.
 */
import type { Block } from '../../chunking/index.ts';
import { isDocDropError } from '../../errors.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';
import { htmlBlocks } from './html.ts';
import { textDocument } from './text.ts';
import { oneLine } from './one-line.ts';

export interface Mail {
	readonly subject: string | null;
	/** Names and values of what is said of it, such as From. */
	readonly fields: readonly (readonly [name: string, value: string | null])[];
	readonly body: readonly Block[];
	readonly attachments: readonly Attachment[];
}

export interface Attachment {
	readonly name: string | null;
	/** As the sender says. */
	readonly mimeType: string | null;
	readonly bytes: Uint8Array;
}

/** What a reader of messages knows of where it is. */
export interface Nesting {
	/** Messages around the one at hand. */
	readonly depth: number;
	/** Shared by all of a file's messages. */
	readonly left: { attachments: number };
	/** Reads an attachment as its own type; null where no reader takes it. */
	readonly read: (attachment: Attachment, nesting: Nesting) => Promise<Document | null>;
}

/** A message in a message in a message: deeper ones are named only. */
const DEEPEST = 3;
const MOST_ATTACHMENTS = 50;

export const outermost = (read: Nesting['read']): Nesting => ({
	depth: 0,
	left: { attachments: MOST_ATTACHMENTS },
	read,
});

export async function mailDocument(mail: Mail, nesting: Nesting): Promise<Document> {
	const title = oneLine(mail.subject ?? '');
	const blocks: Block[] = title === '' ? [] : [{ kind: 'heading', level: 1, text: title }];
	const fields = mail.fields.flatMap(([name, value]) => {
		const text = oneLine(value ?? '');
		return text === '' ? [] : [`${name}: ${text}`];
	});
	if (fields.length > 0) blocks.push({ kind: 'paragraph', text: fields.join('\n') });
	blocks.push(...mail.body.map(below(1)));
	const attached = await attachmentBlocks(mail.attachments, nesting);
	return {
		title: title === '' ? null : title.slice(0, LONGEST_TITLE),
		blocks: [...blocks, ...attached.blocks],
		warnings: attached.warnings,
	};
}

async function attachmentBlocks(attachments: readonly Attachment[], nesting: Nesting) {
	const blocks: Block[] = [];
	const unread: string[] = [];
	const warnings: string[] = [];
	let beyond = 0;
	for (const attachment of attachments) {
		const name = oneLine(attachment.name ?? '').slice(0, LONGEST_TITLE);
		const found = nesting.left.attachments > 0 ? await readAttachment(attachment, nesting) : BEYOND;
		const shown = name || (typeof found === 'object' && found?.title) || 'attachment';
		if (found === BEYOND) beyond += 1;
		else if (typeof found === 'string')
			warnings.push(`the attachment ${JSON.stringify(shown)} was not read: ${found}`);
		if (found === null || typeof found === 'string') unread.push(shown);
		else {
			// A message in a message has no name but its subject, which is its own heading.
			if (name !== '') blocks.push({ kind: 'heading', level: 2, text: name });
			blocks.push(...found.blocks.map(below(name === '' ? 1 : 2)));
			warnings.push(...(found.warnings ?? []).map((warning) => `${shown}: ${warning}`));
		}
	}
	if (unread.length > 0) {
		blocks.push({ kind: 'heading', level: 2, text: 'Other attachments' });
		for (const text of unread) blocks.push({ kind: 'item', level: 1, text });
	}
	if (beyond > 0)
		warnings.push(`${beyond} attachments are only named: at most ${MOST_ATTACHMENTS} of a message are read`);
	return { blocks, warnings };
}

const BEYOND = 'beyond the bound';

/** Null where no reader takes it; the reason where it could not be read, which takes nothing from the message. */
async function readAttachment(attachment: Attachment, nesting: Nesting): Promise<Document | string | null> {
	const { depth, left, read } = nesting;
	if (depth >= DEEPEST) return `it lies more than ${DEEPEST} messages deep`;
	left.attachments -= 1;
	try {
		return await read(attachment, { ...nesting, depth: depth + 1 });
	} catch (error) {
		return isDocDropError(error) ? error.message : 'it could not be read as its type';
	}
}

/** HTML keeps lists and tables; plain text is taken where a sender's HTML says much less. */
export function bodyBlocks(html: string | null, text: string | null): Block[] {
	const ofHtml = html === null ? [] : htmlBlocks(html).blocks;
	if (text === null || text.trim() === '') return ofHtml;
	const ofText = textDocument(text).blocks;
	return lengthOf(ofHtml) * 2 >= lengthOf(ofText) ? ofHtml : ofText;
}

const lengthOf = (blocks: readonly Block[]) => blocks.reduce((sum, { text }) => sum + text.length, 0);

const below =
	(levels: number) =>
	(block: Block): Block =>
		block.kind === 'heading' ? { ...block, level: (block.level ?? 1) + levels } : block;
