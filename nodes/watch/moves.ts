/**
 * Moves: a new file whose content the consumer knows under a name that is gone is told as one `moved`, at once
 * and without the delay of a deletion. Owned by the engine; the emitter asks it when a change is sent.
 *
 * A join is a guess that is worth making, never a promise: it lives in memory, it is checked again when the
 * change is sent, and where it is not true any more the two files are told as a creation and a deletion.
 * Empty files are never joined: they are all alike.
 */
import { type Disk, isGone } from './disk.ts';
import type { FileLedger } from './ledger.ts';
import type { Observer } from './observer.ts';
import type { Seen } from './state/file-state-port.ts';

export interface Moves {
	/**
	 * Looks for the name under which a file that is about to be told was known; null where there is nothing to
	 * look for. Never rejects.
	 */
	consider(docId: string): Promise<void> | null;
	/** The name that goes with this file's change, checked again. */
	previousOf(docId: string): string | null;
	/** The change was taken, or given up: whatever is left of the old name is on its own again. */
	finished(docId: string): void;
}

/** Names with the same content that are asked about on disk for one new file: more are copies, not moves. */
const CANDIDATES = 8;

interface MovesDeps extends Pick<Observer, 'attention' | 'markMoved' | 'unmarkMoved'> {
	ledger: FileLedger;
	disk: Disk;
	dirOf: (label: string) => string;
	isInFlight: (docId: string) => boolean;
}

export function createMoves(deps: MovesDeps): Moves {
	/** Old names by new ones. */
	const joins = new Map<string, string>();

	/** The new name that an old one goes with. */
	function newNameOf(from: string): string | null {
		const attention = deps.attention(from);
		return attention?.kind === 'moved' && joins.get(attention.to) === from ? attention.to : null;
	}
	function release(to: string): void {
		const from = joins.get(to);
		if (from === undefined) return;
		const isMine = newNameOf(from) === to;
		joins.delete(to);
		if (isMine) deps.unmarkMoved(from);
	}
	/** The old name that was joined to a new one; the join ends where it is not true any more. */
	function checkedName(docId: string): string | null {
		const from = joins.get(docId);
		if (from === undefined) return null;
		const content = newContent(deps, docId);
		if (content !== null && newNameOf(from) === docId && fits(deps, from, content.sha256)) return from;
		release(docId);
		return null;
	}

	async function join(docId: string, sha256: string, among: readonly string[]): Promise<void> {
		for (const from of among) {
			if (!(await hasGone(deps, from))) continue;
			const rival = newNameOf(from);
			// Moved twice in a row: the name between is gone as well.
			if (rival !== null && rival !== docId && (deps.isInFlight(rival) || !(await hasGone(deps, rival))))
				continue;
			// It may have been sent meanwhile, as a creation: no outcome would ever end a join made now.
			if (deps.isInFlight(docId)) return;
			if (newContent(deps, docId)?.sha256 !== sha256 || !fits(deps, from, sha256)) continue;
			if (rival !== null) joins.delete(rival);
			joins.set(docId, from);
			deps.markMoved(from, docId);
			return;
		}
	}

	return {
		consider(docId) {
			if (deps.isInFlight(docId)) return null;
			if (checkedName(docId) !== null) return null;
			const content = newContent(deps, docId);
			if (content === null) return null;
			const among = candidates(deps, docId, content);
			return among.length === 0 ? null : join(docId, content.sha256, among);
		},
		previousOf: checkedName,
		finished: release,
	};
}

/** Content of a file that the consumer never acknowledged under this name. */
function newContent({ ledger }: MovesDeps, docId: string): Seen | null {
	const row = ledger.get(docId);
	if (row === undefined || row.seen === null || row.delivered !== null || row.seen.size === 0) return null;
	return row.seen;
}

const fits = ({ ledger, isInFlight }: MovesDeps, from: string, sha256: string) =>
	ledger.get(from)?.delivered?.sha256 === sha256 && !isInFlight(from);

function candidates(deps: MovesDeps, docId: string, content: Seen): string[] {
	const found: string[] = [];
	for (const from of deps.ledger.deliveredAs(content.sha256)) {
		if (from === docId || !fits(deps, from, content.sha256)) continue;
		const isSameFile = deps.ledger.get(from)?.seen?.ino === content.ino;
		if (isSameFile) found.unshift(from);
		else found.push(from);
		if (found.length === CANDIDATES) break;
	}
	return found;
}

/** Whether nothing is at the path any more. A root that cannot be read says nothing. */
async function hasGone({ ledger, disk, dirOf }: MovesDeps, docId: string): Promise<boolean> {
	const row = ledger.get(docId);
	if (row === undefined) return false;
	const dir = dirOf(row.root);
	try {
		await disk.checkRoot(dir);
		await disk.find(dir, row.path);
		return false;
	} catch (error) {
		return isGone(error);
	}
}
