import { burn } from '@kenjiuno/msgreader/lib/Burner.js';

const ROOT = 5;
const STORAGE = 1;
const STREAM = 2;
const UNICODE = '001F';
const EIGHT_BIT = '001E';
const BINARY = '0102';

export interface MsgFields {
	readonly subject?: string;
	readonly senderName?: string;
	readonly body?: string;
	/** What an older Outlook wrote: texts in this code page, as `encode` has them. */
	readonly codepage?: number;
	readonly encode?: (text: string) => Uint8Array;
	readonly html?: Uint8Array;
	readonly recipients?: readonly { readonly name: string; readonly email: string }[];
	readonly attachments?: readonly { readonly name: string; readonly content: Uint8Array | MsgFields }[];
}

interface Node {
	readonly name: string;
	/** Null of a stream. */
	readonly children: readonly Node[] | null;
	readonly bytes: Uint8Array;
}

/** In memory of its own: the writer takes all that an array's buffer holds. */
const stream = (name: string, bytes: Uint8Array): Node => ({
	name,
	children: null,
	bytes: Uint8Array.from(bytes),
});
const storage = (name: string, children: readonly Node[]): Node => ({
	name,
	children,
	bytes: new Uint8Array(),
});
const numbered = (prefix: string, n: number) =>
	`${prefix}_version1.0_#${n.toString(16).toUpperCase().padStart(8, '0')}`;

/** A message as Outlook stores it, of these fields. */
export function msgFile(fields: MsgFields): Uint8Array {
	return fileOf([...messageNodes(fields, 32), storage('__nameid_version1.0', [])]);
}

function messageNodes(fields: MsgFields, headerSize: number): Node[] {
	const { subject, senderName, body, html, codepage, encode, recipients = [], attachments = [] } = fields;
	const text = (tag: string, value: string | undefined): Node[] => {
		if (value === undefined) return [];
		const name = `__substg1.0_${tag}${encode === undefined ? UNICODE : EIGHT_BIT}`;
		return [stream(name, encode === undefined ? Buffer.from(value, 'utf16le') : encode(value))];
	};
	return [
		stream(
			'__properties_version1.0',
			properties(headerSize, codepage === undefined ? {} : { 0x3ffd0003: codepage }),
		),
		...text('0037', subject),
		...text('0C1A', senderName),
		...text('1000', body),
		...(html === undefined ? [] : [stream(`__substg1.0_1013${BINARY}`, html)]),
		...recipients.map(({ name, email }, n) =>
			storage(numbered('__recip', n), [
				stream('__properties_version1.0', properties(8, { 0x0c150003: 1 })),
				...text('3001', name),
				...text('39FE', email),
			]),
		),
		...attachments.map(({ name, content }, n) =>
			storage(numbered('__attach', n), [
				stream('__properties_version1.0', properties(8, {})),
				...text('3707', name),
				...text('3001', name),
				content instanceof Uint8Array
					? stream(`__substg1.0_3701${BINARY}`, content)
					: storage('__substg1.0_3701000D', messageNodes(content, 24)),
			]),
		),
	];
}

/** Values of fixed length, each with its tag. */
function properties(headerSize: number, values: Readonly<Record<number, number>>): Uint8Array {
	const all = Object.entries(values);
	const bytes = Buffer.alloc(headerSize + all.length * 16);
	for (const [n, [tag, value]] of all.entries()) {
		bytes.writeUInt32LE(Number(tag), headerSize + n * 16);
		bytes.writeUInt32LE(6, headerSize + n * 16 + 4);
		bytes.writeUInt32LE(value, headerSize + n * 16 + 8);
	}
	return bytes;
}

function fileOf(children: readonly Node[]): Uint8Array {
	const entries: Parameters<typeof burn>[0] = [];
	const add = (node: Node, type: number): number => {
		const index = entries.length;
		const entry = {
			name: node.name,
			type,
			length: node.bytes.length,
			children: [] as number[],
			binaryProvider: () => node.bytes,
		};
		entries.push(entry);
		for (const child of node.children ?? [])
			entry.children.push(add(child, child.children === null ? STREAM : STORAGE));
		return index;
	};
	add(storage('Root Entry', children), ROOT);
	return burn(entries);
}
