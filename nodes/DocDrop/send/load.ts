/**
 * From content to what a request carries: small ones are buffered, a few ahead of the sender; large ones are
 * left to be opened when their turn comes, so that no large file is ever held in memory.
 */
import { hash } from 'node:crypto';
import type { Content } from '../input/content-input.ts';
import type { ByteStream } from '../transport.ts';
import type { Fault } from '../node-errors.ts';
import { ItemFailure, nodeFault } from '../failing.ts';

/** Contents above this size are streamed, each by a request of its own, bytes. */
export const smallBytes = 262_144;

/** Text goes into a batch's JSON, bytes go beside it as they are. */
export type BatchContent = { readonly text: string } | { readonly bytes: Buffer };

export type Loaded =
	/** Goes into a batch; `bytes` is its share of the request's body. */
	| {
			readonly kind: 'small';
			readonly content: BatchContent | null;
			readonly bytes: number;
	  }
	/** Goes alone. */
	| { readonly kind: 'large'; open(): Promise<ByteStream | Buffer | null>; readonly isText: boolean }
	| { readonly kind: 'vanished' }
	| { readonly kind: 'unread'; readonly fault: Fault };

/** `maxBytes`: of the body of one request. `ifSha256`: see Change; of what is streamed, the API looks at it. */
export async function loadContent(
	content: Content | null,
	maxBytes: number,
	ifSha256: string | null,
): Promise<Loaded> {
	if (content === null) return { kind: 'small', content: null, bytes: 0 };
	switch (content.kind) {
		case 'text':
			return loadText(content.text, maxBytes);
		case 'buffer':
			return loadBuffer(content.bytes);
		case 'stream':
			return loadStream(content, ifSha256);
	}
}

/** Text stays text as long as it fits: streamed, its type would have to be told by its name. */
function loadText(text: string, maxBytes: number): Loaded {
	const bytes = Buffer.byteLength(JSON.stringify(text));
	if (bytes <= maxBytes) return { kind: 'small', content: { text }, bytes };
	return { kind: 'large', open: async () => Buffer.from(text), isText: true };
}

function loadBuffer(buffer: Buffer): Loaded {
	if (buffer.length > smallBytes) return { kind: 'large', open: async () => buffer, isText: false };
	return { kind: 'small', content: { bytes: buffer }, bytes: buffer.length };
}

async function loadStream(
	content: Extract<Content, { kind: 'stream' }>,
	ifSha256: string | null,
): Promise<Loaded> {
	const large: Loaded = { kind: 'large', open: () => content.open(), isText: false };
	if (content.size !== null && content.size > smallBytes) return large;
	try {
		const stream = await content.open();
		if (stream === null) return { kind: 'vanished' };
		const bytes = await readUpTo(stream, smallBytes);
		if (bytes === null) return large;
		const isOther = ifSha256 !== null && hash('sha256', bytes, 'hex') !== ifSha256;
		return isOther ? { kind: 'unread', fault: changedSince } : loadBuffer(bytes);
	} catch (error) {
		return { kind: 'unread', fault: unreadFault(error) };
	}
}

/** Everything, or null where there is more than `limit` bytes. */
export async function readUpTo(stream: ByteStream, limit: number): Promise<Buffer | null> {
	const pieces: Uint8Array[] = [];
	let size = 0;
	// Leaving the loop closes the stream.
	for await (const piece of stream as AsyncIterable<Uint8Array>) {
		size += piece.byteLength;
		if (size > limit) return null;
		pieces.push(piece);
	}
	return Buffer.concat(pieces, size);
}

export function unreadFault(error: unknown): Fault {
	if (error instanceof ItemFailure) return error.fault;
	const { code } = (error ?? {}) as { code?: unknown };
	return nodeFault(
		'file_unreadable',
		`the content could not be read to its end${typeof code === 'string' ? ` (${code})` : ''}`,
		'Look whether the disk or the share is still there.',
		{ retryable: true },
	);
}

/** The API's code, too. */
export const changedSince = nodeFault(
	'changed_since',
	'the file changed after it was seen, and was left out',
	'There is nothing to do: the trigger tells of the new content by itself. To publish whatever the file holds by then, switch off "Only If Unchanged".',
);
