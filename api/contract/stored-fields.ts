/**
 * The fields that the index holds of a document, one list: what is stored, read, answered and reserved follows from
 * it. Where their values come from says api/domain/doc-fields.ts. Without a schema: nodes and threads load it.
 */

/** Reads leniently: in what another program wrote, or an older DocDrop, a field may be missing. */
export const readAs = {
	text: (value: unknown) => (typeof value === 'string' ? value : ''),
	textOrNull: (value: unknown) => (typeof value === 'string' ? value : null),
	number: (value: unknown) => (typeof value === 'number' ? value : 0),
	numberOrNull: (value: unknown) => (typeof value === 'number' ? value : null),
};

type Fields = Readonly<Record<string, keyof typeof readAs>>;
type Values<Own extends Fields> = { readonly [name in keyof Own]: ReturnType<(typeof readAs)[Own[name]]> };

/** What each hit of a search answers. */
export const answeredFields = {
	title: 'textOrNull',
	path: 'textOrNull',
	/** Rank x 2^32 + seq, see domain/doc-state.ts: grows with every accepted change of the document. */
	version: 'number',
} as const satisfies Fields;

const storedFields = {
	...answeredFields,
	mimeType: 'text',
	contentSha256: 'text',
	/** ISO 8601, UTC. */
	publishedAt: 'text',
} as const satisfies Fields;

export type AnsweredFields = Values<typeof answeredFields>;
export type StoredFields = Values<typeof storedFields>;

function read<Own extends Fields>(fields: Own, from: object): Values<Own> {
	const values = Object.entries(fields).map(([name, kind]) => [name, readAs[kind](Reflect.get(from, name))]);
	return Object.fromEntries(values) as Values<Own>;
}

export const readStored = (from: object): StoredFields => read(storedFields, from);
export const answerOf = (fields: StoredFields): AnsweredFields => read(answeredFields, fields);

/** Under which name a caller's metadata is kept whose own name is one of DocDrop's. */
export const asideOf = (name: string): string => `given_${name}`;

/** Names in a point's metadata that are DocDrop's own. */
export const reservedMetadata = ['tenant', 'docId', 'heading', 'page', 'order', ...Object.keys(storedFields)];
