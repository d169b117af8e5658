/**
 * Names of points in the vector index. The same chunk of the same document has the same name in every
 * process and after every edit around it, which is what lets unchanged chunks keep their points.
 *
 * UUIDv5 by node:crypto's one-shot hash: the `uuid` package's v5 gives the same names (tested) at about
 * half the speed.
 */
import { hash } from 'node:crypto';

/** UUIDv5 of `n8n-nodes-docdrop:point` in RFC 9562's URL namespace. Fixed for ever: another one renames every point. */
export const POINT_NAMESPACE = '4082e850-895f-5c1b-8e72-c9cdf5e668f8';
const namespace = Buffer.from(POINT_NAMESPACE.replaceAll('-', ''), 'hex');

/**
 * The id of one chunk's point. `occurrence` counts equal chunks of the document from 0. Each part goes in with
 * its length in bytes before it, so that no two tenants or documents can share a name.
 */
export function pointId(tenant: string, docId: string, chunkHash: string, occurrence: number): string {
	const name = [tenant, docId, chunkHash, String(occurrence)]
		.map((part) => `${Buffer.byteLength(part)};${part}`)
		.join('');
	const sha1 = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'buffer');
	sha1[6] = (sha1.readUInt8(6) & 0x0f) | 0x50;
	sha1[8] = (sha1.readUInt8(8) & 0x3f) | 0x80;
	return uuidOfBytes(sha1.subarray(0, 16));
}

export function uuidOfBytes(bytes: Uint8Array): string {
	const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const bytesOfUuid = (uuid: string): Uint8Array => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/** The ids of a document's chunks, in their order; equal hashes are numbered as they come. */
export function pointIds(
	tenant: string,
	docId: string,
	chunks: readonly { readonly hash: string }[],
): string[] {
	const seen = new Map<string, number>();
	return chunks.map(({ hash: chunkHash }) => {
		const occurrence = seen.get(chunkHash) ?? 0;
		seen.set(chunkHash, occurrence + 1);
		return pointId(tenant, docId, chunkHash, occurrence);
	});
}
