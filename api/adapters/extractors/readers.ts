/**
 * The reader of each type of document. A reader is a pure function: bytes in, blocks out, no I/O. It must survive any
 * bytes, because nobody vouches for them: it throws an error of the table, such as `encrypted`, where it knows what a
 * person can do, and anything else it throws becomes `unreadable`. The type that it is handed is what the content
 * shows (sniff.ts), so that it need not look again.
 *
 * A reader that brings a large library is imported by its row when a file first needs it.
 * The process that only asks for chunks imports this table too, and must not pay for what its children use.
 */
import { unwantedError } from '../../domain/index.ts';
import {
	isPicture,
	mimeTypeNamed,
	mimeTypeOf,
	type MimeType,
	type ReadingOf,
} from '../../contract/file-types.ts';
import type { ChunkStream } from '../../chunking/index.ts';
import { sourceOfBytes } from './byte-source.ts';
import { openTextFile } from './decode-stream.ts';
import type { Document, StreamEnd } from './extracted.ts';
import { extractHtml } from './html.ts';
import { type Attachment, type Nesting, outermost } from './mail.ts';
import { extractMarkdown } from './markdown.ts';
import type { PictureType } from './picture-size.ts';
import type { Recognition } from './recognition.ts';
import { sniff } from './sniff.ts';
import { extractText } from './text.ts';
import { streamText } from './text-stream.ts';

export interface BufferedReader {
	readonly read: (bytes: Uint8Array, mimeType: MimeType, help: Help) => Document | Promise<Document>;
}

/** What a reader has beside the bytes. */
export interface Help {
	/** As whoever sent the bytes declares it. */
	readonly charset?: string | undefined;
	/** Of pictures; null: they are not read. */
	readonly recognition: Recognition | null;
	/** Of what lies within the file. */
	readonly unwanted?: UnwantedTypes | undefined;
}

/** Types that the operator has ruled out, each with the setting that says so: what is within a file may be of one. */
export type UnwantedTypes = Readonly<Record<string, string>>;

export interface StreamedReader extends BufferedReader {
	/**
	 * Of the file at a path: feeds the chunker, and stops whenever chunks can be taken. Where its caller needs no more
	 * it ends at such a stop, by its `finally`.
	 */
	readonly stream: (
		file: string,
		mimeType: MimeType,
		chunks: ChunkStream,
		help: Help,
	) => Generator<void, StreamEnd> | AsyncGenerator<void, StreamEnd>;
}

const docx: BufferedReader = {
	read: async (bytes, mimeType) => (await import('./docx.ts')).extractDocx(bytes, mimeType),
};
const doc: BufferedReader = {
	read: async (bytes, mimeType) => (await import('./doc.ts')).extractDoc(bytes, mimeType),
};
const sheets: BufferedReader = {
	read: async (bytes, mimeType) => (await import('./sheets.ts')).extractSheets(bytes, mimeType),
};
const office: BufferedReader = {
	read: async (bytes, mimeType) => (await import('./office.ts')).extractOffice(bytes, mimeType),
};
const html: BufferedReader = {
	read: (bytes, mimeType, { charset }) => extractHtml(bytes, mimeType, charset),
};
const text: StreamedReader = {
	read: (bytes, mimeType, { charset }) => extractText(bytes, mimeType, charset),
	*stream(path, mimeType, chunks, { charset }) {
		const file = openTextFile(path, mimeType, charset);
		return { title: yield* streamText(file, chunks), charset: file.charset };
	},
};

const pdf: StreamedReader = {
	read: async (bytes, _mimeType, { recognition }) =>
		(await import('./pdf.ts')).extractPdf(bytes, recognition),
	async *stream(file, _mimeType, chunks, { recognition }) {
		const { streamPdf } = await import('./pdf.ts');
		return yield* streamPdf(file, chunks, recognition);
	},
};

const picture = (type: PictureType): BufferedReader => ({
	async read(bytes, _mimeType, { recognition }) {
		if (recognition === null) throw new TypeError('a picture is read by text recognition alone');
		return (await import('./pictures.ts')).extractPicture(bytes, type, recognition);
	},
});

const table: StreamedReader = {
	read: async (bytes, mimeType, { charset }) =>
		(await import('./csv.ts')).extractCsv(bytes, mimeType, charset),
	async *stream(file, mimeType, chunks, { charset }) {
		const { streamCsv } = await import('./csv.ts');
		return yield* streamCsv(openTextFile(file, mimeType, charset), mimeType, chunks);
	},
};

const jsonLines: StreamedReader = {
	read: async (bytes, mimeType, { charset }) =>
		(await import('./json-lines.ts')).extractJsonLines(bytes, mimeType, charset),
	async *stream(file, mimeType, chunks, { charset }) {
		const { streamJsonLines } = await import('./json-lines.ts');
		return yield* streamJsonLines(openTextFile(file, mimeType, charset), chunks);
	},
};

const subtitles: BufferedReader = {
	read: async (bytes, mimeType) => (await import('./subtitles.ts')).extractSubtitles(bytes, mimeType),
};

type ReadMessage = (bytes: Uint8Array, nesting: Nesting) => Promise<Document>;
const readEml: ReadMessage = async (bytes, nesting) =>
	(await import('./eml.ts')).extractEml(bytes, 'message/rfc822', nesting);
const readMsg: ReadMessage = async (bytes, nesting) =>
	(await import('./msg.ts')).extractMsg(bytes, 'application/vnd.ms-outlook', nesting);
/** Messages in messages know how deep they lie. */
const messages: Readonly<Record<string, ReadMessage>> = {
	'message/rfc822': readEml,
	'application/vnd.ms-outlook': readMsg,
};
const message = (read: ReadMessage): BufferedReader => ({
	read: (bytes, _mimeType, help) =>
		read(
			bytes,
			outermost((attachment, nesting) => readAttached(attachment, nesting, help)),
		),
});

/** One for each row of `fileTypes` and `pictureTypes`, streaming where the row says so. */
export const readers: {
	readonly [T in MimeType]: ReadingOf<T> extends 'streamed' ? StreamedReader : BufferedReader;
} = {
	'text/plain': text,
	'text/x-rst': text,
	'text/markdown': {
		read: (bytes, mimeType, { charset }) => extractMarkdown(bytes, mimeType, charset),
	},
	'text/html': html,
	'application/xhtml+xml': html,
	'application/pdf': pdf,
	'application/vnd.openxmlformats-officedocument.wordprocessingml.document': docx,
	'application/msword': doc,
	'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': sheets,
	'application/vnd.ms-excel.sheet.binary.macroenabled.12': sheets,
	'application/vnd.ms-excel': sheets,
	'application/vnd.openxmlformats-officedocument.presentationml.presentation': office,
	'application/vnd.oasis.opendocument.text': office,
	'application/vnd.oasis.opendocument.spreadsheet': sheets,
	'application/vnd.oasis.opendocument.presentation': office,
	'application/rtf': office,
	'application/epub+zip': office,
	'text/mdx': { read: async (bytes) => (await import('./mdx.ts')).extractMdx(bytes) },
	'text/asciidoc': { read: async (bytes) => (await import('./asciidoc.ts')).extractAsciidoc(bytes) },
	'text/x-org': { read: async (bytes) => (await import('./org.ts')).extractOrg(bytes) },
	'application/x-tex': { read: async (bytes) => (await import('./tex.ts')).extractTex(bytes) },
	'application/x-ipynb+json': {
		read: async (bytes) => (await import('./notebook.ts')).extractNotebook(bytes),
	},
	'message/rfc822': message(readEml),
	'application/vnd.ms-outlook': message(readMsg),
	'text/csv': table,
	'text/tab-separated-values': table,
	'application/x-subrip': subtitles,
	'text/vtt': subtitles,
	'application/json': { read: async (bytes) => (await import('./json.ts')).extractJson(bytes) },
	'application/x-ndjson': jsonLines,
	'application/xml': { read: async (bytes) => (await import('./xml.ts')).extractXml(bytes) },
	'application/yaml': { read: async (bytes) => (await import('./yaml.ts')).extractYaml(bytes) },
	'image/png': picture('image/png'),
	'image/jpeg': picture('image/jpeg'),
	'image/tiff': picture('image/tiff'),
	'image/webp': picture('image/webp'),
	'image/bmp': picture('image/bmp'),
	'image/gif': picture('image/gif'),
	'text/x-source': { read: async (bytes) => (await import('./source-code.ts')).extractSourceCode(bytes) },
};

/** Whether a type has a reader; those of pictures need text recognition. */
export const isRead = (type: string, recognition: Recognition | null): type is MimeType =>
	Object.hasOwn(readers, type) && (recognition !== null || !isPicture(type));

/** Of what is attached to a message; null where no reader takes it. Throws as the reader of its type does. */
async function readAttached(
	{ name, mimeType, bytes }: Attachment,
	nesting: Nesting,
	{ recognition, unwanted = {} }: Help,
): Promise<Document | null> {
	const named = (name === null ? null : mimeTypeOf(name)) ?? mimeTypeNamed(mimeType ?? '');
	const type = sniff(sourceOfBytes(bytes), named ?? 'application/octet-stream');
	const setting = Object.hasOwn(unwanted, type) ? unwanted[type] : undefined;
	if (setting !== undefined) throw unwantedError(type, setting);
	if (!isRead(type, recognition)) return null;
	const readMessage = messages[type];
	return readMessage === undefined
		? readers[type].read(bytes, type, { recognition })
		: readMessage(bytes, nesting);
}
