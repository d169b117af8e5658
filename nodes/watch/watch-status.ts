/** What the engine tells of itself and of one file. Reads the parts of a running engine, changes nothing. */
import type { Clock } from './clock.ts';
import type { Deletions } from './deletions.ts';
import type { DeliveryStatus, Emitter } from './emitter.ts';
import type { Filter } from './filter.ts';
import type { Identity } from './identity.ts';
import type { FileLedger } from './ledger.ts';
import type { Observer } from './observer.ts';
import { REMARKS_LISTED, type Remark, type RootState } from './root-state.ts';
import { digestHex } from '../../api/contract/set-digest.ts';
import { waitsSince } from './settle.ts';
import type { SnapshotCloser } from './snapshot.ts';
import type { FileRow } from './state/file-state-port.ts';

/** What the engine knows of itself; plain data, ready for JSON. Times are ISO 8601 in UTC, null: never. */
export interface WatchStatus {
	readonly sourceId: string;
	readonly epoch: string;
	readonly scanning: boolean;
	/**
	 * Whether the consumer knows that this epoch has told it of every file, and how many documents of an earlier
	 * epoch it holds back from deletion until `release`.
	 */
	readonly snapshot: { readonly closed: boolean; readonly held: number };
	readonly roots: readonly RootStatus[];
	readonly delivery: DeliveryStatus;
}

export interface RootStatus {
	readonly label: string;
	/** `poll`: nothing reports changes here, only scans find them. */
	readonly mode: 'watch' | 'poll';
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
	/** Files that never stand still, under the root: they are taken as they are, every so often. Listed in part. */
	readonly restless: readonly string[];
	/** Entries that the last scan left out for what they are, and files that could not be read; listed in part. */
	readonly skippedCount: number;
	readonly skipped: readonly Remark[];
	/** When the last scan began. */
	readonly lastScanAt: string | null;
	/** How long it took, ms. */
	readonly scanMs: number | null;
	/**
	 * The beginning of the last scan that proved that every file of the root had been seen as it is: no
	 * difference, nothing unreadable, nothing on its way into the state; `restless` files apart. What is sent of it
	 * is told by `pending` and `inFlight`.
	 */
	readonly verifiedAt: string | null;
	/**
	 * Set digests (api/contract/set-digest.ts), hex: of the files as last seen, and of what the consumer acknowledged. With
	 * `verifiedAt`, equal digests say that the consumer had all that was on disk at that time.
	 */
	readonly digest: string;
	readonly deliveredDigest: string;
	/** Deletions that the mass-delete guard pauses, and why; they go when the files come back or `release` is called. */
	readonly held: { readonly count: number; readonly reason: string; readonly since: string } | null;
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
		| 'held'
		| 'moved'
		| 'parked'
		| 'waiting to be sent'
		| 'in flight'
		| 'failed'
		| 'at rest'
		| null;
	/** Since when it is so, where it waits: that it stands still, or is really gone. ISO 8601 in UTC. */
	readonly since: string | null;
	/** Why it is not taken in, where that is known. */
	readonly excluded: string | null;
	readonly row: FileRow | null;
}

interface Sources {
	readonly ledger: FileLedger;
	readonly identity: Identity;
	readonly observer: Observer;
	readonly emitter: Emitter;
	readonly deletions: Deletions;
	readonly snapshot: Pick<SnapshotCloser, 'paused'>;
	readonly roots: readonly RootState[];
}

export function takeStatus(from: Sources & { readonly scanning: boolean }): WatchStatus {
	const { ledger, identity, observer, emitter, deletions } = from;
	const waiting = new Set([...observer.busy(), ...emitter.waiting()]);
	for (const docId of emitter.inFlight()) waiting.delete(docId);
	const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
	const roots = from.roots.map((root): RootStatus => {
		const isHere = (docId: string) => identity.locate(docId)?.label === root.label;
		const count = (docIds: ReadonlySet<string>) =>
			docIds.values().reduce((sum, docId) => sum + Number(isHere(docId)), 0);
		const { files, bytes, failed: failedCount, seen, delivered } = ledger.totals(root.label);
		const failed = failedCount === 0 ? [] : listFailed(ledger, root.label);
		const paused = deletions.paused(root.label);
		const parked = [...observer.parked()].filter(([docId]) => isHere(docId));
		const unread = parked.map(([docId, reason]) => ({
			relPath: identity.locate(docId)?.relPath ?? docId,
			reason,
		}));
		return {
			label: root.label,
			mode: root.mode,
			files,
			bytes,
			pending: count(waiting),
			inFlight: count(emitter.inFlight()),
			failedCount,
			failed,
			restless: [...observer.restless()]
				.filter(isHere)
				.slice(0, REMARKS_LISTED)
				.map((docId) => identity.locate(docId)?.relPath ?? docId),
			skippedCount: root.skippedCount + unread.length,
			skipped: [...unread, ...root.skipped].slice(0, REMARKS_LISTED),
			lastScanAt: iso(root.lastScanAt),
			scanMs: root.scanMs,
			verifiedAt: iso(root.verifiedAt),
			digest: digestHex(seen),
			deliveredDigest: digestHex(delivered),
			held: paused && {
				count: paused.count,
				reason: paused.reason,
				since: new Date(paused.since).toISOString(),
			},
			unreadable: root.unreadable.slice(0, REMARKS_LISTED),
		};
	});
	const { sourceId, epoch, snapshotClosed } = ledger.head;
	const snapshot = { closed: snapshotClosed, held: from.snapshot.paused() };
	return { sourceId, epoch, scanning: from.scanning, snapshot, roots, delivery: emitter.status() };
}

function listFailed(ledger: FileLedger, label: string): Remark[] {
	const failed: Remark[] = [];
	for (const [, row] of ledger.entries()) {
		if (failed.length === REMARKS_LISTED) break;
		if (row.root === label && row.failed !== null)
			failed.push({ relPath: row.path, reason: row.failed.reason });
	}
	return failed;
}

export function explainPath(
	from: Omit<Sources, 'deletions' | 'snapshot'> & { readonly filter: Filter; readonly clock: Clock },
	docId: string,
): Explanation {
	const { ledger, identity, observer, emitter, filter, clock } = from;
	const place = identity.locate(docId);
	const row = ledger.get(docId) ?? null;
	const root = from.roots.find(({ label }) => label === place?.label);
	const relPath = place?.relPath ?? docId;
	const isAmong = (docIds: Iterable<string>) => Iterator.from(docIds).some((one) => one === docId);
	const phase = (): Explanation['phase'] => {
		if (emitter.inFlight().has(docId)) return 'in flight';
		const kind = observer.attention(docId)?.kind;
		if (kind === 'gone') return 'in grace';
		if (kind === 'paused') return 'held';
		if (kind !== undefined) return kind;
		if (isAmong(observer.busy())) return 'looked at';
		if (isAmong(emitter.waiting())) return 'waiting to be sent';
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
	const since = waitsSince(observer.attention(docId));
	return {
		...{ docId, root: root?.label ?? null, relPath, phase: phase() },
		since: since === null ? null : new Date(clock.now() - clock.monotonic() + since).toISOString(),
		...{ excluded: excluded(), row },
	};
}
