import type { Embedder } from '../../ports/index.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import { type Blame, decide, type JobNotes, type PeerFault } from '../faults/index.ts';
import { createEmbedQueue, type EmbedCall, type EmbedQueue } from './embed-queue.ts';
import { createTextSet, type TextOwner, type TextSet } from './text-set.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * Texts of many documents into few calls of the embedder: what arrives within `lingerMs` travels together,
 * at most `maxTexts` a call and `maxCalls` calls at a time, in fair turn where more wait. Each document gets its vectors, or its own error.
 *
 * An outage is waited for here, without limit and without a place at the embedder: the documents stay in work, and
 * nothing that is already embedded is paid for again. A call that is refused, or fails while the embedder answers the
 * control question, is halved until the text that it is about stands alone: its document gets the error. A refusal that
 * the control question meets as well is the embedder's own fault, and is waited for like an outage.
 */
export interface EmbedStep {
	/** One vector a text, in order. Rejects with the error of a refused text, `replaced`, or the signal's reason. */
	embed(texts: readonly string[], owner: TextOwner): Promise<Float32Array[]>;
	/** A newer change of the job's document has come: it waits for the embedder no longer. */
	replace(jobId: string): void;
}

/** What a document is rejected with whose newer change has come. */
export const replaced = new Error('a newer change of the document has come');

interface EmbedDeps extends Pick<StepDeps, 'breaker' | 'clock' | 'signal' | 'random' | 'weightOf'> {
	readonly embedder: Embedder;
	readonly lingerMs: number;
	readonly maxTexts: number;
	readonly maxCalls: number;
	readonly blame: Blame;
	readonly notes: JobNotes;
	readonly fault: PeerFault;
}

interface EmbedState {
	readonly queue: EmbedQueue;
	/** All that are not answered. */
	readonly sets: Set<TextSet>;
	isLingering: boolean;
}

export function createEmbedStep(deps: EmbedDeps): EmbedStep {
	const state: EmbedState = { queue: createEmbedQueue(deps), sets: new Set(), isLingering: false };
	return {
		embed: (texts, owner) => embed(texts, owner, state, deps),
		replace(jobId) {
			deps.notes.replaced(jobId);
			for (const set of state.sets) if (set.owner.jobId === jobId && set.hasWaited) set.fail(replaced);
		},
	};
}

async function embed(
	texts: readonly string[],
	owner: TextOwner,
	state: EmbedState,
	deps: EmbedDeps,
): Promise<Float32Array[]> {
	if (texts.length === 0) return [];
	const set = createTextSet(texts, owner);
	state.sets.add(set);
	state.queue.push(set);
	pump(false, state, deps);
	if (!state.isLingering && state.queue.hasFresh()) {
		state.isLingering = true;
		deps.clock.after(deps.lingerMs, () => {
			state.isLingering = false;
			pump(true, state, deps);
		});
	}
	try {
		return await set.vectors;
	} finally {
		state.sets.delete(set);
		if (owner.jobId !== undefined) deps.notes.goesOn(owner.jobId);
	}
}

/** `isDue`: what is not enough for a full call has waited long enough. */
function pump(isDue: boolean, state: EmbedState, deps: EmbedDeps): void {
	for (let call = state.queue.begin(isDue); call !== null; call = state.queue.begin(isDue)) {
		const begun = call;
		void process(begun, state, deps).finally(() => {
			state.queue.end(begun);
			pump(true, state, deps);
		});
	}
}

async function process(call: EmbedCall, state: EmbedState, deps: EmbedDeps): Promise<void> {
	const { embedder, breaker, blame, fault, signal } = deps;
	const texts = call.requests.map(({ text }) => text);
	try {
		const vectors = await breaker.run((inner) => embedder.embed(texts, inner), signal);
		if (vectors.length < texts.length) throw new Error('the embedder answered fewer vectors than texts');
		blame.served();
		fault.over();
		for (const [index, request] of call.requests.entries()) {
			const vector = vectors[index];
			if (vector !== undefined) request.set.take(request.index, vector);
		}
	} catch (error) {
		if (signal.aborted) return refuse(call, signal.reason);
		afterFailure(call, await judged(error, call, deps), state, deps);
	}
}

/** A refusal is the text's only where the embedder takes other texts. */
async function judged(error: unknown, call: EmbedCall, { breaker }: EmbedDeps): Promise<unknown> {
	if (!isRefusal(error)) return error;
	// Others of the call that it is a part of were taken.
	const control = call.isSuspect && call.requests.length > 1 ? null : await breaker.control();
	if (isRefusal(control)) {
		if (error.code === 'embedder_mismatch') return error;
		const { peerStatus } = error;
		return new DocDropError('embedder_mismatch', `${error.message}; it takes no other text either`, {
			cause: error,
			...(peerStatus !== undefined && { peerStatus }),
		});
	}
	if (control !== null) return control;
	return new DocDropError('embedder_rejected', error.message, { cause: error });
}

const isRefusal = (error: unknown): error is DocDropError =>
	isDocDropError(error) && (error.code === 'embedder_rejected' || error.code === 'embedder_mismatch');

function afterFailure(call: EmbedCall, error: unknown, state: EmbedState, deps: EmbedDeps): void {
	const { random } = deps;
	const { requests, previousMs } = call;
	// Whether a document is tried again is decided where its attempts are known, by the worker.
	const context = { attempts: 0, maxAttempts: 1, othersServed: true, previousMs, random };
	const next = decide(error, { documents: requests.length, ...context });
	if (next.kind === 'wait') void rest(call, error, next.afterMs, state, deps);
	else if (next.kind === 'split') state.queue.pushHalves(call);
	else refuse(call, error);
}

/** Out of the way of others, until it is tried again. */
async function rest(
	call: EmbedCall,
	error: unknown,
	afterMs: number,
	state: EmbedState,
	deps: EmbedDeps,
): Promise<void> {
	const { clock, notes, fault, signal } = deps;
	fault.noted(error);
	const sets = new Set(call.requests.map(({ set }) => set));
	for (const set of sets) {
		const { jobId } = set.owner;
		set.hasWaited = true;
		if (jobId === undefined) continue;
		if (notes.isReplaced(jobId)) set.fail(replaced);
		else notes.waits(jobId, error);
	}
	try {
		await clock.sleep(afterMs, signal);
	} catch (reason) {
		return refuse(call, reason);
	}
	state.queue.pushAgain({ ...call, previousMs: afterMs });
	pump(true, state, deps);
}

function refuse({ requests }: EmbedCall, error: unknown): void {
	for (const { set } of requests) set.fail(error);
}
