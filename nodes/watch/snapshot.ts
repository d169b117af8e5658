/**
 * The end of an epoch's first round. A new FileState knows nothing of what the consumer holds from the life
 * before it; when everything that is there has been delivered once, the consumer is told so, and lets go of
 * what it was not told of. Owned by the engine, which asks whenever it comes to rest.
 */
import type { Clock } from './clock.ts';
import { needsSend } from './diff.ts';
import { errorCode } from './disk.ts';
import type { FileLedger } from './ledger.ts';
import type { WatchSettings } from './settings.ts';

/** What is told once in each epoch. */
export interface WatchSnapshot {
	readonly sourceId: string;
	readonly epoch: string;
	/** Above every seq of the epoch so far. */
	readonly seq: number;
	/** Files that are there, and may not have been delivered: refused, not readable, or never standing still. */
	readonly present: readonly string[];
	/** A person agreed to the deletions that the consumer paused at the last time. */
	readonly confirmed: boolean;
}

/**
 * Takes a snapshot over. Resolves with how many deletions wait until they are confirmed (then none was made), and
 * 0 when it is done. A rejection is tried again later.
 */
export type TakeSnapshot = (
	snapshot: WatchSnapshot,
	signal: AbortSignal,
) => Promise<{ readonly held: number }>;

export interface SnapshotCloser {
	/** Everything is at rest: tells the snapshot if it is due. */
	consider(): void;
	/** A person agrees to the paused deletions; returns how many they are. */
	confirm(): number;
	/** Deletions that the consumer paused. */
	paused(): number;
	isBusy(): boolean;
}

export function createSnapshotCloser(deps: {
	ledger: FileLedger;
	/** Null: the consumer wants no snapshot. */
	take: TakeSnapshot | null;
	/** Whether every root has been scanned to its last corner, and no deletion is paused. */
	isComplete: () => boolean;
	/** Files that are there, and are not waited for: they cannot be read, or never stand still. */
	there: () => Iterable<string>;
	clock: Clock;
	settings: Pick<WatchSettings, 'retryMaxMs'>;
	signal: AbortSignal;
	log: (level: 'info' | 'warn', event: string, data: Record<string, unknown>) => void;
	onChange: () => void;
}): SnapshotCloser {
	const { ledger, take, clock } = deps;
	let running = false;
	let paused = 0;
	let confirmed = false;
	/** After a failure, for a while. */
	let waiting = false;

	function present(): string[] | null {
		const found = new Set(deps.there());
		for (const [docId, row] of ledger.entries()) {
			if (row.failed !== null && row.seen !== null) found.add(docId);
			else if (needsSend(row) && !found.has(docId)) return null;
		}
		return [...found];
	}

	async function close(accept: TakeSnapshot, there: readonly string[]): Promise<void> {
		const { sourceId, epoch } = ledger.head;
		try {
			const seq = ledger.takeSeq();
			await ledger.flush();
			const answer = await accept({ sourceId, epoch, seq, present: there, confirmed }, deps.signal);
			paused = answer.held;
			if (paused > 0) return deps.log('warn', 'snapshot.held', { deletions: paused });
			ledger.setHead({ snapshotClosed: true });
			await ledger.flush();
			deps.log('info', 'snapshot.closed', { present: there.length });
		} catch (error) {
			if (deps.signal.aborted) return;
			waiting = true;
			clock.after(deps.settings.retryMaxMs, () => {
				waiting = false;
				deps.onChange();
			});
			deps.log('warn', 'snapshot.failed', { code: errorCode(error) });
		}
	}

	return {
		consider() {
			if (take === null || running || deps.signal.aborted) return;
			if (ledger.head.snapshotClosed || !deps.isComplete()) return;
			if ((paused > 0 && !confirmed) || waiting) return;
			const there = present();
			if (there === null) return;
			running = true;
			void close(take, there).finally(() => {
				running = false;
				deps.onChange();
			});
		},
		confirm() {
			if (paused === 0) return 0;
			confirmed = true;
			return paused;
		},
		paused: () => paused,
		isBusy: () => running,
	};
}
