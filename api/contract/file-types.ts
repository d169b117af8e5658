/**
 * Every type of document that can be read. The settings' text, the README's list, the nodes and the readers'
 * table (api/adapters/extractors/extract.ts, where the type checker asks for the reader of a new row) follow
 * this one. No schema library here: nodes and threads load this file.
 */
interface FileType {
	/** For people; types that are variants of each other share it. */
	readonly name: string;
	/** Of file names, without the dot, in lower case. */
	readonly endings: readonly string[];
	/** A streamed type is read piece by piece, a buffered one needs the whole document in memory. */
	readonly reading: 'streamed' | 'buffered';
}

export const fileTypes = {
	'text/plain': { name: 'plain text', endings: ['txt', 'text', 'log'], reading: 'streamed' },
	'text/x-rst': { name: 'reStructuredText', endings: ['rst'], reading: 'streamed' },
	'text/markdown': { name: 'Markdown', endings: ['md', 'markdown'], reading: 'buffered' },
	'text/html': { name: 'HTML', endings: ['html', 'htm'], reading: 'buffered' },
	'application/xhtml+xml': { name: 'HTML', endings: ['xhtml'], reading: 'buffered' },
} as const satisfies Readonly<Record<string, FileType>>;

export type MimeType = keyof typeof fileTypes;

const rows = Object.entries(fileTypes) as readonly (readonly [MimeType, FileType])[];
const typeOfEnding = new Map(rows.flatMap(([type, { endings }]) => endings.map((ending) => [ending, type])));

export const mimeTypes: readonly MimeType[] = rows.map(([type]) => type);
export const streamedTypes = mimeTypes.filter((type) => fileTypes[type].reading === 'streamed');

/** The type that the ending of a path stands for, in any case; null where there is none. */
export function mimeTypeOf(path: string): MimeType | null {
	const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
	const dot = name.lastIndexOf('.');
	return dot < 1 ? null : (typeOfEnding.get(name.slice(dot + 1).toLowerCase()) ?? null);
}
