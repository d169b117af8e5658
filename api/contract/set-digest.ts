/**
 * One number for a set of documents and their contents, kept up to date in constant time: the sum modulo 2^256
 * of SHA-256 over each (docId, content). Two sets are equal where their digests are, whatever the order in
 * which they came to be; an element is taken out by subtracting it. Pure; used by the ledger of a followed folder and by
 * the audit of the index, which is why it stands in the contract.
 *
 * The sum of hashes (AdHash: Bellare and Micciancio, "A New Paradigm for Collision-free Hashing", 1997) proves
 * nothing against somebody who may choose thousands of contents; it tells faults, not forgeries.
 */
import { hash } from 'node:crypto';

const MODULUS_MASK = (1n << 256n) - 1n;

export const EMPTY_DIGEST = 0n;

/** What one document adds. The id is length-prefixed, so that no two pairs are hashed alike. */
export function digestOf(docId: string, sha256: string): bigint {
	return BigInt(`0x${hash('sha256', `${Buffer.byteLength(docId)}:${docId}${sha256}`)}`);
}

export const withElement = (digest: bigint, element: bigint): bigint => (digest + element) & MODULUS_MASK;
export const withoutElement = (digest: bigint, element: bigint): bigint => (digest - element) & MODULUS_MASK;

/** Lower-case hex, 64 digits. */
export const digestHex = (digest: bigint): string => digest.toString(16).padStart(64, '0');
