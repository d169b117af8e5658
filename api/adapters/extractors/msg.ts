/** Messages as Outlook stores them (MSG), by msgreader. */
import msgreader, { type FieldsData, type ParserConfig } from '@kenjiuno/msgreader';
import type { Block } from '../../chunking/index.ts';
import { DocDropError } from '../../errors.ts';
import type { Document } from './extracted.ts';
import { extractHtml } from './html.ts';
import { type Attachment, bodyBlocks, mailDocument, type Nesting } from './mail.ts';
import { hasSectorLoop } from './sector-loops.ts';

/** Node hands out all that the CommonJS module exports, whatever its types say. */
const { default: MsgReader } = msgreader as unknown as { readonly default: typeof msgreader };

/** Rejects with `unreadable` what is no such message. */
export async function extractMsg(bytes: Uint8Array, mimeType: string, nesting: Nesting): Promise<Document> {
	if (hasSectorLoop(bytes))
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, is damaged: its sectors lead in a circle`,
		);
	const { reader, fields } = read(bytes);
	if (fields.dataType !== 'msg')
		throw new DocDropError('unreadable', `the file, read as ${mimeType}, is no message that Outlook stored`);
	const recipients = (type: string) =>
		(fields.recipients ?? [])
			.filter(({ recipType }) => recipType === type)
			.slice(0, MOST_ADDRESSES)
			.map(({ name, smtpAddress, email }) => named(name, smtpAddress ?? email))
			.join(', ');
	const attachments = (fields.attachments ?? []).flatMap((attachment): Attachment[] => {
		if (attachment.attachmentHidden === true) return [];
		const { fileName, content } = reader.getAttachment(attachment);
		if (attachment.innerMsgContent === true) return [{ name: fileName, mimeType, bytes: content }];
		return [{ name: fileName || (attachment.name ?? null), mimeType: null, bytes: content }];
	});
	return mailDocument(
		{
			subject: fields.subject ?? null,
			fields: [
				['From', named(fields.senderName, fields.senderSmtpAddress ?? fields.senderEmail)],
				['To', recipients('to')],
				['Cc', recipients('cc')],
				['Date', isoDate(fields.messageDeliveryTime ?? fields.clientSubmitTime)],
			],
			body: body(fields),
			attachments,
		},
		nesting,
	);
}

const MOST_ADDRESSES = 50;

const TAG_CODEPAGE = 0x3ffd0003;
/** Of the type of text that is no Unicode. */
const isEightBit = (tag: number) => (tag & 0xffff) === 0x001e;

/** A message whose texts are not Unicode is read again in the code page that it names. */
function read(bytes: Uint8Array) {
	let codepage: number | null = null;
	let isForeign = false;
	const first = open(bytes, {
		propertyObserver(_, tag, raw) {
			if (raw === null) return;
			if (tag === TAG_CODEPAGE) codepage = new DataView(raw.buffer, raw.byteOffset).getUint32(0, true);
			if (isEightBit(tag) && raw.some((byte) => byte > 127)) isForeign = true;
		},
	});
	return isForeign ? open(bytes, { ansiEncoding: `cp${codepage ?? 1252}` }) : first;
}

function open(bytes: Uint8Array, parserConfig: ParserConfig) {
	const reader = new MsgReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	reader.parserConfig = parserConfig;
	return { reader, fields: reader.getFileData() };
}

function body(fields: FieldsData): readonly Block[] {
	const html = fields.html === undefined ? null : extractHtml(fields.html).blocks;
	const text = bodyBlocks(fields.bodyHtml ?? null, fields.body ?? null);
	return html !== null && html.length > 0 && fields.bodyHtml === undefined ? html : text;
}

function named(name: string | undefined, address: string | undefined): string {
	// What does not leave its own server has an address that is no one's.
	const shown = address === undefined || !address.includes('@') || address === name ? '' : `<${address}>`;
	return [name ?? '', shown].join(' ').trim();
}

function isoDate(date: string | undefined): string | null {
	const time = Date.parse(date ?? '');
	return Number.isNaN(time) ? null : new Date(time).toISOString();
}
