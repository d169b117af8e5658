/** How much a batch carries, and whether it still fits into one request. Pure. */
import { limits } from '../../../api/contract/limits.ts';
import type { BatchEntry } from './requests.ts';

export interface BatchSize {
	/** Of all of it. */
	readonly bytes: number;
	/** Of what stands in its JSON. */
	readonly jsonBytes: number;
	/** Then it goes as a form, with the JSON as its manifest. */
	readonly hasFiles: boolean;
}

export const emptyBatch: BatchSize = { bytes: 0, jsonBytes: 0, hasFiles: false };

/** Room for the names and brackets around one document, or the lines around its file. */
const frameBytes = 256;

/** `bytes`: of the entry's content. */
export function withEntry(size: BatchSize, { head, content }: BatchEntry, bytes: number): BatchSize {
	const isFile = content !== null && 'bytes' in content;
	const headBytes = Buffer.byteLength(JSON.stringify(head)) + frameBytes;
	return {
		bytes: size.bytes + headBytes + bytes,
		jsonBytes: size.jsonBytes + headBytes + (isFile ? 0 : bytes),
		hasFiles: size.hasFiles || isFile,
	};
}

/** Room for the names and brackets around all documents. */
const envelopeBytes = 65_536;

/** What one request may carry besides, of a body of `bodyBytes`. */
export const roomIn = (bodyBytes: number) => bodyBytes - envelopeBytes;

export function fits({ bytes, jsonBytes, hasFiles }: BatchSize, maxBytes: number): boolean {
	if (!hasFiles) return bytes <= maxBytes;
	// More than the API keeps in memory it would write into a file for each document.
	return bytes <= Math.min(maxBytes, limits.uploadMemoryBytes) && jsonBytes <= roomIn(limits.manifestBytes);
}
