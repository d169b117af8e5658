/** Bytes that are looked at here and there: those of a buffer, or of a file that stays on its disk. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface ByteSource {
	readonly size: number;
	/** Fewer bytes than asked for where the source ends. A view, not to be written to. */
	read(from: number, length: number): Uint8Array;
}

export const sourceOfBytes = (bytes: Uint8Array): ByteSource => ({
	size: bytes.length,
	read: (from, length) => bytes.subarray(from, from + length),
});

/** Small parts that lie close to each other are read together. */
const WINDOW_BYTES = 256 * 1024;

/** What opening and reading throw is the caller's. */
export function openFileSource(file: string): ByteSource & { close(): void } {
	const handle = openSync(file, 'r');
	const window: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) };
	return {
		size: fstatSync(handle).size,
		read(from, length) {
			if (length > WINDOW_BYTES) return readPart(handle, from, length);
			const isInside = from >= window.from && from + length <= window.from + window.bytes.length;
			if (!isInside) {
				window.from = from;
				window.bytes = readPart(handle, from, WINDOW_BYTES);
			}
			return window.bytes.subarray(from - window.from, from - window.from + length);
		},
		close: () => closeSync(handle),
	};
}

function readPart(handle: number, from: number, length: number): Buffer {
	const buffer = Buffer.allocUnsafe(length);
	let filled = 0;
	while (filled < length) {
		const count = readSync(handle, buffer, filled, length - filled, from + filled);
		if (count === 0) break;
		filled += count;
	}
	return buffer.subarray(0, filled);
}
