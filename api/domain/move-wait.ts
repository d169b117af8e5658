import { isPending, type DocState, type Successor } from './doc-state.ts';
import { cancelWaiting } from './waiting-change.ts';

/**
 * What a move does to its source, the name that the document had, as pure transitions beside those of doc-state.ts. A
 * move is a put under the new name and a deletion of the old one, accepted in one transaction; the deletion waits (`movedTo`)
 * until the content is in the index under the new name, so that a reader finds one of them at any time.
 *
 * How a wait ends, whatever happens to the successor:
 *
 *   published           the deletion may be claimed                                   endWait
 *   replaced            the deletion waits for the commit of the newer change         (nothing)
 *   deleted, or undone  there is nothing to wait for: the deletion may be claimed     endWait
 *   moved on            the deletion waits for where the content is going now         waitForSuccessor
 *   given up            the deletion is given up with it, and what is published       giveUpMove
 *                       stays; it is taken up again when the successor is published   endWait
 *   canceled            the move is withdrawn: what is published stays                withdrawMove
 *
 * Invariants, checked by test/pipeline/moves-protocol.test.ts in every state:
 *  - A successor waits for nobody itself. So there are no chains, no cycles, and no wait without an end.
 *  - A deletion waits only while its successor is pending or failed. In the same transaction in which that ends,
 *    the wait does.
 *  - `movedTo` of a finished deletion delays nothing: a late move to that name is led on by it.
 */

/** Sorts behind everything that is due, and is never due. */
const never = 2 ** 52;

/**
 * For whom the deletion of the move source waits when its content goes to `to`, in the state after that change:
 * null where nothing is on its way there.
 */
export function successorOf(source: number, to: { readonly key: number; readonly state: DocState }) {
	const { key, state } = to;
	// The content has moved on meanwhile: it is known where to, or there is nothing to wait for.
	const next: Successor | null =
		state.wanted.op === 'delete'
			? state.movedTo
			: isPending(state) || state.failed
				? { doc: key, generation: state.generation }
				: null;
	return next?.doc === source ? null : next;
}

/** A wanted deletion waits for `successor`, whatever it waited for before; null: for nobody any more. */
export function waitForSuccessor(state: DocState, successor: Successor | null, now: number): DocState {
	if (successor === null) return endWait(state, now);
	return { ...state, movedTo: successor, ...(isPending(state) && { readyAt: never }) };
}

/** The wait is over. One that was given up with its successor is taken up again. */
export function endWait(state: DocState, now: number): DocState {
	if (state.movedTo === null) return state;
	const finished = state.failed ? state.generation - 1 : state.finished;
	const next = { ...state, movedTo: null, failed: false, finished };
	return isPending(next) ? { ...next, firstAt: now, readyAt: now } : next;
}

/** The successor was given up: so is the deletion that waits for it. */
export function giveUpMove(state: DocState): DocState {
	return isPending(state) ? { ...state, finished: state.generation, failed: true } : state;
}

/**
 * The successor was canceled, and the move with it: what is published stays. Null where the deletion cannot be
 * taken back, because an interrupted attempt has left something in the index.
 */
export function withdrawMove(state: DocState): DocState | null {
	return isPending(state) ? cancelWaiting(state, state.wanted.jobId) : { ...state, movedTo: null };
}
