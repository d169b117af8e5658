/** Messages as they are sent (EML), by postal-mime. */
import PostalMime, { type Address } from 'postal-mime';
import { DocDropError } from '../../errors.ts';
import type { Document } from './extracted.ts';
import { settleCharsets } from './eml-charset.ts';
import { type Attachment, bodyBlocks, mailDocument, type Nesting } from './mail.ts';

/** For each part postal-mime looks at all before it: time grows with the square of their number. */
const MOST_PARTS = 2_000;

/** Rejects with `unreadable` what has too many parts, and what is binary. */
export async function extractEml(bytes: Uint8Array, mimeType: string, nesting: Nesting): Promise<Document> {
	if (isBlank(bytes)) return { title: null, blocks: [] };
	if (!hasHeader(bytes))
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, does not begin with the header of a message`,
		);
	if (countParts(bytes) > MOST_PARTS)
		throw new DocDropError('unreadable', `the file, read as ${mimeType}, has more than ${MOST_PARTS} parts`);
	const parser = new PostalMime({ forceRfc822Attachments: true });
	settleCharsets(parser);
	const mail = await parser.parse(bytes);
	const attachments = mail.attachments.flatMap((part): Attachment[] => {
		const { filename, content } = part;
		// Pictures within the text, such as logos.
		if (part.mimeType.startsWith('image/') && (part.related === true || part.disposition === 'inline'))
			return [];
		const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
		return [{ name: filename, mimeType: part.mimeType, bytes }];
	});
	return mailDocument(
		{
			subject: mail.subject ?? null,
			fields: [
				['From', named(mail.from === undefined ? [] : [mail.from])],
				['To', named(mail.to)],
				['Cc', named(mail.cc)],
				['Date', mail.date ?? null],
			],
			body: bodyBlocks(mail.html ?? null, mail.text ?? null),
			attachments,
		},
		nesting,
	);
}

const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));

/** A field, or what mailboxes write before the first one. */
function hasHeader(bytes: Uint8Array): boolean {
	const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
	return /^(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\n)?[A-Za-z][\w-]{0,76}[ \t]*:/.test(head);
}

const MOST_BOUNDARIES = 1_000;

/** Lines that are a boundary that a header names. */
function countParts(bytes: Uint8Array): number {
	const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
	const boundaries = new Set<string>();
	for (const [, quoted, bare] of text.matchAll(/boundary\s*=\s*(?:"([^"\r\n]{1,200})|([^\s;"]{1,200}))/gi)) {
		boundaries.add(quoted ?? bare ?? '');
		if (boundaries.size === MOST_BOUNDARIES) break;
	}
	let count = 0;
	for (let at = text.indexOf('\n--'); at >= 0; at = text.indexOf('\n--', at + 1)) {
		if (boundaries.has(text.slice(at + 3, at + 205).split(/\s*\n/, 1)[0] ?? '')) count += 1;
	}
	return count;
}

function named(addresses: readonly Address[] | undefined): string | null {
	if (addresses === undefined) return null;
	const all = addresses.flatMap(({ name, address, group }) => {
		const members = group === undefined ? null : named(group);
		const own = [name, address ? `<${address}>` : ''].filter(Boolean).join(' ');
		return [members === null ? own : `${name}: ${members}`];
	});
	return all.slice(0, MOST_ADDRESSES).join(', ');
}

const MOST_ADDRESSES = 50;
