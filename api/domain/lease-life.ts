import { type DocState, versionOf } from './doc-state.ts';

/** How a lease on a document's newest generation is taken, and how it ends, see doc-state.ts. */

/**
 * Takes the lease on the newest generation. `abandoned` is the receipt of an expired lease on an older
 * generation: its work is lost and its place is taken by the newest one.
 */
export function takeLease(
	state: DocState,
	token: number,
	until: number,
): { readonly state: DocState; readonly abandoned: string | null } {
	const lost = state.lease;
	const { op, sha256, meta, fingerprint, size, jobId } = state.wanted;
	return {
		state: {
			...state,
			lease: {
				token,
				generation: state.generation,
				jobId,
				version: versionOf(state),
				until,
				content: { op, sha256, meta, fingerprint },
				size,
			},
		},
		abandoned: lost !== null && lost.generation < state.generation ? lost.jobId : null,
	};
}

export const holdsLease = (state: DocState, token: number): boolean =>
	state.lease !== null && state.lease.token === token;

/** Before the first request that writes: from now on the index may hold more than the manifest. */
export function recordIntent(state: DocState): DocState {
	return { ...state, mayHaveOrphans: true };
}

/** The index holds exactly the leased generation: it is finished. */
export function commitLeased(
	state: DocState,
	chunks: number,
	now: number,
	title: string | null = null,
): DocState {
	const leased = state.lease;
	if (leased === null) throw new Error('commit without a lease');
	const { content, version, jobId, size } = leased;
	const isLatest = leased.generation === state.generation;
	return {
		...state,
		// A deletion behind it may have been given up meanwhile (move-wait.ts), and is finished as well.
		finished: Math.max(state.finished, leased.generation),
		attempts: isLatest ? 0 : state.attempts,
		failed: state.failed && !isLatest,
		lease: null,
		mayHaveOrphans: false,
		published: content.op === 'delete' ? null : { ...content, version, jobId, at: now, title, chunks, size },
	};
}

/** Gives the lease back. `superseded` is the leased receipt when a newer change already waits in its place. */
export function releaseLease(
	state: DocState,
	retryAt: number,
	counted: boolean,
): { readonly state: DocState; readonly superseded: string | null } {
	const leased = state.lease;
	if (leased === null) throw new Error('release without a lease');
	if (leased.generation < state.generation)
		return { state: { ...state, lease: null }, superseded: leased.jobId };
	const readyAt = state.movedTo === null ? retryAt : state.readyAt;
	return {
		state: { ...state, lease: null, readyAt, attempts: state.attempts + (counted ? 1 : 0) },
		superseded: null,
	};
}

/**
 * Gives the leased generation up. A newer change that waits is not touched.
 *
 * An attempt that had begun to write may have left its fields and its order on points that stay. So what is published
 * counts as no pipeline's any more: the next change rewrites every point, and the same content again is work.
 */
export function deadLetterLeased(state: DocState): DocState {
	const leased = state.lease;
	if (leased === null) throw new Error('dead letter without a lease');
	const published =
		state.mayHaveOrphans && state.published !== null
			? { ...state.published, fingerprint: '' }
			: state.published;
	const rest = { ...state, lease: null, mayHaveOrphans: false, published };
	if (leased.generation < state.generation) return rest;
	return { ...rest, finished: leased.generation, failed: true };
}
