import { embeddedText } from './piece.ts';
import { termsOf } from './stems.ts';

const longestName = 200;
const longestDescription = 2_000;
/** Words of the file's name count as often as that. */
const nameWeight = 2;

/** What a document is called beside its text. */
export interface Naming {
	readonly docId: string;
	readonly path: string | null;
	/** The caller's own; of it, what people describe and sort documents by. */
	readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * A chunk's terms as the index holds them: with the words of its document's file name and folders, so that
 * `invoices/2024-0042.pdf` is found by them, and of the description and tags that it was sent with. A term that stands
 * there twice counts twice.
 */
export function indexedTerms(terms: string, naming: Naming): string {
	const named = termsOf(namingText(naming)).join(' ');
	return named === '' ? terms : terms === '' ? named : `${terms} ${named}`;
}

function namingText({ docId, path, metadata }: Naming): string {
	const parts = (path ?? docId).slice(-longestName).split(/[\\/]/);
	const name = (parts.pop() ?? '').replace(/(?<=.)\.[A-Za-z0-9]{1,8}$/, '');
	const folders = parts.filter((part) => /\p{L}/u.test(part));
	const described = ['description', 'tags', 'keywords'].flatMap((field) => textsOf(metadata[field]));
	const said = described.join('\n').slice(0, longestDescription);
	return [...Array<string>(nameWeight).fill(name), ...folders, said].join('\n');
}

/** The terms of a chunk that an index holds, made again from what it shows of it. */
export function storedTerms({ docId, heading, content, fields }: StoredChunk): string[] {
	const own = termsOf(embeddedText({ heading, text: content })).join(' ');
	return indexedTerms(own, { docId, path: fields.path, metadata: fields.extra }).split(' ');
}

interface StoredChunk {
	readonly docId: string;
	readonly heading: string | null;
	readonly content: string;
	readonly fields: { readonly path: string | null; readonly extra: Naming['metadata'] };
}

/** Whether a document's chunks keep their terms where only what it was sent with has changed. */
export const isNamedAlike = (docId: string, ...[before, now]: [Sent, Sent]): boolean =>
	namingText({ docId, ...before }) === namingText({ docId, ...now });

type Sent = Pick<Naming, 'path' | 'metadata'>;

const textsOf = (value: unknown): string[] =>
	Array.isArray(value) ? value.flatMap(textsOf) : typeof value === 'string' ? [value] : [];
