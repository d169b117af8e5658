/**
 * The text that a FileState in workflow static data is stored as: one JSON object, written whole. Pure; used by
 * static-data.ts alone.
 *
 * It is a string because n8n wraps every object that it finds in static data, at each start of an execution, and
 * because a string can neither be changed in place nor be stored by halves. The checksum covers everything that
 * follows it in the text, byte for byte.
 */
import { hash } from 'node:crypto';
import type { FileContent, FileRow, RowKey, Seen, StateHead } from './file-state-port.ts';

/** Raised with every change of the text below. */
const FORMAT = 1;

export interface BlobHead extends Omit<StateHead, 'nextSeq'> {
	/** Of the opened state that wrote it: UUID. */
	readonly life: string;
	/** Above every seq that was given out by the time the next text is stored. */
	readonly ceiling: number;
	/** Wall ms when it was written. */
	readonly at: number;
}

/** Rows as their texts, by `keyOf`. */
export type RowTexts = ReadonlyMap<string, string>;

/** What a value found in static data is. `none`: nothing that this program wrote, or not all of it. */
export type Found =
	| { readonly kind: 'none' }
	| { readonly kind: 'newer' }
	/** The state was moved to a file of its own. */
	| { readonly kind: 'moved'; readonly sourceId: string }
	| { readonly kind: 'state'; readonly head: BlobHead; readonly rows: RowTexts };

export const keyOf = ({ root, path }: RowKey): string => `${root.length}:${root}${path}`;

export function writeState(head: BlobHead, rows: RowTexts): string {
	const { sourceId, epoch, life, ceiling, at, firstRoot, rootIds, snapshotClosed } = head;
	const named = JSON.stringify({
		...{ sourceId, epoch, life, ceiling, at, firstRoot, rootInodes: rootIds, snapshotClosed },
	});
	return sealed(`${named.slice(1, -1)},"rows":[${[...rows.values()].join()}]}`);
}

/** Stands in static data for a state that lives in SQLite now. */
export const writeMoved = (sourceId: string): string =>
	sealed(`${JSON.stringify({ movedTo: 'sqlite', sourceId }).slice(1, -1)}}`);

const sumOf = (text: string): string => hash('sha256', text).slice(0, 32);
const sealed = (rest: string): string => `{"v":${FORMAT},"sum":"${sumOf(rest)}",${rest}`;
const SEAL = /^\{"v":1,"sum":"([0-9a-f]{32})",/;

/** Never throws, whatever the value is. */
export function readBlob(value: unknown): Found {
	try {
		// Another version may write an object.
		const blob: unknown = typeof value === 'string' ? JSON.parse(value) : value;
		if (typeof blob !== 'object' || blob === null || !('v' in blob)) return { kind: 'none' };
		if (Number.isSafeInteger(blob.v) && (blob.v as number) > FORMAT) return { kind: 'newer' };
		const [seal = '', sum] = SEAL.exec(value as string) ?? [];
		if (sum === undefined || sumOf((value as string).slice(seal.length)) !== sum) return { kind: 'none' };
		const fields = blob as Readonly<Record<string, unknown>>;
		if (fields['movedTo'] === 'sqlite') return { kind: 'moved', sourceId: text(fields['sourceId']) };
		const rows = new Map<string, string>();
		for (const cells of list(fields['rows'])) rows.set(keyOf(toRow(cells)), JSON.stringify(cells));
		return { kind: 'state', head: toHead(fields), rows };
	} catch {
		return { kind: 'none' };
	}
}

function toHead(fields: Readonly<Record<string, unknown>>): BlobHead {
	const { sourceId, epoch, life, ceiling, at, firstRoot, rootInodes, snapshotClosed } = fields;
	return {
		...{ sourceId: text(sourceId), epoch: text(epoch), life: text(life) },
		...{ ceiling: integer(ceiling), at: integer(at) },
		firstRoot: orNull(text, firstRoot),
		rootIds: Object.fromEntries(Object.entries(rootInodes as object).map(([label, id]) => [label, text(id)])),
		snapshotClosed: snapshotClosed === true,
	};
}

/** Throws a TypeError where a field is not of its type: it would not come back as it was. */
export function writeRow({ root, path, seen, delivered, failed, ...row }: FileRow): string {
	const isSeen = delivered !== null && seen !== null && isSame(delivered, seen);
	const cells = [
		...[text(root), text(path)],
		seen && [...ofContent(seen), ...[seen.mtimeNs, seen.ctimeNs, seen.ino].map(String), seen.racy ? 1 : 0],
		// Nearly always the consumer has what was seen.
		isSeen ? 1 : delivered && ofContent(delivered),
		...[integer(row.seq), integer(row.deliveredSeq), orNull(integer, row.deliveredAt), integer(row.tries)],
		failed && [orNull(text, failed.sha256), text(failed.reason), orNull(integer, failed.retryAt)],
		text(row.note),
	];
	return JSON.stringify(cells);
}

export const readRow = (line: string): FileRow => toRow(JSON.parse(line));

function toRow(cells: unknown): FileRow {
	const [root, path, seenCells, delivered, ...rest] = list(cells);
	const [seq, deliveredSeq, deliveredAt, tries, failed, note] = rest;
	const seen = orNull(toSeen, seenCells);
	return {
		...{ root: text(root), path: text(path), seen },
		delivered: delivered === 1 && seen !== null ? contentOf(seen) : orNull(toContent, delivered),
		...{ seq: integer(seq), deliveredSeq: integer(deliveredSeq), deliveredAt: orNull(integer, deliveredAt) },
		...{ tries: integer(tries), failed: orNull(toFailed, failed), note: text(note) },
	};
}

const ofContent = ({ size, xxh64, sha256 }: FileContent) => [integer(size), text(xxh64), text(sha256)];
const contentOf = ({ size, xxh64, sha256 }: FileContent): FileContent => ({ size, xxh64, sha256 });
const isSame = (a: FileContent, b: FileContent) =>
	a.size === b.size && a.sha256 === b.sha256 && a.xxh64 === b.xxh64;

function toContent(cells: unknown): FileContent {
	const [size, xxh64, sha256] = list(cells);
	return { size: integer(size), xxh64: text(xxh64), sha256: text(sha256) };
}

function toSeen(cells: unknown): Seen {
	const [, , , mtimeNs, ctimeNs, ino, racy] = list(cells);
	const times = { mtimeNs: BigInt(text(mtimeNs)), ctimeNs: BigInt(text(ctimeNs)), ino: BigInt(text(ino)) };
	return { ...toContent(cells), ...times, racy: racy === 1 };
}

function toFailed(cells: unknown): NonNullable<FileRow['failed']> {
	const [sha256, reason, retryAt] = list(cells);
	return { sha256: orNull(text, sha256), reason: text(reason), retryAt: orNull(integer, retryAt) };
}

function text(value: unknown): string {
	if (typeof value !== 'string') throw new TypeError('the state takes a text here');
	return value;
}

function integer(value: unknown): number {
	if (!Number.isSafeInteger(value)) throw new TypeError('the state takes an integer here');
	return value as number;
}

function list(value: unknown): readonly unknown[] {
	if (!Array.isArray(value)) throw new TypeError('the state takes a list here');
	return value;
}

const orNull = <T>(read: (value: unknown) => T, value: unknown): T | null =>
	value === null ? null : read(value);
