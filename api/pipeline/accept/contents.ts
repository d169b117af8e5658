import { hash } from 'node:crypto';
import type { ChangeContent, Refused } from '../../domain/index.ts';
import type { DocStore } from '../../ports/index.ts';
import { type Normalised, type Received, type SizeLimit, tooLarge } from './checks.ts';

/**
 * The bytes of changes on their way into the store: small ones travel inline and become a body of the store's, others
 * go into a blob, a file of their own, that is durable before the change that names it. A blob that no change names in
 * the end is dropped again.
 */
type Blobs = Pick<DocStore, 'writeBlob' | 'dropBlob'>;

/** Contents up to this size are inline, larger ones wait in a blob. What is worked on in pages is larger by far. */
export const inlineBytes = 65_536;

type Document = Normalised | Received | Refused;

export const needsBlob = (document: Document): boolean => 'bytes' in document && document.size > inlineBytes;

/** Null for a deletion and for a document that was refused. */
export function inlineContent(document: Document): ChangeContent | null {
	if ('stored' in document) return document.stored;
	if ('error' in document || document.bytes === null) return null;
	const { bytes, size, sha256 } = document;
	return { sha256, size, body: bytes };
}

/** The contents of one call, large ones included. Where one blob cannot be written, none of them stays. */
export async function storeContents(
	documents: readonly Document[],
	blobs: Blobs,
): Promise<(ChangeContent | null)[]> {
	const written = await Promise.allSettled(
		documents.map(async (one) => storeContent(inlineContent(one), blobs)),
	);
	const failed = written.find((one) => one.status === 'rejected');
	const contents = written.map((one) => (one.status === 'fulfilled' ? one.value : null));
	if (failed === undefined) return contents;
	await dropContents(contents, blobs);
	throw failed.reason;
}

async function storeContent(content: ChangeContent | null, blobs: Blobs): Promise<ChangeContent | null> {
	if (content === null || content.size <= inlineBytes || blobOf(content) !== null) return content;
	const bytes = Buffer.from(content.body as string | Uint8Array);
	const { blob } = await blobs.writeBlob(
		(async function* () {
			yield bytes;
		})(),
	);
	return { ...content, body: { blob } };
}

/** The content of a stream. One that turns out small, of `inline` bytes at most, stays in memory and saves the blob. */
export async function receiveContent(
	bytes: AsyncIterable<Uint8Array>,
	{ limit, inline }: { readonly limit: SizeLimit; readonly inline: number },
	blobs: Blobs,
): Promise<ChangeContent> {
	const source = limited(bytes, limit);
	const head: Uint8Array[] = [];
	let size = 0;
	while (size <= inline) {
		const { value, done } = await source.next();
		if (done === true) {
			const body = Buffer.concat(head);
			return { sha256: hash('sha256', body, 'hex'), size, body };
		}
		head.push(value);
		size += value.byteLength;
	}
	const { blob, ...written } = await blobs.writeBlob(
		(async function* () {
			yield* head;
			for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
		})(),
	);
	return { ...written, body: { blob } };
}

async function* limited(
	bytes: AsyncIterable<Uint8Array>,
	limit: SizeLimit,
): AsyncGenerator<Uint8Array, undefined> {
	let size = 0;
	for await (const part of bytes) {
		size += part.byteLength;
		if (size > limit.bytes) throw tooLarge(limit);
		yield part;
	}
}

/** Drops what no change names. What cannot be removed now goes at the next opening of the store. */
export async function dropContents(
	contents: readonly (ChangeContent | null)[],
	blobs: Pick<Blobs, 'dropBlob'>,
): Promise<void> {
	const names = contents.flatMap((content) => blobOf(content) ?? []);
	await Promise.all(names.map((blob) => blobs.dropBlob(blob).catch(() => {})));
}

/** The name of the file that holds it; null where it is inline, or nothing. */
export function blobOf(content: ChangeContent | null): string | null {
	const body = content?.body;
	return typeof body === 'object' && 'blob' in body ? body.blob : null;
}
