import { slices } from '../../domain/index.ts';
import { createFairQueue } from './fair-queue.ts';
import type { TextRequest, TextSet } from './text-set.ts';

/**
 * What waits for a call of the embedder, and which calls may be made at the same time. For embed.ts.
 *
 * Suspected texts (parts of a call that failed by itself, and those of documents that have failed before) have half of
 * the calls at most, and take turns with the others: however long the embedder takes over them, it has time for the rest.
 */
export interface EmbedCall {
	readonly requests: readonly TextRequest[];
	readonly isSuspect: boolean;
	/** How long it has waited before, ms. */
	readonly previousMs: number;
}

export interface EmbedQueue {
	push(set: TextSet): void;
	/** A call that is tried again, before anything new. */
	pushAgain(call: EmbedCall): void;
	pushHalves(call: EmbedCall): void;
	/** The next call that may be made; null where none may. `isDue`: also one that is not full. */
	begin(isDue: boolean): EmbedCall | null;
	end(call: EmbedCall): void;
	/** Texts wait for company. */
	hasFresh(): boolean;
}

interface QueueLimits {
	readonly maxTexts: number;
	readonly maxCalls: number;
	readonly weightOf?: ((tenant: string) => number) | undefined;
}

const startState = ({ weightOf }: QueueLimits) => ({
	fresh: createFairQueue<TextRequest>(weightOf),
	again: [] as EmbedCall[],
	suspects: [] as EmbedCall[],
	calls: 0,
	suspectCalls: 0,
	wasSuspect: false,
});
type QueueState = ReturnType<typeof startState>;

export function createEmbedQueue(limits: QueueLimits): EmbedQueue {
	const state = startState(limits);
	const suspect = (requests: readonly TextRequest[]) =>
		void state.suspects.push({ requests, isSuspect: true, previousMs: 0 });
	return {
		push(set) {
			if ((set.owner.attempts ?? 0) > 0)
				for (const part of slices(set.requests, limits.maxTexts)) suspect(part);
			else for (const request of set.requests) state.fresh.push(set.owner, request);
		},
		pushAgain: (call) => void (call.isSuspect ? state.suspects : state.again).push(call),
		pushHalves({ requests }) {
			const middle = requests.length >> 1;
			suspect(requests.slice(0, middle));
			suspect(requests.slice(middle));
		},
		begin(isDue) {
			for (let next = take(isDue, state, limits); next !== null; next = take(isDue, state, limits)) {
				const requests = next.requests.filter(({ set }) => !set.isOver);
				if (requests.length === 0) continue;
				state.calls += 1;
				if (next.isSuspect) state.suspectCalls += 1;
				state.wasSuspect = next.isSuspect;
				return { ...next, requests };
			}
			return null;
		},
		end({ isSuspect }) {
			state.calls -= 1;
			if (isSuspect) state.suspectCalls -= 1;
		},
		hasFresh: () => state.fresh.size > 0,
	};
}

function take(isDue: boolean, state: QueueState, { maxTexts, maxCalls }: QueueLimits): EmbedCall | null {
	const { fresh, again, suspects } = state;
	if (state.calls >= maxCalls) return null;
	const isFull = fresh.size >= maxTexts || (isDue && fresh.size > 0);
	const isOthersTurn = state.wasSuspect && (again.length > 0 || isFull);
	const mostSuspects = Math.max(1, maxCalls >> 1);
	if (suspects.length > 0 && state.suspectCalls < mostSuspects && !isOthersTurn)
		return suspects.shift() ?? null;
	const waited = again.shift();
	if (waited !== undefined) return waited;
	if (!isFull) return null;
	return { requests: fresh.takeTogether(maxTexts), isSuspect: false, previousMs: 0 };
}
