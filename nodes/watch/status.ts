/** What the engine tells of itself and of one file. Reads the parts of a running engine, changes nothing. */
import type { DeliveryStatus, Emitter } from './emitter.ts';
import type { Filter } from './filter.ts';
import type { Identity } from './identity.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';
import { REMARKS_LISTED, type Remark, type RootState } from './root-state.ts';
import type { FileRow } from './state/port.ts';

/** What the engine knows of itself; plain data, ready for JSON. Times are ISO 8601 in UTC, null: never. */
export interface WatchStatus {
	readonly sourceId: string;
	readonly epoch: string;
	readonly scanning: boolean;
	readonly roots: readonly RootStatus[];
	readonly delivery: DeliveryStatus;
}

export interface RootStatus {
	readonly label: string;
	/** Files that are there, as last seen. */
	readonly files: number;
	/** Their size, bytes. */
	readonly bytes: number;
	/** Files that changed, or may have, and are not sent yet. */
	readonly pending: number;
	readonly inFlight: number;
	/** Files that the consumer refused for good; `failed` lists the first of them. */
	readonly failedCount: number;
	readonly failed: readonly Remark[];
	/** Entries that the last scan left out for what they are, and files that could not be read; listed in part. */
	readonly skippedCount: number;
	readonly skipped: readonly Remark[];
	/** When the last scan began. */
	readonly lastScanAt: string | null;
	/** How long it took, ms. */
	readonly scanMs: number | null;
	/**
	 * The beginning of the last scan that proved that every file of the root had been seen as it is: no
	 * difference, nothing unreadable, nothing on its way into the state. What is sent of it is told by
	 * `pending` and `inFlight`.
	 */
	readonly verifiedAt: string | null;
	/** Why the root, or a part of it, could not be scanned: its files are taken as still there. */
	readonly unreadable: readonly Remark[];
}

/** What is known of one file. */
export interface Explanation {
	readonly docId: string;
	readonly root: string | null;
	readonly relPath: string;
	/** Where it is on its way; null where nothing is known of it. */
	readonly phase:
		| 'looked at'
		| 'settling'
		| 'in grace'
		| 'parked'
		| 'waiting to be sent'
		| 'in flight'
		| 'failed'
		| 'at rest'
		| null;
	/** Why it is not taken in, where that is known. */
	readonly excluded: string | null;
	readonly row: FileRow | null;
}

interface Sources {
	readonly ledger: Ledger;
	readonly identity: Identity;
	readonly observer: Observer;
	readonly emitter: Emitter;
	readonly roots: readonly RootState[];
}

export function takeStatus(from: Sources & { readonly scanning: boolean }): WatchStatus {
	const { ledger, identity, observer, emitter } = from;
	const waiting = new Set([...observer.busy(), ...emitter.waiting()]);
	for (const docId of emitter.inFlight()) waiting.delete(docId);
	const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
	const roots = from.roots.map((root): RootStatus => {
		const isHere = (docId: string) => identity.locate(docId)?.label === root.label;
		let files = 0;
		let bytes = 0;
		let failedCount = 0;
		const failed: Remark[] = [];
		for (const [, row] of ledger.entries()) {
			if (row.root !== root.label) continue;
			if (row.seen !== null) {
				files += 1;
				bytes += row.seen.size;
			}
			if (row.failed === null) continue;
			failedCount += 1;
			if (failed.length < REMARKS_LISTED) failed.push({ relPath: row.path, reason: row.failed.reason });
		}
		const parked = [...observer.parked()].filter(([docId]) => isHere(docId));
		const unread = parked.map(([docId, reason]) => ({
			relPath: identity.locate(docId)?.relPath ?? docId,
			reason,
		}));
		return {
			label: root.label,
			files,
			bytes,
			pending: count(waiting, isHere),
			inFlight: count(emitter.inFlight(), isHere),
			failedCount,
			failed,
			skippedCount: root.skippedCount + unread.length,
			skipped: [...unread, ...root.skipped].slice(0, REMARKS_LISTED),
			lastScanAt: iso(root.lastScanAt),
			scanMs: root.scanMs,
			verifiedAt: iso(root.verifiedAt),
			unreadable: root.unreadable.slice(0, REMARKS_LISTED),
		};
	});
	const { sourceId, epoch } = ledger.head;
	return { sourceId, epoch, scanning: from.scanning, roots, delivery: emitter.status() };
}

export function explainPath(from: Sources & { readonly filter: Filter }, docId: string): Explanation {
	const { ledger, identity, observer, emitter, filter } = from;
	const place = identity.locate(docId);
	const row = ledger.get(docId) ?? null;
	const root = from.roots.find(({ label }) => label === place?.label);
	const relPath = place?.relPath ?? docId;
	const phase = (): Explanation['phase'] => {
		if (emitter.inFlight().has(docId)) return 'in flight';
		const kind = observer.attention(docId)?.kind;
		if (kind !== undefined) return kind === 'gone' ? 'in grace' : kind;
		if (includes(observer.busy(), docId)) return 'looked at';
		if (includes(emitter.waiting(), docId)) return 'waiting to be sent';
		if (row === null) return null;
		return row.failed === null ? 'at rest' : 'failed';
	};
	const excluded = (): string | null => {
		if (place === null) return 'no root has this id';
		if (!filter.wants(relPath)) return 'left out by the include and exclude settings';
		const attention = observer.attention(docId);
		if (attention?.kind === 'parked') return attention.reason;
		return root?.skipped.find((remark) => remark.relPath === relPath)?.reason ?? null;
	};
	return { docId, root: root?.label ?? null, relPath, phase: phase(), excluded: excluded(), row };
}

function count<T>(items: Iterable<T>, test: (item: T) => boolean): number {
	let n = 0;
	for (const item of items) if (test(item)) n += 1;
	return n;
}

function includes<T>(items: Iterable<T>, wanted: T): boolean {
	for (const item of items) if (item === wanted) return true;
	return false;
}
