import type { Breaker } from '../../api/pipeline/faults/breaker.ts';

/** Lets every call through at once, and only once: what a breaker does has tests of its own. */
export const noBreaker: Breaker = {
	async run(fn, signal) {
		signal?.throwIfAborted();
		return fn(signal ?? new AbortController().signal);
	},
	control: async () => null,
	learn() {},
	state: () => 'closed',
	nextProbeAt: () => null,
	attempts: () => ({ total: 0, whileOpen: 0 }),
};
