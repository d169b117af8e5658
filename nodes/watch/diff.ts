/**
 * The decisions about one file: what the disk says against what is remembered, and what the consumer must be
 * told. Pure functions over a FileRow; nothing else in the engine decides these things.
 */
import type { FileChange, TakenContent } from './file-change.ts';
import type { FileStat } from './disk.ts';
import type { FileContent, FileRow, Seen } from './state/file-state-port.ts';

/** How a file on disk compares with its row, by stat alone. Anything but `same` has to be read. */
export type Comparison = 'same' | 'new' | 'stat differs' | 'racy';

export function compare(row: FileRow | undefined, stat: FileStat): Comparison {
	const seen = row?.seen ?? null;
	if (seen === null) return 'new';
	if (!sameStat(seen, stat)) return 'stat differs';
	return seen.racy ? 'racy' : 'same';
}

type Stamps = Pick<FileStat, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino'>;

export function sameStat(a: Stamps, b: Stamps): boolean {
	return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

/**
 * Git's rule: a file hashed within one tick of its last change may change again without its times moving.
 * A tick is below 20 ms where the file system keeps fractions of a second, and up to 2 s elsewhere.
 */
export function isRacy(stat: Pick<FileStat, 'mtimeNs' | 'ctimeNs'>, hashedAtMs: number): boolean {
	const hashedAtNs = BigInt(Math.round(hashedAtMs)) * NS_PER_MS;
	return [stat.mtimeNs, stat.ctimeNs].some((time) => {
		const tick = time % NS_PER_S === 0n ? 2n * NS_PER_S : 20n * NS_PER_MS;
		const distance = hashedAtNs - time;
		return distance < tick && distance > -tick;
	});
}

/** The row after the file was read; `note` says what that came to. */
export function withContent(
	row: FileRow | undefined,
	file: { root: string; path: string },
	content: FileContent,
	stat: FileStat,
	hashedAtMs: number,
): FileRow {
	const { mtimeNs, ctimeNs, ino } = stat;
	const seen: Seen = { ...content, mtimeNs, ctimeNs, ino, racy: isRacy(stat, hashedAtMs) };
	if (row === undefined) {
		const never = { delivered: null, seq: 0, deliveredSeq: 0, deliveredAt: null, tries: 0, failed: null };
		return { root: file.root, path: file.path, seen, ...never, note: 'new file' };
	}
	if (row.seen === null) return { ...row, seen, note: 'the file came back' };
	const same = row.seen.sha256 === content.sha256;
	return { ...row, seen, note: same ? 'read again: same content' : 'content changed' };
}

/** The row after the file was found gone for longer than the deletion delay; null when nobody ever heard of the file. */
export function withoutContent(row: FileRow): FileRow | null {
	if (row.seq === 0) return null;
	return { ...row, seen: null, note: 'gone' };
}

/** Whether the consumer has to hear of this file. */
export function needsSend(row: FileRow): boolean {
	const wanted = row.seen?.sha256 ?? null;
	if (row.failed !== null && row.failed.sha256 === wanted) return false;
	// Unacknowledged: the consumer may hold the last acknowledged state or anything sent since.
	if (row.seq > row.deliveredSeq) return true;
	return wanted !== (row.delivered?.sha256 ?? null);
}

/** Whether the row says nothing any more: the file is gone and the consumer knows. */
export function isSpent(row: FileRow): boolean {
	return row.seen === null && row.failed === null && !needsSend(row);
}

export function eventOf(row: FileRow): 'created' | 'changed' | 'deleted' {
	if (row.seen === null) return 'deleted';
	return row.delivered === null ? 'created' : 'changed';
}

/** What was refused before is forgotten: once something else was sent, it has to be sent again where it comes back. */
export function withSent(row: FileRow, seq: number, event: FileChange['event'] = eventOf(row)): FileRow {
	return { ...row, seq, tries: row.tries + 1, failed: null, note: `${event}: sent` };
}

/** The row of a moved file's old name after the move was acknowledged: nobody knows a document of that name. */
export function withMovedAway(row: FileRow): FileRow {
	return { ...row, delivered: null, seq: 0, deliveredSeq: 0, tries: 0, failed: null, note: 'moved away' };
}

/**
 * The row after the consumer acknowledged change `seq` (`content`: what it said; null: the deletion), having taken
 * `taken`.
 */
export function withDelivered(
	row: FileRow,
	seq: number,
	content: FileContent | null,
	taken: TakenContent | null,
	nowMs: number,
): FileRow {
	const isOther = isOtherContent(content, taken);
	return {
		...row,
		delivered: acknowledged(content, taken),
		deliveredSeq: seq,
		deliveredAt: nowMs,
		tries: 0,
		failed: null,
		note: isOther ? 'delivered, with the content that it had by then' : 'delivered',
	};
}

/** Whether something else was taken than was told. */
export const isOtherContent = (content: FileContent | null, taken: TakenContent | null): boolean =>
	content !== null && taken !== null && content.sha256 !== taken.sha256;

function acknowledged(content: FileContent | null, taken: TakenContent | null): FileContent | null {
	if (content === null) return null;
	if (taken !== null && isOtherContent(content, taken)) {
		return { size: taken.size, xxh64: '', sha256: taken.sha256 };
	}
	return { size: content.size, xxh64: content.xxh64, sha256: content.sha256 };
}

export function withRetry(row: FileRow, reason: string): FileRow {
	return { ...row, note: `to be sent again: ${reason}` };
}

/** The row after the consumer refused `content` (null: the deletion), until `retryAt` (wall ms) at the least. */
export function withFailed(
	row: FileRow,
	content: FileContent | null,
	reason: string,
	retryAt: number | null = null,
): FileRow {
	const failed = { sha256: content?.sha256 ?? null, reason, retryAt };
	return { ...row, failed, note: `${retryAt === null ? 'failed' : 'parked'}: ${reason}` };
}

/** The row at a start and after `failedRetryMs`, where what failed is tried once more, if it may be. */
export function withFreshStart(row: FileRow, nowMs: number): FileRow {
	if (row.failed === null || (row.failed.retryAt ?? 0) > nowMs) return row;
	return { ...row, failed: null, note: 'failed before; tried again' };
}
