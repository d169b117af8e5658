import {
	closeSync,
	fdatasyncSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readdirSync,
	readSync,
	statSync,
	writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createRemovals, type Removals } from './removals.ts';
import { fromFileError } from './sqlite-errors.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Append-only files of bodies, `00000001.seg` and so on. Only bodies.ts calls it, on the store's thread; it
 * knows which places are in use, this module only files.
 *
 * Promises:
 *  1. What `append` has returned is on disk, the name of its file included: a row may refer to it.
 *  2. An `append` that throws has left nothing that a row refers to, and nothing is ever written behind it: the
 *     next one begins a new file. Neither is anything written behind what an earlier process left.
 *  3. `read` gives exactly the bytes of the place, or null where the disk does not have them (any more).
 *  4. The number of a file that still is there, or that a row names, is not given out again.
 */
export interface BodyPlace {
	readonly segment: number;
	/** Bytes from the beginning of the file. */
	readonly start: number;
	readonly length: number;
}

export interface Segments {
	/** The one that is appended to; null before the first. */
	current(): number | null;
	/** Writes and syncs all of them, into one file, strings as UTF-8. Throws disk_full, store_unavailable. */
	append(bodies: readonly (string | Uint8Array)[]): BodyPlace[];
	/** Throws store_unavailable where another try may succeed. */
	read(place: BodyPlace): Uint8Array | null;
	/** Bytes of the file; 0 where it is missing. */
	size(segment: number): number;
	/** Best effort: a file that cannot be removed now is removed at the next opening. */
	remove(segment: number): void;
	close(): void;
}

/** A file that has grown to this takes no more. */
export const segmentBytes = 32 * 1_048_576;
/** What one write takes; small enough to stay in the processor's cache between encoding and writing. */
const stagingBytes = 262_144;
const pattern = /^\d{8,}\.seg$/;
/** The process or the machine is short of something: what it is asked for may be there nevertheless. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);
const codeOf = (error: unknown) => String((error as { code?: unknown } | null)?.code);

/** Opens the folder and removes every segment that is not in `live`: what a crash or a last removal left. */
export function openSegments(
	dir: string,
	live: ReadonlySet<number>,
	maxBytes = segmentBytes,
	removals: Removals = createRemovals(),
): Segments {
	if (mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(dir));
	const found = readdirSync(dir).filter((name) => pattern.test(name));
	let next = Math.max(0, ...live, ...found.map((name) => Number.parseInt(name, 10))) + 1;
	let current: { readonly segment: number; readonly fd: number; size: number } | null = null;
	/** The last other file that was read: bodies are claimed about in the order in which they came. */
	let reader: { readonly segment: number; readonly fd: number } | null = null;
	let staging: Buffer | null = null;

	const path = (segment: number) => join(dir, `${String(segment).padStart(8, '0')}.seg`);

	function remove(segment: number): void {
		try {
			if (reader?.segment === segment) closeReader();
		} catch {
			// It is of no use any more, open or not.
		}
		removals.remove(path(segment));
	}
	function closeReader(): void {
		const closed = reader;
		reader = null;
		if (closed !== null) closeSync(closed.fd);
	}
	function leave(): void {
		const left = current;
		current = null;
		if (left !== null) closeSync(left.fd);
	}

	/** The room goes back at once. What cannot be cut off is garbage that nothing refers to. */
	function giveUp({ segment, fd, size }: NonNullable<typeof current>, isNew: boolean): void {
		try {
			ftruncateSync(fd, isNew ? 0 : size);
		} catch {
			// The disk is as it is; the error that brought us here is the one to report.
		}
		leave();
		if (isNew) remove(segment);
	}

	for (const name of found) {
		const segment = Number.parseInt(name, 10);
		if (!live.has(segment)) remove(segment);
	}

	function writeAll(fd: number, bytes: Uint8Array, length: number, at: number): void {
		for (let done = 0; done < length;) done += writeSync(fd, bytes, done, length - done, at + done);
	}

	function write(file: NonNullable<typeof current>, bodies: readonly (string | Uint8Array)[]): BodyPlace[] {
		let buffer = (staging ??= Buffer.allocUnsafeSlow(stagingBytes));
		let staged = 0;
		let at = file.size;
		const flush = () => {
			writeAll(file.fd, buffer, staged, at);
			at += staged;
			staged = 0;
		};
		const places = bodies.map((body): BodyPlace => {
			// A character of a string is at most three bytes of UTF-8.
			const most = typeof body === 'string' ? body.length * 3 : body.length;
			if (staged + most > buffer.length) flush();
			if (most > buffer.length) buffer = Buffer.allocUnsafeSlow(most);
			const start = at + staged;
			if (typeof body === 'string') staged += buffer.write(body, staged);
			else {
				buffer.set(body, staged);
				staged += body.length;
			}
			return { segment: file.segment, start, length: at + staged - start };
		});
		flush();
		fdatasyncSync(file.fd);
		file.size = at;
		return places;
	}

	function readFile(fd: number, { start, length }: BodyPlace): Uint8Array | null {
		const bytes = new Uint8Array(length);
		for (let done = 0; done < length;) {
			const count = readSync(fd, bytes, done, length - done, start + done);
			if (count === 0) return null;
			done += count;
		}
		return bytes;
	}

	return {
		current: () => current?.segment ?? null,
		append(bodies) {
			if (current !== null && current.size >= maxBytes) leave();
			const isNew = current === null;
			try {
				if (current === null) {
					const segment = next++;
					current = { segment, fd: openSync(path(segment), 'wx+', 0o600), size: 0 };
				}
				const places = write(current, bodies);
				if (isNew) syncFolder(dir);
				return places;
			} catch (error) {
				if (current !== null) giveUp(current, isNew);
				throw fromFileError(error);
			}
		},
		read(place) {
			try {
				if (place.segment === current?.segment) return readFile(current.fd, place);
				if (reader?.segment !== place.segment) {
					closeReader();
					reader = { segment: place.segment, fd: openSync(path(place.segment), 'r') };
				}
				return readFile(reader.fd, place);
			} catch (error) {
				if (passing.has(codeOf(error))) throw fromFileError(error);
				return null;
			}
		},
		size(segment) {
			if (segment === current?.segment) return current.size;
			return statSync(path(segment), { throwIfNoEntry: false })?.size ?? 0;
		},
		remove,
		close() {
			closeReader();
			leave();
		},
	};
}
